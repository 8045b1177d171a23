"""`make browser`: a Chromium for the dashboard's tests, fetched where none is there."""

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome")


def installed() -> str | None:
    """The path of a Chromium on this machine's PATH."""
    return next((path for path in map(shutil.which, NAMES) if path), None)


def fetch() -> bool:
    """Debian's package where we are root on Debian, Playwright's own download elsewhere; whether it worked."""
    if shutil.which("apt-get") and os.geteuid() == 0:
        return _run("apt-get", "-q", "update") and _run(
            "env", "DEBIAN_FRONTEND=noninteractive",
            "apt-get", "-q", "install", "-y", "--no-install-recommends", "chromium",
        )  # fmt: skip
    return _run(sys.executable, "-m", "playwright", "install", "chromium")


def _run(*command: str) -> bool:
    print(f"browser: {' '.join(command)}", flush=True)
    return subprocess.run(command, check=False).returncode == 0


def main() -> None:
    """Fetch a browser unless there is one; without one the tests say so themselves."""
    if installed() is None and not fetch():
        print(
            "browser: no Chromium could be fetched. Install one (the package is called chromium on most systems), "
            "or run `.venv/bin/playwright install chromium`; without it the browser tests are skipped, in CI they fail."
        )


if __name__ == "__main__":
    main()
