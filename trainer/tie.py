"""Ties a process to the one that started it."""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
LOST = 4


def die_with_parent() -> None:
    """Have the kernel kill this process when its parent ends, so that none outlives its supervisor."""
    parent = os.getppid()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it ended before we asked
            sys.exit(LOST)
