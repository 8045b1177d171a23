"""`python -m workers.alive QUEUE`: status 0 when this machine's worker of the queue gave a sign of life lately.

The health check of a container: the host name is the container's own.
"""

import socket
import sys

from core.database import transaction
from core.queries import workers
from core.settings import settings

MISSED = 4  # signs that may be missing


def alive(queue: str) -> bool:
    """Whether a worker of the queue on this host was seen within a few beats. Raises Unavailable."""
    with transaction() as session:
        seen = workers.alive(session, within=MISSED * settings().beat_seconds)
    return any(worker.queue == queue and worker.info.get("host") == socket.gethostname() for worker in seen)


if __name__ == "__main__":
    sys.exit(0 if alive(sys.argv[1]) else 1)
