"""A crew of processes: shown, started again when they end, stopped together with everything they started."""

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from local import child
from local.console import Lines, Screen
from local.orphans import Orphans
from local.services import Service

STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
FIRST_PAUSE = 0.5  # seconds before a process that ended is started again; doubles each time
LONGEST_PAUSE = 30.0
STEADY = 60.0  # seconds of life after which a process counts as healthy again
TICK = 0.1
GRACE = 6.0  # seconds the services have to end by themselves, all together
SERVER_GRACE = 1.5  # and then each server


@dataclass
class Member:
    """One process, in its present life or between two."""

    service: Service
    ending: child.Ending = child.SERVICE
    log: Path | None = None  # where its lines go instead of the screen
    process: subprocess.Popen[bytes] | None = None
    born: float = 0.0
    failures: int = 0
    due: float = 0.0


@dataclass
class Crew:
    """Used as a context: at its end nothing of the crew is left. Call it from the main thread only.

    The kernel's parent-death signal belongs to the thread that started a child.
    """

    screen: Screen
    environment: Mapping[str, str]
    members: list[Member] = field(default_factory=list)
    stopping: bool = False
    _selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)
    _orphans: Orphans = field(default_factory=Orphans)

    def __enter__(self) -> Self:
        self._orphans.adopt()
        for number in STOPS:
            signal.signal(number, self._asked)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number in STOPS:
            signal.signal(number, signal.SIG_IGN)
        self._stop()
        self._selector.close()
        for number in STOPS:
            signal.signal(number, signal.SIG_DFL)

    def add(self, member: Member) -> None:
        """Start a process and keep it running."""
        self.members.append(member)
        self._start(member)

    def until(self, done: Callable[[], bool], *, seconds: float | None = None) -> bool:
        """Keep the crew running until `done()`, a signal, or the time is up; whether it was `done`."""
        deadline = None if seconds is None else time.monotonic() + seconds
        while not self.stopping:
            if done():
                return True
            if deadline is not None and time.monotonic() > deadline:
                return False
            self._turn()
        return False

    def say(self, line: str) -> None:
        """A line of the launcher itself."""
        self.screen.say("burnish", "bold", line)

    def _asked(self, number: int, frame: object) -> None:
        self.stopping = True

    def _start(self, member: Member) -> None:
        with ExitStack() as stack:
            output = stack.enter_context(member.log.open("ab")) if member.log else subprocess.PIPE
            member.process = child.start(
                member.service.command, member.ending, environment=self.environment, output=output
            )
        member.born = time.monotonic()
        if member.process.stdout is not None:
            pipe = member.process.stdout.fileno()
            os.set_blocking(pipe, False)
            self._selector.register(member.process.stdout, selectors.EVENT_READ, (member, Lines(pipe)))

    def _turn(self) -> None:
        self._show(TICK)
        for member in self.members:
            if member.process is None:
                if time.monotonic() >= member.due:
                    self._start(member)
            elif member.process.poll() is not None:
                self._ended(member, member.process)
        self._orphans.end(self._pids(), patience=GRACE)

    def _show(self, seconds: float) -> None:
        """Print what arrived; without pipes it only waits."""
        if not self._selector.get_map():
            time.sleep(seconds)
            return
        for key, _ in self._selector.select(seconds):
            member, lines = key.data
            fresh = lines.read()
            if fresh is None:
                self._selector.unregister(key.fileobj)
                key.fileobj.close()  # type: ignore[union-attr]  # only pipes are registered
            for line in fresh or ():
                self.screen.say(member.service.name, member.service.colour, line)

    def _ended(self, member: Member, process: subprocess.Popen[bytes]) -> None:
        child.signal_group(process, signal.SIGKILL)
        now = time.monotonic()
        member.failures = 1 if now - member.born > STEADY else member.failures + 1
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (member.failures - 1))
        member.process, member.due = None, now + pause
        self.say(f"{member.service.name} ended with status {process.returncode}; it starts again in {pause:g} s")

    def _pids(self) -> set[int]:
        return {member.process.pid for member in self.members if member.process is not None}

    def _stop(self) -> None:
        """Services first and together, then the servers they need, newest first, then whatever is left of anyone."""
        self._stop_together([member for member in self.members if member.log is None], GRACE)
        for member in reversed(self.members):
            if member.log is not None:
                self._stop_together([member], SERVER_GRACE)
        self._orphans.end(set(), patience=0.0)

    def _stop_together(self, members: list[Member], seconds: float) -> None:
        living = [(member, member.process) for member in members if member.process is not None]
        for member, process in living:
            if process.poll() is None:
                process.send_signal(member.ending.ask)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and any(process.poll() is None for _, process in living):
            self._show(TICK)
        for member, process in living:
            child.stop(process, member.ending, seconds=0)
            member.process = None
