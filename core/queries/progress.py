"""What the shards of datasets have counted: one statement for as many datasets as a page has."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from core.queries import working
from core.queries.rows import AnyRow
from core.states import Stage
from core.tables import Dataset, Shard

SHOWN = (Stage.gather, Stage.grow, Stage.generate, Stage.score, Stage.pair, Stage.sift)
COUNTS = ("total", "completed", "failed")


def progress_of(session: Session, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """For each dataset `stages` ({stage: {"total", "completed", "failed"}}), `tokens`, `prompt_tokens`, `usd`, `hits`,
    `waiting` and `seconds` ({stage: seconds}).

    Tokens and money are those of teacher and judges; `waiting` says what a shard waits for, if one does; `seconds` is
    the time since a stage's first claim by the database's clock, or that in which the dataset was worked on where that
    is less: pauses and waits do not count. A stage that was not claimed yet is left out.
    """
    since = func.extract("epoch", func.clock_timestamp() - func.min(Shard.started_at))
    making = case((Shard.stage.in_(working.ELSEWHERE), since), else_=func.least(since, func.max(working.WORKED)))
    whole = Shard.role.is_(None)  # shards that score drafts early count toward what was spent alone
    statement = (
        select(
            Shard.dataset_id,
            Shard.stage,
            *(func.coalesce(func.sum(getattr(Shard, name)).filter(whole), 0).label(name) for name in COUNTS),
            func.sum(Shard.tokens).label("tokens"),
            making.label("seconds"),
            func.sum(Shard.prompt_tokens).label("prompt_tokens"),
            func.sum(Shard.usd).label("usd"),
            func.sum(Shard.hits).label("hits"),
            func.max(Shard.waiting).label("waiting"),
        )
        .join(Dataset, Dataset.id == Shard.dataset_id)
        .where(Shard.dataset_id.in_(ids), Shard.run_id.is_(None))
        .group_by(Shard.dataset_id, Shard.stage)
    )
    found: dict[str, dict[str, AnyRow]] = {id: {} for id in ids}
    for row in session.execute(statement):
        found[row.dataset_id][row.stage] = row
    return {id: _told(stages) for id, stages in found.items()}


def _told(found: dict[str, AnyRow]) -> dict[str, Any]:
    return {
        "stages": {
            str(stage): {name: int(getattr(found[stage], name)) for name in COUNTS} for stage in SHOWN if stage in found
        },
        "tokens": int(sum(row.tokens for row in found.values())),
        "prompt_tokens": int(sum(row.prompt_tokens for row in found.values())),
        "usd": float(sum(row.usd for row in found.values())),
        "hits": int(sum(row.hits for row in found.values())),
        "waiting": next((row.waiting for row in found.values() if row.waiting is not None), None),
        "seconds": {stage: float(row.seconds) for stage, row in found.items() if row.seconds is not None},
    }
