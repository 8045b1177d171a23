"""A worker's moves on the ledger one at a time, so that a test can stop between any two of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from core.configs.filters import FilterConfig
from core.database import transaction
from core.ids import new_id
from core.ledger import Claim
from core.queries import pairs, pipeline, scores, shards, verdicts
from core.states import Queue, Stage
from workers.plan import plan

Row = dict[str, Any]
Store = Callable[[Session, Sequence[Row]], None]
FILTERS = FilterConfig()


@dataclass
class Hand:
    """A claim, the rows its holder has made but not written yet, and how they are written."""

    claim: Claim
    rows: list[Row]
    store: Store
    written: list[Row] = field(default_factory=list)

    def write(self, number: int) -> None:
        """Write the next rows. Raises LeaseLost."""
        batch = self.rows[:number]
        with transaction() as session:
            self.store(session, batch)
        self.rows, self.written = self.rows[number:], batch

    def write_again(self) -> None:
        """Write the last rows once more, as after a COMMIT of unknown fate. Raises LeaseLost."""
        with transaction() as session:
            self.store(session, self.written)

    def finish(self) -> None:
        """Say that the shard is done. Raises LeaseLost."""
        with transaction() as session:
            pipeline.finish(session, self.claim)


def take(queue: Queue, *, fail_each: int = 0) -> Hand | None:
    """Claim a shard and make its rows; every `fail_each`-th chain fails."""
    with transaction() as session:
        claim = shards.claim(session, queue=queue, owner=new_id("wrk"))
        return None if claim is None else _hand(session, claim, fail_each)


def _hand(session: Session, claim: Claim, fail_each: int) -> Hand:
    if claim.stage == Stage.generate:
        work = plan(session, claim)
        made = [_chain(make, number, fail_each) for number, make in enumerate(work.make, 1)]
        return Hand(claim, made, work.store)
    if claim.stage == Stage.score:
        return Hand(claim, [{"chain_id": row.chain_id} for row in scores.waiting(session, claim)], _scores(claim))
    return Hand(claim, [_pair(row, claim) for row in pairs.waiting(session, claim)], _pairs(claim))


def _chain(make: Any, number: int, fail_each: int) -> Row:
    """The row a chain runner would give for the plan's ask."""
    (ask,) = make.__defaults__
    failed = bool(fail_each) and number % fail_each == 0
    return {
        "prompt_id": ask.prompt_id, "sample": ask.sample, "state": "failed" if failed else "done",
        "failure_turn": "draft" if failed else None, "failure_reason": "truncated" if failed else None,
        "draft": "a", "critique": "b", "revision": None if failed else "c", "engine": "transformers",
        "model_fingerprint": "f", "template_hash": "t", "seed": ask.seed, "seconds": 0.0,
    }  # fmt: skip


def _scores(claim: Claim) -> Store:
    def store(session: Session, rows: Sequence[Row]) -> None:
        both = [
            row | {"answer": answer, "scorer": claim.model, "fingerprint": "f", "value": value}
            for row in rows
            for answer, value in (("draft", 0.0), ("revision", 1.0))
        ]
        shards.guard(session, claim, completed=len(scores.store(session, both)))

    return store


def _pair(row: Any, claim: Claim) -> Row:
    return {
        "id": new_id("pair"), "dataset_id": claim.dataset_id, "prompt_id": row.prompt_id, "chain_id": row.chain_id,
        "split": row.split, "chosen": row.revision, "rejected": row.draft, "scorer": claim.model,
        "score_chosen": row.score_revision, "score_rejected": row.score_draft, "verdict": "kept", "reason": None,
    }  # fmt: skip


def _pairs(claim: Claim) -> Store:
    def store(session: Session, rows: Sequence[Row]) -> None:
        verdicts.write(session, claim, rows)

    return store
