"""The filters over a whole dataset: every verdict again, then what rests on other pairs. Nothing is generated."""

from dataclasses import dataclass
from functools import partial

from sqlalchemy.orm import Session

from core.configs.filters import FilterConfig
from core.database import transaction
from core.queries import datasets, pairs, prompts, shards, verdicts
from core.queries.rows import AnyRow
from core.queries.verdicts import Judged
from workers.candidates import critiques, finish, unscored
from workers.duplicates import mark_duplicates
from workers.filters import verdict
from workers.filters.conversation import conversation
from workers.filters.held_out import HeldOut, held_out
from workers.filters.pair_text import PairText
from workers.lease import Lease
from workers.persist import persist

BATCH = 200  # pairs in one transaction


@dataclass(frozen=True)
class Place:
    """Where the pass over the pairs stands: behind which one, and how many have been looked at."""

    after: str = ""
    seen: int = 0


def sift(lease: Lease) -> None:
    """Run the filters in force over the claim's dataset. A person's verdict stays. Begun again, it ends the same."""
    id = lease.claim.dataset_id
    with transaction() as session:
        filters = datasets.filters(session, id)
        apart = held_out(prompts.evaluation_messages(session, id), filters.decontamination)
    place: Place | None = Place()
    while place is not None:
        place = persist(lease, partial(_batch, lease=lease, filters=filters, apart=apart, place=place))
        lease.moved()
    if filters.whole:
        lease.stall_seconds = float("inf")  # one transaction, whose progress nobody sees
        persist(lease, lambda session: _duplicates(session, lease, filters))
    persist(lease, lambda session: shards.count_all(session, lease.claim))


def _batch(session: Session, *, lease: Lease, filters: FilterConfig, apart: HeldOut, place: Place) -> Place | None:
    """The verdicts of the next pairs; returns the place behind them, None at the end.

    Where pairs are compared with each other afterwards, this pass is half of the work.
    """
    claim = lease.claim
    rows = pairs.unreviewed(session, claim.dataset_id, after=place.after, limit=BATCH)
    told = []
    for row in rows:
        reason = verdict(_text(row, apart), filters)
        if reason != row.reason or row.duplicate_of:
            told.append(Judged(row.id, row.reason, reason))
        lease.moved()
    changed = verdicts.judge(session, told)
    seen = place.seen + len(rows)
    done = min(seen, claim.total) // (2 if filters.whole else 1)
    shards.count(session, claim, completed=done, failed=0, total=claim.total)
    verdicts.count(session, claim.dataset_id, changed)
    return Place(rows[-1].id, seen) if rows else None


def _duplicates(session: Session, lease: Lease, filters: FilterConfig) -> None:
    changed = mark_duplicates(session, lease.claim.dataset_id, filters)
    shards.guard(session, lease.claim)
    verdicts.count(session, lease.claim.dataset_id, changed)


def _text(row: AnyRow, apart: HeldOut) -> PairText:
    return PairText(
        chosen=row.chosen,
        rejected=row.rejected,
        chosen_finish=finish(row, row.chosen_answer),
        rejected_finish=row.draft_finish,
        prompt=conversation(row.messages),
        critiques=critiques(row),
        score_chosen=row.score_chosen,
        score_rejected=row.score_rejected,
        unscored=unscored(row, row.chosen_answer, row.rejected_answer),
        held_out=apart,
    )
