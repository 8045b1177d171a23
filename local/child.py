"""One child process: started in a group of its own, tied to this process, stopped with everything in its group."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol


@dataclass(frozen=True)
class Ending:
    """How a child ends: the signal that asks it to, the one the kernel sends when we die, and the account it has."""

    ask: signal.Signals = signal.SIGTERM
    orphaned: signal.Signals = signal.SIGKILL
    user: str | None = None


SERVICE = Ending()


class Server(Protocol):
    """An embedded server."""

    @property
    def ending(self) -> Ending:
        """How it is stopped."""
        ...

    def command(self) -> list[str]:
        """What to run."""
        ...

    def ready(self) -> bool:
        """Whether it answers."""
        ...


class NotReady(RuntimeError):
    """A child ended, or did not answer in time."""


def start(
    command: Sequence[str],
    ending: Ending = SERVICE,
    *,
    environment: Mapping[str, str] | None = None,
    output: int | IO[bytes] | None = None,
) -> subprocess.Popen[bytes]:
    """Start a command in a new session; `output` takes both of its streams."""
    tie = [sys.executable, "-m", "local.tie", str(os.getpid()), str(int(ending.orphaned)), ending.user or "-"]
    return subprocess.Popen(
        [*tie, *command],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT if output is not None else None,
        start_new_session=True,
    )


def wait_ready(child: subprocess.Popen[bytes], server: Server, *, seconds: float = 30.0) -> None:
    """Return when the server answers; raises `NotReady` when the child ends first or the time is up."""
    deadline = time.monotonic() + seconds
    while not server.ready():
        if child.poll() is not None:
            raise NotReady(f"{server.command()[0]} ended with status {child.returncode} before it answered")
        if time.monotonic() > deadline:
            raise NotReady(f"{server.command()[0]} did not answer within {seconds:.0f} s")
        time.sleep(0.05)


def signal_group(child: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Signal every process of the child's group that is still there."""
    with suppress(ProcessLookupError):
        os.killpg(child.pid, number)


def stop(child: subprocess.Popen[bytes], ending: Ending = SERVICE, *, seconds: float = 5.0) -> None:
    """Ask the child to end, kill its whole group when it does not, and reap it."""
    if child.poll() is None:
        child.send_signal(ending.ask)
    with suppress(subprocess.TimeoutExpired):
        child.wait(seconds)
    signal_group(child, signal.SIGKILL)
    child.wait()


@contextmanager
def running(server: Server, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The server, started and answering, its output in `log`; stopped at the end of the block."""
    with log.open("ab") as output:
        process = start(server.command(), server.ending, output=output)
    try:
        wait_ready(process, server)
        yield process
    finally:
        stop(process, server.ending)
