"""A process that dies with the one that started it, also when that one is killed."""

import ctypes
import os
import signal
import sys
from typing import NoReturn

PR_SET_PDEATHSIG = 1


def die_with(parent: int) -> None:
    """Ask the kernel to kill this process when the thread that started it ends; `parent` is its process id.

    Only Linux has the request. Elsewhere an engine notices the end of its worker by the closed socket.
    """
    _ask_the_kernel()
    if os.getppid() != parent:  # it ended before the request was made
        end_group()


def die_with_group() -> None:
    """The same for a process that an engine starts: its parent is a member of its own process group."""
    _ask_the_kernel()
    try:
        orphaned = os.getpgid(os.getppid()) != os.getpgrp()
    except (ProcessLookupError, PermissionError):
        orphaned = True
    if orphaned:
        os.kill(os.getpid(), signal.SIGKILL)


def end_group() -> NoReturn:
    """Kill this process and, where it leads its process group, everything it has started."""
    if os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)
    os._exit(1)  # not reached; it tells readers and type checkers so


def _ask_the_kernel() -> None:
    if sys.platform == "linux" and ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) was refused")
