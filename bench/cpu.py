"""CPU-seconds of whole process trees: what a side costs, whichever of its processes pays."""

from contextlib import suppress

import psutil
from sqlalchemy import text

from core.database import transaction


def tree_seconds(*pids: int) -> float:
    """CPU-seconds so far of these processes, their children that live, and those that were waited for."""
    return sum(_own(process) for pid in pids for process in _tree(pid))


def postmaster() -> int:
    """The process id of the ledger's PostgreSQL, which runs on this machine."""
    with transaction() as session:
        backend = session.scalars(text("SELECT pg_backend_pid()")).one()
    parent = psutil.Process(backend).parent()
    assert parent is not None, "a backend is the postmaster's child"
    return parent.pid


def _tree(pid: int) -> list[psutil.Process]:
    root = psutil.Process(pid)
    return [root, *root.children(recursive=True)]


def _own(process: psutil.Process) -> float:
    with suppress(psutil.NoSuchProcess):  # it ended between the two looks
        times = process.cpu_times()
        return float(times.user + times.system + times.children_user + times.children_system)
    return 0.0
