"""Statements about fields of the sampling that an endpoint does not take: its own default held where one was asked for.

Each is an event of the dataset, or of the run, that was asked for so, once by field and model; provenance reads them
there. Beside a cached turn there is no place for it, so what was left out is noted under the teacher's fingerprint too,
for those that take its turns later.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.ledger import Claim
from core.queries import events
from core.tables import Event


def tell(session: Session, claim: Claim, model: str, fields: Collection[str], *, fingerprint: str | None) -> None:
    """These fields were not sent to the model; those that were told before are not told again."""
    for subject in filter(None, (claim.run_id or claim.dataset_id, fingerprint)):
        if set(fields) <= told(session, claim, model, subject):
            continue
        session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"{subject} {model}", 0))))
        for field in sorted(set(fields) - told(session, claim, model, subject)):  # others may have been quicker
            events.tell(
                session,
                project_id=claim.project_id,
                subject=subject,
                level="warn",
                message=f"{model} does not take {field}: it is not sent, and the endpoint's own default holds.",
                data={"omitted": field, "model": model},
            )


def told(session: Session, claim: Claim, model: str, subject: str) -> set[str]:
    """The fields that were not sent to the model in the claim's project: for a dataset, a run, or a fingerprint."""
    mine = (Event.subject == subject) & (Event.project_id == claim.project_id)
    statement = select(Event.data["omitted"].astext).where(mine, Event.data["model"].astext == model)
    return set(session.scalars(statement.where(Event.data.has_key("omitted"))))


def of_dataset(session: Session, dataset_id: str) -> Mapping[str, Collection[str]]:
    """The fields that were not sent for a dataset, by the name of the model with its host."""
    found: dict[str, set[str]] = defaultdict(set)
    statement = select(Event.data["model"].astext, Event.data["omitted"].astext)
    for model, field in session.execute(statement.where(Event.subject == dataset_id, Event.data.has_key("omitted"))):
        found[model].add(field)
    return found
