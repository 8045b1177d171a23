"""`make bench`: every benchmark there is, one after the other; each prints its table and writes its rows."""

import subprocess
import sys

BENCHMARKS = ("bench.ledger", "bench.generation", "bench.trainer")


def main() -> int:
    """The number of benchmarks that failed."""
    failed = 0
    for name in BENCHMARKS:
        print(f"== {name}", flush=True)
        failed += subprocess.run([sys.executable, "-m", name], check=False).returncode != 0
    return failed


if __name__ == "__main__":
    sys.exit(main())
