"""Statements about secrets. What goes in and comes out of the table is sealed."""

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.errors import BadInput, UnknownName
from core.sealing import seal, unseal
from core.tables import Secret


def store(session: Session, project_id: str, name: str, value: str) -> Secret:
    """Keep a secret; one of the same name is replaced."""
    statement = insert(Secret).values(project_id=project_id, name=name, ciphertext=seal(project_id, name, value))
    changed = {"ciphertext": statement.excluded.ciphertext, "updated_at": func.clock_timestamp()}
    written = statement.on_conflict_do_update(index_elements=["project_id", "name"], set_=changed).returning(Secret)
    return session.scalars(written, execution_options={"populate_existing": True}).one()


def find(session: Session, project_id: str, name: str) -> Secret | None:
    """A secret of the project, still sealed."""
    return session.get(Secret, (project_id, name))


def page(session: Session, project_id: str, *, after: str | None, limit: int) -> list[Secret]:
    """Secrets of the project by name, behind `after`."""
    statement = select(Secret).where(Secret.project_id == project_id).order_by(Secret.name).limit(limit)
    return list(session.scalars(statement if after is None else statement.where(Secret.name > after)))


def remove(session: Session, project_id: str, name: str) -> bool:
    """Forget a secret; False when there is none."""
    statement = delete(Secret).where(Secret.project_id == project_id, Secret.name == name).returning(Secret.name)
    return session.scalar(statement) is not None


def check(session: Session, project_id: str, name: str | None, *, param: str) -> None:
    """Raises UnknownName for the name of a secret that is not there; None is fine."""
    if name is not None and find(session, project_id, name) is None:
        known = list(session.scalars(select(Secret.name).where(Secret.project_id == project_id).limit(20)))
        raise UnknownName("secret", name, known, param=param)


def reveal(session: Session, project_id: str, name: str) -> str:
    """The value of a secret. Raises BadInput when it is gone or was sealed under another key."""
    row = find(session, project_id, name)
    if row is None:
        raise BadInput(f"The secret {name!r} is gone; store it again with POST /secrets.", param="secret")
    return unseal(project_id, name, row.ciphertext)
