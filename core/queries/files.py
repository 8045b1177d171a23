"""Statements about uploaded files."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from core.errors import BadInput, Conflict, NotFound
from core.states import DatasetState
from core.tables import Dataset, File

READING = tuple(map(str, (DatasetState.validating, DatasetState.in_progress, DatasetState.paused)))


def store(session: Session, **columns: Any) -> File:
    """Add a file whose bytes are in their place."""
    row = File(**columns)
    session.add(row)
    session.flush()
    session.refresh(row)
    return row


def get(session: Session, project_id: str, id: str) -> File:
    """One file that was not deleted. Raises NotFound."""
    found = session.scalar(_there(project_id).where(File.id == id))
    if found is None:
        raise NotFound("file", id)
    return found


def hold(session: Session, project_id: str, id: str, *, purpose: str, param: str) -> File:
    """A file for the purpose, which nobody deletes before this transaction ends. Raises BadInput."""
    found = session.scalar(_there(project_id).where(File.id == id).with_for_update(read=True))
    if found is None:
        raise BadInput(f"There is no file {id!r} in this project; upload it with POST /files.", param=param)
    if found.purpose != purpose:
        raise BadInput(f"The file {id} holds {found.purpose}; name a file of {purpose}.", param=param)
    return found


def page(session: Session, project_id: str, *, after: str | None = None, limit: int = 20) -> list[File]:
    """Files of a project, newest first, older than `after`."""
    statement = _there(project_id).order_by(File.id.desc()).limit(limit)
    return list(session.scalars(statement if after is None else statement.where(File.id < after)))


def remove(session: Session, project_id: str, id: str) -> File:
    """Say that a file is deleted; its bytes are the caller's to delete. Raises NotFound, Conflict while it is read."""
    row = session.scalar(_there(project_id).where(File.id == id).with_for_update())
    if row is None:
        raise NotFound("file", id)
    named = or_(Dataset.config["pairs"].as_string() == id, Dataset.config["source"]["file"].as_string() == id)
    reading = select(Dataset.id).where(Dataset.project_id == project_id, Dataset.state.in_(READING), named).limit(1)
    reader = session.scalar(reading)
    if reader is not None:
        raise Conflict(f"Dataset {reader} needs the file {id}; wait for its end, or cancel it first.")
    row.removed_at = session.scalar(select(func.clock_timestamp()))
    session.flush()
    return row


def known(session: Session, ids: Collection[str]) -> set[str]:
    """Which of these ids are files that were not deleted, of whatever project."""
    return set(session.scalars(select(File.id).where(File.id.in_(ids), File.removed_at.is_(None))))


def _there(project_id: str) -> Select[File]:
    return select(File).where(File.project_id == project_id, File.removed_at.is_(None))
