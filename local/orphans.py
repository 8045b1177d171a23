"""Processes whose parent ended: with Linux's help they become ours, and are ended after a little patience."""

import os
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field

import psutil

from local.tie import PR_SET_CHILD_SUBREAPER, prctl

PAUSE = 1.0  # seconds between two looks


@dataclass
class Orphans:
    """Which strangers were seen, and when first."""

    seen: dict[int, float] = field(default_factory=dict)
    looked: float = 0.0

    def adopt(self) -> None:
        """From now on, descendants that lose their parent become our children."""
        prctl(PR_SET_CHILD_SUBREAPER, 1)

    def end(self, own: set[int], *, patience: float) -> None:
        """Kill and reap children that are not `own` and have been ours for `patience` seconds; 0 ends them at once."""
        now = time.monotonic()
        if sys.platform != "linux" or (patience and now - self.looked < PAUSE):
            return
        self.looked = now
        strangers = {process.pid: process for process in psutil.Process().children() if process.pid not in own}
        self.seen = {pid: self.seen.get(pid, now) for pid in strangers}
        for pid, process in strangers.items():
            if process.status() == psutil.STATUS_ZOMBIE or now - self.seen[pid] >= patience:
                _kill(process)
        if not patience and psutil.Process().children():
            self.end(own, patience=0.0)


def _kill(process: psutil.Process) -> None:
    with suppress(psutil.NoSuchProcess, ChildProcessError):
        process.kill()
        os.waitpid(process.pid, 0)
