"""What the buttons of a page do with its row."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy.orm import Session

from api.auth import Caller
from core.database import transaction
from core.errors import NotFound

Moves = Mapping[str, Callable[[Session, str, str], Any]]


def move(moves: Moves, action: str, caller: Caller, id: str) -> str:
    """Do it; the id of the row to show then. Raises NotFound for another action, and what the move raises."""
    if action not in moves:
        raise NotFound("action", action)
    with transaction() as session:
        return str(moves[action](session, caller.project_id, id).id)
