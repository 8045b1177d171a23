"""The training worker: one run at a time, each a process group of its own."""

import threading

import structlog

from core.database import transaction
from core.queries import shards
from core.states import Queue
from workers import advance, training
from workers.shared_device import SharedDevice

log = structlog.get_logger()


class TrainingDesk:
    """Drains the queue `train`."""

    model: str | None = None

    def __init__(self, owner: str, device: SharedDevice | None = None) -> None:
        self._owner = owner
        self._device = device or SharedDevice()

    def drain(self, stop: threading.Event) -> None:
        """Supervise trainings until nothing can be claimed, or `stop` is set."""
        while not stop.is_set():
            with transaction() as session:
                claim = shards.claim(session, queue=Queue.train, owner=self._owner)
            if claim is None:
                return
            training.train(claim, stop, self._device)
            advance.after(claim)

    def close(self) -> None:
        """Nothing stays loaded."""
