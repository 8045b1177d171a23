"""`python -m trainer --run <id> --shard <n> --token <n> --student <folder>`: trains a run under a claim.

Exit status: 0 the tuned model (of a dry run, its report) is written, 3 paused (or, after SIGTERM, left with a
checkpoint), 4 the claim is lost (or the run cancelled), 5 paused because the disk is full, 6 the run cannot succeed
(the ledger says why), anything else a crash that another attempt may mend.
"""

import argparse
import signal
import sys
from pathlib import Path
from threading import Event

from transformers.utils import logging as transformers_logging

from core.database import transaction
from core.errors import BadInput, BurnishError, DiskFull, LeaseLost
from core.logs import configure
from core.queries import runs, shards
from core.states import RunState
from trainer.attempt import Attempt
from trainer.preflight.look import look
from trainer.record import Record
from trainer.run import run
from trainer.tie import LOST, die_with_parent
from trainer.world import join, leave

DONE, PAUSED, DISK_FULL, HOPELESS = 0, 3, 5, 6


def main(arguments: list[str] | None = None) -> int:
    """Train, and return the exit status."""
    asked = _parser().parse_args(arguments)
    configure()
    leaving = Event()
    signal.signal(signal.SIGTERM, lambda *_: leaving.set())
    transformers_logging.disable_progress_bar()
    try:
        attempt = _attempt(asked)
    except LeaseLost:
        return LOST
    try:
        work = look if attempt.config.dry_run else run
        return DONE if work(attempt, leaving) else PAUSED
    except LeaseLost:
        return LOST
    except DiskFull as error:
        return _stop(attempt, RunState.paused, error, DISK_FULL)
    except BadInput as error:
        return _stop(attempt, RunState.failed, error, HOPELESS)
    finally:
        leave(attempt.world)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m trainer", description=__doc__)
    parser.add_argument("--run", required=True, help="id of the run")
    parser.add_argument("--shard", type=int, required=True, help="the training shard that is held")
    parser.add_argument("--token", type=int, required=True, help="the token it is held under")
    parser.add_argument("--student", type=Path, required=True, help="checked folder of the untuned model")
    parser.add_argument("--processes", type=int, default=1, help="processes of this run, on all machines")
    return parser


def _attempt(asked: argparse.Namespace) -> Attempt:
    """Raises LeaseLost when the claim is not held, or is about another run."""
    with transaction() as session:
        claim = shards.held(session, asked.shard, asked.token)
        if claim.run_id != asked.run:
            raise LeaseLost(f"Shard {asked.shard} does not belong to run {asked.run}.")
        config, threads = runs.frozen(session, asked.run), runs.of_claim(session, claim).facts.get("threads")
    return Attempt(config, asked.student, Record(claim), join(asked.processes), threads)


def _stop(attempt: Attempt, to: RunState, error: BurnishError, status: int) -> int:
    """Tell the ledger why the training ends here, and how much room it waits for."""
    if attempt.world.leads:
        reason = {}
        try:
            if isinstance(error, DiskFull):
                reason = {"pause_reason": "disk_full"}
                attempt.record.note({"room_wanted": error.needed})
            attempt.record.stop(to, error.message, **reason)
        except LeaseLost:
            return LOST
    return status


if __name__ == "__main__":
    die_with_parent()
    sys.exit(main())
