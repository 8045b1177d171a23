"""Makes worker processes quickly: everything heavy is imported once, here, and each worker is a fork of this process.

Run as `python -m tests.faults.nursery`; it takes one JSON request a line and answers with one JSON line. When its input
ends it kills what is still alive.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from tests.faults import victim
from workers import __main__ as worker
from workers import sweep

Request = dict[str, Any]
ENTRIES: dict[str, Callable[[], None]] = {"worker": worker.main, "sweep": sweep.main, "victim": victim.main}
children: set[int] = set()


def start(request: Request) -> int:
    """Fork a process that leads a group of its own; its process id."""
    pid = os.fork()
    if pid == 0:
        become(request)
    children.add(pid)
    return pid


def become(request: Request) -> None:
    """Never returns."""
    status = 1
    try:
        os.setsid()
        log = os.open(request["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        for stream, source in ((0, os.open(os.devnull, os.O_RDONLY)), (1, log), (2, log)):
            os.dup2(source, stream)
        for name in [name for name in os.environ if name.startswith("BURNISH_")]:
            del os.environ[name]
        os.environ.update(request["environment"])
        sys.argv = [request["entry"], *request["arguments"]]
        ENTRIES[request["entry"]]()
        status = 0
    except SystemExit as error:
        status = error.code if isinstance(error.code, int) else int(error.code is not None)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def wait(request: Request) -> int | None:
    """Exit status in Python's convention (negative: the signal that killed it); None when the time is up."""
    deadline = time.monotonic() + request["seconds"]
    while True:
        pid, status = os.waitpid(request["pid"], os.WNOHANG)
        if pid:
            children.discard(pid)
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > deadline:
            return None
        time.sleep(0.01)


def main() -> None:
    """Serve until the input ends."""
    for line in sys.stdin:
        request = json.loads(line)
        answer = start(request) if "entry" in request else wait(request)
        print(json.dumps(answer), flush=True)
    for pid in children:
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)


if __name__ == "__main__":
    main()
