"""Statements about behaviors: the same name with another digest is the next version."""

import hashlib
import json
from collections.abc import Sequence

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from core.configs.behavior import BehaviorSpec
from core.ids import new_id
from core.tables import Behavior, Dataset

VERSION_LOCK = 0x62656876  # one advisory lock, so that two writers never make the same version


def digest_of(spec: BehaviorSpec) -> str:
    """SHA-256 of the recipe in canonical JSON, as 64 hex digits."""
    canonical = json.dumps(spec.model_dump(mode="json"), sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def store(session: Session, project_id: str, spec: BehaviorSpec) -> Behavior:
    """The version that has exactly this body: the newest one when it is the same, or a new version."""
    session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": VERSION_LOCK})
    newest = get(session, project_id, spec.name)
    digest = digest_of(spec)
    if newest is not None and newest.digest == digest:
        return newest
    behavior = Behavior(
        id=new_id("beh"),
        project_id=project_id,
        name=spec.name,
        version=newest.version + 1 if newest else 1,
        digest=digest,
        body=spec.model_dump(mode="json"),
    )
    session.add(behavior)
    session.flush()
    session.refresh(behavior)
    return behavior


def get(session: Session, project_id: str, name: str, *, version: int | None = None) -> Behavior | None:
    """One version of a behavior: the newest unless `version` says which."""
    statement = select(Behavior).where(Behavior.project_id == project_id, Behavior.name == name)
    if version is not None:
        statement = statement.where(Behavior.version == version)
    return session.scalar(statement.order_by(Behavior.version.desc()).limit(1))


def newest(session: Session, project_id: str, names: Sequence[str]) -> dict[str, Behavior]:
    """The newest version of each of the names that exist."""
    statement = (
        select(Behavior)
        .ext(distinct_on(Behavior.name))
        .where(Behavior.project_id == project_id, Behavior.name.in_(names))
        .order_by(Behavior.name, Behavior.version.desc())
    )
    return {behavior.name: behavior for behavior in session.scalars(statement)}


def used(session: Session, dataset: Dataset) -> list[Behavior]:
    """The versions of the behaviors that a dataset was made with."""
    ids = [item["id"] for item in dataset.behaviors]
    return list(session.scalars(select(Behavior).where(Behavior.id.in_(ids)).order_by(Behavior.name)))


def names(session: Session, project_id: str) -> list[str]:
    """Every name there is, in order."""
    statement = select(Behavior.name).where(Behavior.project_id == project_id).distinct().order_by(Behavior.name)
    return list(session.scalars(statement))


def page(session: Session, project_id: str, *, after: str | None, limit: int) -> list[Behavior]:
    """The newest version of each behavior, the ones made last first."""
    last = (
        select(func.max(Behavior.id).label("id"))
        .where(Behavior.project_id == project_id)
        .group_by(Behavior.name)
        .subquery()
    )
    statement = select(Behavior).join(last, last.c.id == Behavior.id)
    if after is not None:
        statement = statement.where(Behavior.id < after)
    return list(session.scalars(statement.order_by(Behavior.id.desc()).limit(limit)))
