"""Whether a test may be skipped for want of what it needs."""

import os
import platform
import sys


def may_skip() -> bool:
    """True, but in CI on Linux x86-64, where everything can be had: there a test that lacks something fails."""
    everything = sys.platform == "linux" and platform.machine() in ("x86_64", "AMD64")
    return not (everything and os.environ.get("CI"))
