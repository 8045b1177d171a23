"""Pairs as people review them: prompt, draft, critique, and the revision with the words that changed."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from sqlalchemy.orm import Session

from api.dashboard.diff import Piece, words_changed
from api.deps import Paging
from api.schemas.pair import PairObject, show_pair
from core.queries import pairs
from core.queries.pairs import PairFilter

ON_ONE_PAGE = 5


@dataclass(frozen=True)
class ReviewedPair:
    """A pair and what its revision changed."""

    pair: PairObject
    pieces: list[Piece]


def reviewed(pair: PairObject) -> ReviewedPair:
    """A pair with its word diff."""
    return ReviewedPair(pair, words_changed(pair.rejected, pair.chosen))


def query(filter: PairFilter, **more: str | None) -> str:
    """The filter, and whatever else a page is asked for, as the query of an address."""
    asked = {name: value for name, value in (vars(filter) | more).items() if value is not None}
    return urlencode({name: str(value).lower() if isinstance(value, bool) else value for name, value in asked.items()})


def pair_values(session: Session, id: str, filter: PairFilter, paging: Paging) -> dict[str, Any]:
    """What the template shows of a page of pairs."""
    limit = min(paging.limit, ON_ONE_PAGE)
    rows = pairs.page(session, id, filter, after=paging.after, limit=limit + 1)
    shown = [show_pair(row) for row in rows[:limit]]
    return {
        "pairs": [reviewed(pair) for pair in shown],
        "filter": filter,
        "no_filter": PairFilter(),
        "next_pairs": query(filter, after=shown[-1].id) if len(rows) > limit else None,
        "first_pairs": paging.after is None,
    }
