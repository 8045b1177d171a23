"""How the pairs change with the teacher's temperature: `python -m bench.claims.temperatures` prints a table.

The hot teacher's temperature is chosen by it: where most pairs are labelled wrong. The seed is none that claims are
measured with.
"""

import argparse

from bench.claims.pool import on_one_core
from bench.claims.recipe import scaled
from bench.claims.world import made

SEED = 1000


def main() -> None:
    """A line for each temperature."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--temperatures", nargs="+", type=float, default=[0.7, 1.0, 1.3, 1.6, 2.0])
    parser.add_argument("--prompts", type=int, default=300)
    options = parser.parse_args()
    on_one_core()
    for temperature in options.temperatures:
        facts = scaled(made("critique", SEED, prompts=options.prompts, temperature=temperature)).facts()
        print(f"{temperature:.1f}", "  ".join(f"{name} {value:.3f}" for name, value in facts.items()), flush=True)


if __name__ == "__main__":
    main()
