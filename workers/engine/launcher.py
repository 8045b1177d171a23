"""Starts child processes from one thread that lives as long as this process.

The kernel's death signal follows the thread that started a child, not its process: an engine started by a
short-lived thread would be killed with it.
"""

import queue
import subprocess
import threading
from collections.abc import Callable
from concurrent.futures import Future
from functools import cache

Start = Callable[[], "subprocess.Popen[bytes]"]
Wish = tuple[Start, "Future[subprocess.Popen[bytes]]"]


def launch(start: Start) -> "subprocess.Popen[bytes]":
    """Run `start` in the launching thread, and return or raise what it does."""
    started: Future[subprocess.Popen[bytes]] = Future()
    _wishes().put((start, started))
    return started.result()


@cache
def _wishes() -> "queue.SimpleQueue[Wish]":
    wishes: queue.SimpleQueue[Wish] = queue.SimpleQueue()
    threading.Thread(target=_serve, args=(wishes,), name="engine-launcher", daemon=True).start()
    return wishes


def _serve(wishes: "queue.SimpleQueue[Wish]") -> None:
    while True:
        start, started = wishes.get()
        try:
            started.set_result(start())
        except OSError as error:
            started.set_exception(error)
