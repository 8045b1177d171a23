"""Loss and margin of every pair under the weights that become the tuned model: they show which rows may be bad."""

from functools import partial

from sqlalchemy.orm import Session

from core.database import transaction
from core.queries import pair_losses, runs
from trainer.attempt import Attempt
from trainer.reference import ROUND, Chunks, compute
from trainer.step import Stepper

Progress = dict[str, int]
Found = dict[str, tuple[float, float]]  # loss and margin by the pair's id


def note(attempt: Attempt, stepper: Stepper, chunks: Chunks, *, step: int) -> None:
    """Measure the pairs of both splits in one forward pass, and keep what comes out in the ledger. Raises LeaseLost.

    `step` is that of the weights. Progress stands in the run's facts, written with the rows it counts: another attempt
    goes on where this one was killed.
    """
    stride = ROUND * attempt.world.size
    begun = attempt.world.lead(lambda: _begin(attempt, chunks, step))
    for start in range(attempt.world.agree(begun or 0), chunks.number, stride):
        numbers = range(start, min(start + stride, chunks.number))
        found = compute(attempt.world, chunks, numbers, stepper.each)
        rows = _rows(chunks, numbers, found) if attempt.world.leads else []
        progress = {"step": step, "done": numbers.stop, "total": chunks.number}
        attempt.world.lead(partial(_store, attempt, rows, progress))


def _begin(attempt: Attempt, chunks: Chunks, step: int) -> int:
    """How many chunks are in the ledger already; what was cut otherwise, or is of other weights, is taken back."""
    with transaction() as session:
        known: Progress = runs.of_claim(session, attempt.record.claim).facts.get("pair_losses") or {}
    if known.get("step") == step and known.get("total") == chunks.number:
        return known["done"]

    def change(session: Session) -> None:
        pair_losses.forget(session, attempt.record.run_id)
        told = {"step": step, "done": 0, "total": chunks.number}
        runs.note(session, attempt.record.run_id, {"pair_losses": told})

    attempt.record.write(change)
    return 0


def _rows(chunks: Chunks, numbers: range, found: Found) -> list[dict[str, object]]:
    train = chunks.pairs.train
    return [
        {"pair_id": id, "split": "train" if spool is train else "validation", "loss": loss, "margin": margin}
        for number in numbers
        for spool, place in chunks.places(number)
        for id in spool.ids([place])
        for loss, margin in [found[id]]
    ]


def _store(attempt: Attempt, rows: list[dict[str, object]], progress: Progress) -> None:
    def change(session: Session) -> None:
        pair_losses.store(session, attempt.record.run_id, rows)
        runs.note(session, attempt.record.run_id, {"pair_losses": progress})

    attempt.record.write(change)
