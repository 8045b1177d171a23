"""`python -m tiny`: rebuild the miniature world from its seeds, one part of it, or only measure what is shipped."""

import argparse

from tiny.architecture import FOLDER
from tiny.build import PARTS, SEED, build
from tiny.measure import measure


def main() -> None:
    """Read the command line and do it."""
    parser = argparse.ArgumentParser(prog="python -m tiny", description=__doc__)
    parser.add_argument("--only", choices=PARTS, action="append", help="build this part; may be given more than once")
    parser.add_argument("--measure", action="store_true", help="measure the shipped models and change nothing")
    parser.add_argument("--samples", type=int, default=200, help="requests of each behavior and kind to measure with")
    parser.add_argument("--threads", type=int, default=2, help="cores to train on")
    arguments = parser.parse_args()
    if not arguments.measure:
        build(arguments.only or list(PARTS), threads=arguments.threads)
        return
    for name, rate in measure(FOLDER, n=arguments.samples, seed=SEED + 1).items():
        low, high = rate.interval()
        print(f"{name:48s} {rate.value:.3f}  [{low:.3f}, {high:.3f}]  n {rate.n}")


if __name__ == "__main__":
    main()
