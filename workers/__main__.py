"""`python -m workers generate|score|train`: a Celery worker that listens for its doorbell and works from the ledger."""

import argparse
import gc
import sys

from celery.worker import state

from core.logs import configure
from core.settings import settings
from core.states import Queue
from workers.app import answering
from workers.looker import Looker

BROKEN = 70  # exit status of a worker that nobody asked to end


def main() -> None:
    """Run one worker until SIGTERM or SIGINT; then it gives back what it holds.

    Celery also ends by itself, as on a message that it cannot read: the status says so, and the supervisor starts anew.
    """
    parser = argparse.ArgumentParser(prog="python -m workers", description=__doc__)
    parser.add_argument("queue", choices=[str(queue) for queue in Queue])
    queue = Queue(parser.parse_args().queue)
    configure()
    gc.freeze()  # what was imported stays; to look through it again and again would halt all chains each time
    looker = Looker(queue)
    looker.start()
    options = ["--pool", "solo", "--without-gossip", "--without-mingle", "--without-heartbeat"]
    try:
        answering(queue, looker.wake).worker_main(
            ["--quiet", "worker", "--queues", str(queue), "--loglevel", settings().log_level, *options]
        )
    finally:
        looker.stop()
    if state.should_stop is None and state.should_terminate is None:
        sys.exit(BROKEN)


if __name__ == "__main__":
    main()
