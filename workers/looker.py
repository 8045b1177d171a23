"""The looker: a thread that drains the queue when it is woken, and every few seconds when it is not."""

import os
import socket
import threading
from typing import Protocol

import structlog

from core.configs.teacher import shown
from core.database import transaction
from core.errors import Unavailable
from core.ids import new_id
from core.queries import workers
from core.settings import settings
from core.states import Queue
from workers.generation import GeneratingDesk
from workers.lease import Beats
from workers.scoring import ScoringDesk
from workers.shared_device import SharedDevice
from workers.training_desk import TrainingDesk

log = structlog.get_logger()


class Desk(Protocol):
    """What a worker does when it looks."""

    @property
    def model(self) -> str | None: ...

    def drain(self, stop: threading.Event) -> None: ...

    def close(self) -> None: ...


def desk(queue: Queue, beats: Beats, owner: str, device: SharedDevice) -> Desk:
    """The desk of a queue."""
    if queue == Queue.generate:
        return GeneratingDesk(beats, owner, device)
    return ScoringDesk(beats, owner, device) if queue == Queue.score else TrainingDesk(owner, device)


class Looker:
    """Runs a desk in a thread of its own; the main thread belongs to Celery and to signals."""

    def __init__(self, queue: Queue) -> None:
        self.wake = threading.Event()
        self._queue = queue
        self._stop = threading.Event()
        self._owner = new_id("wrk")
        self._thread = threading.Thread(target=self._run, name="looker", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Finish what is being written, give the rest back, end the engine."""
        self._stop.set()
        self.wake.set()
        self._thread.join()

    def _run(self) -> None:
        with Beats() as beats:
            device = SharedDevice(settings().shared_device, wanted=self.wake.set)
            work = desk(self._queue, beats, self._owner, device)
            signs = threading.Thread(target=self._signs, args=(work, beats), name="signs", daemon=True)
            signs.start()
            try:
                while not self._stop.is_set():
                    self.wake.clear()
                    self._look(work)
                    log.debug("nothing to do; waits to be rung", queue=str(self._queue))
                    self.wake.wait(settings().poll_seconds)
            except BaseException:
                log.exception("worker failed")
                os._exit(70)  # the supervisor starts a fresh one; the sweep takes the shards back
            finally:
                work.close()

    def _look(self, work: Desk) -> None:
        try:
            work.drain(self._stop)
        except Unavailable as error:
            log.warning("database away", error=error.message)

    def _signs(self, work: Desk, beats: Beats) -> None:
        """Signs of life for the overview page."""
        while True:
            info = {
                "pid": os.getpid(),
                "host": socket.gethostname(),
                "model": shown(work.model),
                "shards": beats.held(),
            }
            try:
                with transaction() as session:
                    workers.seen(session, id=self._owner, queue=str(self._queue), info=info)
            except Unavailable:
                log.debug("sign of life not written")
            if self._stop.wait(settings().beat_seconds):
                return
