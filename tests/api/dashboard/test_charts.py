"""What the charts draw, and what the slider counts."""

import math

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update
from starlette.testclient import TestClient

from api.dashboard.charts import POINTS
from api.dashboard.ticks import ticks
from core.database import transaction
from core.queries import lengths, pairs
from core.queries.pairs import PairFilter
from core.tables import Pair
from tests.factories import ledger
from tests.factories.ledger import Made

SCORE = st.floats(-1e6, 1e6)


def test_what_the_slider_counts_is_what_the_filter_lists_at_every_tick(signed_in: TestClient) -> None:
    with transaction() as session:
        id = ledger.made_dataset(session, n_prompts=40, made=Made(same_each=7)).id
        for place, pair in enumerate(ledger.pairs_of(session, id)):
            margin = (-0.3, 0.1, 0.1 + 0.2, 0.3, 0.7, 1.1)[place % 6]
            values = {"score_rejected": 0.0, "score_chosen": None if place == 3 else margin}
            session.execute(update(Pair).where(Pair.id == pair.id).values(**values))
    found = signed_in.get(f"/dashboard/datasets/{id}/charts.json").json()["margins"]
    assert len(found["edges"]) == len(found["kept"]) + 1 == len(found["dropped"]) + 1
    with transaction() as session:
        for verdict in ("kept", "dropped"):
            for place, edge in enumerate(found["edges"]):
                asked = PairFilter(verdict=verdict, min_margin=edge)
                assert sum(found[verdict][place:]) == len(pairs.page(session, id, asked, limit=100)), (verdict, edge)
    assert sum(found["kept"]) + sum(found["dropped"]) == 39


def test_a_dataset_without_scores_draws_nothing(signed_in: TestClient) -> None:
    with transaction() as session:
        id = ledger.made_dataset(session, made=Made(scored=False)).id
    found = signed_in.get(f"/dashboard/datasets/{id}/charts.json").json()
    assert found["scores"]["edges"] == []
    assert found["margins"] == {"edges": [], "kept": [], "dropped": []}
    assert found["lengths"] == []


def test_the_chart_of_lengths_is_a_bounded_sample_that_stays_the_same(signed_in: TestClient) -> None:
    with transaction() as session:
        id = ledger.made_dataset(session, n_prompts=40).id
        every = lengths.sample(session, id, total=40, most=POINTS)
        some = lengths.sample(session, id, total=40, most=10)
        assert len(every) == 40
        assert 0 < len(some) <= 10
        assert some == lengths.sample(session, id, total=40, most=10)
        assert set(some) <= set(every)


@given(SCORE, SCORE)
def test_ticks_hold_both_ends_and_are_short_numbers(one: float, other: float) -> None:
    least, most = min(one, other), max(one, other)
    found = ticks(least, most)
    assert found[0] <= least
    assert most < found[-1]
    assert len(found) <= 43
    assert found == sorted(set(found))
    assert all(math.isfinite(tick) for tick in found)
    assert ticks(-0.001, 0.0007)[-1] > 0.0007
