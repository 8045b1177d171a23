"""The worker processes of a fault test: started, stopped, killed, and asked what became of them."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from core.settings import ROOT, child_environment
from tests.factories import scene

Answer = TypeVar("Answer")
PATIENCE = 60.0  # seconds after which something that should happen counts as never happening


class Nursery:
    """Speaks to `tests.faults.nursery`."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.nursery"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, request: dict[str, Any]) -> Any:
        """Send one request and read its answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def close(self) -> None:
        """Kill every process that is left."""
        self._process.communicate()


@dataclass
class Worker:
    """One process and its group."""

    nursery: Nursery
    pid: int
    log: Path
    status: int | None = None

    def signal(self, number: signal.Signals) -> None:
        """Signal the whole group."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    def wait(self, seconds: float = PATIENCE) -> int | None:
        """Its exit status, negative for the signal that killed it; None while it lives."""
        if self.status is None:
            self.status = self.nursery.ask({"pid": self.pid, "seconds": seconds})
        return self.status

    def kill(self) -> None:
        """kill -9, proved."""
        self.signal(signal.SIGKILL)
        assert self.wait() == -signal.SIGKILL

    def said(self, words: str) -> Callable[[], bool]:
        """Whether its log holds these words."""
        return lambda: words in self.log.read_text()


@dataclass
class Crew:
    """The processes of one test, and the settings they run with."""

    nursery: Nursery
    folder: Path
    workers: list[Worker]

    def start(self, entry: str, *arguments: str, **settings: object) -> Worker:
        """Start `worker`, `victim` or `sweep`; `settings` are changed for it alone."""
        log = self.folder / f"{len(self.workers)}-{entry}.log"
        environment = {
            name: value for name, value in child_environment(**settings).items() if name.startswith("BURNISH_")
        }
        request = {"entry": entry, "arguments": arguments, "environment": environment, "log": str(log)}
        log.touch()
        worker = Worker(self.nursery, self.nursery.ask(request), log)
        self.workers.append(worker)
        return worker

    def hands(self) -> None:
        """Healthy workers for what is left, and the sweep."""
        self.start("victim", "generate")
        self.start("victim", "score")
        self.start("sweep")

    def close(self) -> None:
        """Kill what is left."""
        for worker in self.workers:
            worker.signal(signal.SIGKILL)
        for worker in self.workers:
            worker.wait()

    def until(self, question: Callable[[], Answer], seconds: float = PATIENCE) -> Answer:
        """Wait until the question is answered by something true, and return it; else show what everybody said."""
        deadline = time.monotonic() + seconds
        while not (answer := question()):
            if time.monotonic() > deadline:
                said = "\n".join(f"{w.log.name} {w.status}\n{w.log.read_text()[-3000:]}" for w in self.workers)
                shards = scene.rows("SELECT id, stage, state, attempts, completed, failed, total, error FROM shard")
                raise AssertionError(f"It never came.\n{shards}\n{said}")
            time.sleep(0.02)
        return answer


def leases_run_out() -> int:
    """Every lease ended a second ago; returns how many were held."""
    return scene.change(
        "UPDATE shard SET lease_expires_at = clock_timestamp() - interval '1 s' WHERE state = 'running'"
    )
