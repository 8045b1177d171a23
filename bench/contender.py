"""A side of a comparison in a process of its own: told what to make in a line of JSON, it answers with one."""

import json
import os
import select
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from bench.cpu import tree_seconds
from bench.endpoint import Endpoint
from bench.window import Window
from core.settings import ROOT

LOOK_SECONDS = 0.05
LOGS = ROOT / ".bench"
Asked = Mapping[str, Any]


@dataclass(frozen=True)
class Side:
    """How a side is started, and how one sees what it has made.

    `others` are processes that work for it and for nobody else meanwhile: they are charged to it. `durable` says
    whether a first pair is stored, `ended` when the last one was.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    durable: Callable[[Asked], bool]
    ended: Callable[[Asked, dict[str, Any]], float]
    others: Sequence[int] = ()


@dataclass(frozen=True)
class Made:
    """What a side made: its pairs, those it made twice, the window from its first request on, its first durable pair.

    The window begins with the first request, so start-up stands apart, and ends when the last pair is durable.
    """

    pairs: list[list[str] | None]
    doubled: int
    window: Window
    first_pair: float  # seconds after the first request


class Contender:
    """One side's process. Use it as a context manager."""

    def __init__(self, side: Side) -> None:
        self._side = side
        LOGS.mkdir(exist_ok=True)
        with (LOGS / f"{side.name}.log").open("ab") as log:
            self._process = subprocess.Popen(
                side.command,
                cwd=ROOT,
                env=side.environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End it and everything it has started, at once."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def begin(self, asked: Asked) -> None:
        """Tell it what to make."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(asked).encode() + b"\n")
        self._process.stdin.flush()

    def answers(self, seconds: float) -> bool:
        """Whether it is done within so many seconds, or ended without an answer."""
        assert self._process.stdout is not None
        return bool(select.select([self._process.stdout], [], [], seconds)[0])

    def answer(self) -> dict[str, Any]:
        """Wait until it is done. Raises SystemExit when it ended without an answer."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"{self._side.name} ended without an answer; see {LOGS / self._side.name}.log.")
        found: dict[str, Any] = json.loads(line)
        return found

    def make(self, asked: Asked, endpoint: Endpoint) -> Made:
        """Make one dataset and measure it."""
        endpoint.forget()
        pids = (self._process.pid, *self._side.others)
        with Sampler(lambda: tree_seconds(*pids), lambda: self._side.durable(asked)) as sampler:
            self.begin(asked)
            said = self.answer()
        begun, ended = float(endpoint.told()["first"]), self._side.ended(asked, said)
        window = Window(len(said["pairs"]), ended - begun, sampler.cpu_at(ended) - sampler.cpu_at(begun))
        return Made(said["pairs"], said["doubled"], window, sampler.first - begun)


class Sampler:
    """Looks at the CPU-seconds of a side, and whether a pair of it is durable, while it works."""

    def __init__(self, cpu: Callable[[], float], durable: Callable[[], bool]) -> None:
        self._cpu = cpu
        self._durable = durable
        self._samples: list[tuple[float, float]] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sampler", daemon=True)
        self.first = float("nan")  # when a durable pair was seen first

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stop.set()
        self._thread.join()

    def cpu_at(self, moment: float) -> float:
        """CPU-seconds at the look that is nearest to a moment."""
        return min(self._samples, key=lambda sample: abs(sample[0] - moment))[1]

    def _run(self) -> None:
        ended = seen = False
        while not ended:
            ended = self._stop.wait(LOOK_SECONDS)  # the last look comes after the end
            self._samples.append((time.time(), self._cpu()))
            if not seen and self._durable():
                seen, self.first = True, time.time()
