"""Other filters from the page of a dataset, and the funnel that follows."""

import threading

from starlette.testclient import TestClient

from api.dashboard.answers import fields_of
from api.dashboard.asked import filter_questions, filters_of
from core.configs.filters import FilterConfig
from core.database import transaction
from core.queries import datasets
from core.tables import DEFAULT_PROJECT
from tests.api.dashboard.conftest import send
from tests.factories import ledger
from workers import advance
from workers.lease import Beats
from workers.scoring import ScoringDesk


def work_off() -> None:
    """What the scoring worker and the sweep do."""
    with Beats() as beats:
        desk = ScoringDesk(beats, "a test")
        desk.drain(threading.Event())
        desk.close()
    advance.everything()


def test_filters_run_again_and_the_funnel_names_their_reasons(signed_in: TestClient) -> None:
    with transaction() as session:
        id = ledger.made_dataset(session).id
        for place, pair in enumerate(ledger.pairs_of(session, id)):
            pair.score_chosen = float(pair.score_rejected or 0.0) + place
        session.flush()
    answer = send(signed_in, f"/dashboard/datasets/{id}/filters", duplicates="true", min_margin="6")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/dashboard/datasets/{id}#funnel-title")
    again = send(signed_in, f"/dashboard/datasets/{id}/filters")
    assert (again.status_code, "filters are run again on a completed one" in again.text) == (409, True)
    work_off()
    page = signed_in.get(f"/dashboard/datasets/{id}").text
    assert f"/dashboard/datasets/{id}/review?verdict=dropped&amp;reason=min_margin" in page
    narrowed = signed_in.get(f"/dashboard/datasets/{id}/review?verdict=dropped&reason=min_margin").text
    assert "min margin" in narrowed
    with transaction() as session:
        config = datasets.filters(session, id)
        counts = datasets.pair_counts(session, datasets.get(session, DEFAULT_PROJECT, id))
    assert (config.min_margin, config.duplicates, config.identical) == (6.0, True, True)
    assert counts["dropped:min_margin"] == 6


def test_a_duplicate_names_what_it_repeats_with_a_link(signed_in: TestClient) -> None:
    with transaction() as session:
        id = ledger.made_dataset(session).id
        first, second, *_ = ledger.pairs_of(session, id)
        second.verdict, second.reason, second.duplicate_of, second.similarity = (
            "dropped",
            "near_duplicates",
            first.id,
            0.91,
        )
        session.flush()
    for path in (f"/dashboard/datasets/{id}?verdict=dropped", f"/dashboard/datasets/{id}/review?at={second.id}"):
        page = signed_in.get(path).text
        assert f'href="/dashboard/pairs/{first.id}"' in page
        assert "0.91" in page


def test_what_is_wrong_with_a_filter_is_told_and_nothing_runs(signed_in: TestClient) -> None:
    with transaction() as session:
        id = ledger.made_dataset(session).id
    answer = send(signed_in, f"/dashboard/datasets/{id}/filters", unchanged="7")
    assert (answer.status_code, "unchanged: input should be less than or equal to 1" in answer.text) == (422, True)
    assert 'value="7"' in answer.text
    nested = send(
        signed_in, f"/dashboard/datasets/{id}/filters", near_duplicates="true", near_duplicates__threshold="1"
    )
    assert (nested.status_code, "near_duplicates.threshold" in nested.text) == (422, True)
    with transaction() as session:
        assert datasets.get(session, DEFAULT_PROJECT, id).state == "completed"


def test_every_filter_goes_through_the_form_unchanged() -> None:
    for config in (
        FilterConfig(),
        FilterConfig(identical=False, empty=False, max_chars=7, duplicates=True, language="en", refusal="either"),
        FilterConfig.model_validate(
            {
                "near_duplicates": {"threshold": 0.7, "shingle": 2, "over": "prompt"},
                "decontamination": {"ngram": None, "similarity": 0.5},
                "min_margin": -0.25, "length_ratio": 3, "unchanged": 0.9, "clean_critique": True,
                "missing_score": "every",
            }
        ),
    ):  # fmt: skip
        assert FilterConfig.model_validate(filters_of(fields_of(config, filter_questions("")))) == config
