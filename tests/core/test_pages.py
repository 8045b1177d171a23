"""Pages of pairs: whatever way a filter is looked up, the pages together are what it lets through, newest first."""

import pytest

from core.database import transaction
from core.queries import pairs
from core.queries.pairs import FEW, PairFilter
from tests.factories import scene
from tests.factories.bulk import bulk

FILTERS = {
    PairFilter(): "true",
    PairFilter(split="validation"): "split = 'validation'",
    PairFilter(split="validation", min_margin=0.0): "split = 'validation' AND score_chosen - score_rejected >= 0",
    PairFilter(min_margin=-0.9): "score_chosen - score_rejected >= -0.9",
    PairFilter(min_margin=0.9, reviewed=False): "score_chosen - score_rejected >= 0.9",
    PairFilter(verdict="dropped", min_margin=0.5): "verdict = 'dropped' AND score_chosen - score_rejected >= 0.5",
    PairFilter(min_margin=9.0): "false",
}


@pytest.fixture
def id(database: str) -> str:
    """Few pairs or many have a margin; every third one is dropped."""
    with transaction() as session:
        found = bulk(session, FEW + 400)
        bulk(session, 50)
    drop = "UPDATE pair SET verdict = 'dropped', reason = 'refusal' WHERE prompt_id % 3 = 0 AND dataset_id = :id"
    scene.change(drop, id=found)
    return found


def test_pages_are_what_the_filter_lets_through_newest_first(id: str) -> None:
    for filter, condition in FILTERS.items():
        where = f'dataset_id = :id AND {condition} ORDER BY id COLLATE "C" DESC'
        expected = [row.id for row in scene.rows(f"SELECT id FROM pair WHERE {where}", id=id)]
        assert listed(id, filter) == expected
        for place in range(0, len(expected) - 2, 500):
            with transaction() as session:
                beside = pairs.beside(session, id, filter, expected[place + 1])
            assert (beside.newer, beside.older) == (expected[place], expected[place + 2])


def listed(id: str, filter: PairFilter) -> list[str]:
    """The ids on all pages."""
    found: list[str] = []
    while True:
        with transaction() as session:
            page = pairs.page(session, id, filter, after=found[-1] if found else None, limit=500)
        if not page:
            return found
        found += [row.Pair.id for row in page]
