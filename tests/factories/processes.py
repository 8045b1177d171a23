"""Looking at processes: who lives in a group, and waiting until something is so."""

import os
import time
from collections.abc import Callable

import psutil


def group(leader: int) -> list[psutil.Process]:
    """The living members of a process group, by the id of its leader."""
    members = []
    for process in psutil.process_iter():
        try:
            if os.getpgid(process.pid) == leader and process.status() != psutil.STATUS_ZOMBIE:
                members.append(process)
        except (psutil.NoSuchProcess, ProcessLookupError):
            continue
    return members


def wait_until(true: Callable[[], bool], *, seconds: float) -> bool:
    """Look every 50 ms until it is true; False when the time is up."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True
