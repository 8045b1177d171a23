"""The way to one place: a queue in front of a thread in front of a process. Whoever puts something in never waits."""

import json
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from queue import SimpleQueue
from typing import IO, Any, Literal

from core.settings import ROOT, child_environment, settings
from trainer.reporting.places import Place
from trainer.reporting.reporter import Ending, Opening, Row

MOST = 1000  # rows that wait for a place; further ones are dropped and counted
KILLED_SECONDS = 5.0  # in which the thread notices that its process was killed

News = tuple[Literal["info", "warn"], str]


@dataclass
class Channel:
    """One place that a run is reported to. Counts rows that were put in, and those that the place does not have."""

    place: Place
    process: "subprocess.Popen[str] | None"
    waiting: "SimpleQueue[dict[str, Any] | None]" = field(default_factory=SimpleQueue)
    news: deque[News] = field(default_factory=deque)
    rows: int = 0
    dropped: int = 0  # by who puts in
    taken: int = 0
    lost: int = 0  # by the thread
    opened: bool = False
    given_up: bool = False
    said: set[str] = field(default_factory=set)
    thread: threading.Thread = field(init=False)

    def __post_init__(self) -> None:
        self.thread = threading.Thread(target=self._serve, name=f"report to {self.place.package}", daemon=True)

    def put(self, row: Row) -> None:
        """Have a row told, or drop it when too many wait already."""
        self.rows += 1
        if self.waiting.qsize() < MOST:
            self.waiting.put(asdict(row))
            return
        self.dropped += 1
        self.warn("does not keep up: reports that find no room are dropped. The training goes on.")

    def end(self, ending: Ending) -> None:
        """No more rows come. Does not wait."""
        self.waiting.put({"ending": ending})
        self.waiting.put(None)

    def close(self, deadline: float) -> None:
        """Wait for the place until `deadline` (monotonic), and no longer."""
        self.thread.join(max(0.0, deadline - time.monotonic()))
        if self.thread.is_alive() and self.process is not None:
            self.given_up = True
            self.process.kill()
            self.warn("did not take everything in time; it is waited for no longer.")
            self.thread.join(KILLED_SECONDS)
        if missing := self.dropped + self.lost:
            self.warn(f"lacks {missing} of {self.rows} reports.")

    def _serve(self) -> None:
        """The thread: pass on what waits, in its order, one after the other is answered."""
        for line in iter(self.waiting.get, None):
            answer = self._ask(line)
            if "run" in line:
                self._tell_opened(answer)
            elif answer is None or not answer["taken"]:
                self._tell_lost(line, answer)
            else:
                self.taken += "ending" not in line
        if self.process is not None:
            with suppress(OSError):  # it may have ended with something unread
                _pipe(self.process.stdin).close()
            self.process.wait()
            _pipe(self.process.stdout).close()

    def _ask(self, line: Mapping[str, Any]) -> dict[str, Any] | None:
        """What the process answers; None when it has ended, or is killed."""
        if self.process is None:
            return None
        try:
            _pipe(self.process.stdin).write(json.dumps(line) + "\n")
            _pipe(self.process.stdin).flush()
        except OSError:
            return None
        answered = _pipe(self.process.stdout).readline()
        found: dict[str, Any] | None = json.loads(answered) if answered.endswith("\n") else None
        return found

    def _tell_opened(self, answer: dict[str, Any] | None) -> None:
        self.opened = bool(answer and answer["taken"])
        if self.opened and answer:
            self.news.append(("info", f"Reported to {self.place.title}: {answer['where']}."))
        elif self.process is not None and not self.given_up:
            self.warn("cannot be reported to; the trainer's log says why. The training goes on.")

    def _tell_lost(self, line: Mapping[str, Any], answer: dict[str, Any] | None) -> None:
        if self.opened and not self.given_up:
            ended = " any more" if answer is None else ""
            self.warn(f"does not take reports{ended}; the trainer's log says why. The training goes on.")
        self.lost += "ending" not in line

    def warn(self, message: str) -> None:
        """Have something told that the user should know, once."""
        if message not in self.said:
            self.said.add(message)
            self.news.append(("warn", f"{self.place.title} {message}"))


def open_channel(place: Place, opening: Opening, *, lack: str | None = None) -> Channel:
    """Start telling a place of a run. Where something is lacking, that is the news, and nothing is started."""
    channel = Channel(place, None if lack else _start(place))
    if lack:
        channel.warn(f"cannot be reported to: {lack}. The training goes on.")
    channel.waiting.put(asdict(opening))
    channel.thread.start()
    return channel


def _start(place: Place) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", place.module],
        cwd=ROOT,
        env=child_environment({**place.environment, **place.secrets()}, data_dir=settings().data_dir.resolve()),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def _pipe(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None  # asked for when the process was started
    return pipe
