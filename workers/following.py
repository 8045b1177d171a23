"""`python -m workers.following`: a machine that joins the trainings which another machine's worker supervises.

It claims nothing: it starts this machine's processes of the run in training, and ends them with that run's claim.
"""

import subprocess
import threading
from contextlib import suppress

import structlog

from core.configs.run import RunConfig
from core.database import transaction
from core.errors import LeaseLost, Unavailable
from core.ledger import Claim
from core.logs import configure
from core.queries import runs, shards
from core.states import Queue
from workers import training
from workers.engine.folder import model_folder
from workers.engine.launcher import launch
from workers.stopping import stop_on_signal

log = structlog.get_logger()


def follow(stop: threading.Event) -> None:
    """Join one training after another, each claim once, until `stop` is set."""
    joined = None
    while not stop.wait(training.LOOK_SECONDS):
        claim = _in_training()
        if claim is not None and claim.token != joined:
            joined = claim.token
            _accompany(claim, stop)


def _in_training() -> Claim | None:
    with suppress(Unavailable), transaction() as session:
        return shards.newest_held(session, Queue.train)
    return None


def _accompany(claim: Claim, stop: threading.Event) -> None:
    """This machine's processes of a run, for as long as its claim holds."""
    with transaction() as session:
        config = RunConfig.model_validate(runs.of_claim(session, claim).config)
    student = model_folder(str(config.student), param="student")
    process = launch(lambda: training.start_trainer(claim, student))
    log.info("joined a training", run=claim.run_id, token=claim.token)
    try:
        while process.poll() is None and not stop.is_set() and _held(claim):
            with suppress(subprocess.TimeoutExpired):
                process.wait(training.LOOK_SECONDS)
    finally:
        training.end_group(process)
    log.info("left a training", run=claim.run_id, status=process.returncode)


def _held(claim: Claim) -> bool:
    """A ledger that is away says nothing about the claim."""
    try:
        with suppress(Unavailable), transaction() as session:
            shards.held(session, claim.shard_id, claim.token)
    except LeaseLost:
        return False
    return True


def main() -> None:
    """Follow until SIGTERM or SIGINT."""
    configure()
    follow(stop_on_signal())


if __name__ == "__main__":
    main()
