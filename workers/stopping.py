"""How a process without Celery is told to stop."""

import signal
import threading


def stop_on_signal() -> threading.Event:
    """An event that SIGTERM or SIGINT sets; call it in the main thread."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop
