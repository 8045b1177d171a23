"""The Celery side of a worker: a task per queue that only wakes the looker."""

from threading import Event

from celery import Celery

from core.doorbell import LOOK, app
from core.states import Queue


def answering(queue: Queue, wake: Event) -> Celery:
    """The application with the queue's task registered: any message, whatever it carries, wakes the looker."""
    bell = app()

    def look(*_args: object, **_kwargs: object) -> None:
        wake.set()

    bell.task(look, name=f"{LOOK}.{queue}", ignore_result=True)
    return bell
