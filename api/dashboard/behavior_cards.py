"""Behaviors to choose from."""

from api.auth import Caller
from api.schemas.behavior import BehaviorSummary, show_summary
from core.database import transaction
from core.queries import behaviors

MOST = 100


def behavior_cards(caller: Caller) -> list[BehaviorSummary]:
    """The behaviors of the project, by name."""
    with transaction() as session:
        rows = behaviors.page(session, caller.project_id, after=None, limit=MOST)
        return sorted((show_summary(row) for row in rows), key=lambda shown: shown.name)
