"""Reviewing pairs by forms alone, without a script."""

from typing import Any

import pytest
from sqlalchemy import update
from starlette.testclient import TestClient

from api.dashboard.visitor import COOKIE
from api.main import create_door
from core.database import transaction
from core.queries import pairs
from core.queries.pairs import PairFilter
from core.tables import Pair
from tests.api.conftest import ADDRESS, Visitor
from tests.api.dashboard.conftest import send
from tests.factories import ledger
from tests.factories.ledger import Made
from tests.factories.worked import CANARY


@pytest.fixture
def dataset(signed_in: TestClient) -> str:
    """A finished dataset of twelve pairs, every fourth one identical."""
    with transaction() as session:
        return ledger.made_dataset(session, made=Made(same_each=4)).id


def listed(dataset: str, **asked: Any) -> list[str]:
    """Ids of the pairs, in the order of the review."""
    with transaction() as session:
        return [row.Pair.id for row in pairs.page(session, dataset, PairFilter(**asked), limit=100)]


def read(visitor: Visitor, id: str) -> dict[str, Any]:
    """The pair as the API shows it."""
    found: dict[str, Any] = visitor.client.get(f"/pairs/{id}").json()
    return found


def decide(client: TestClient, id: str, query: str = "", **fields: str) -> Any:
    """Send the form of a decision."""
    return send(client, f"/dashboard/pairs/{id}/review{query}", **fields)


def test_accepting_and_rejecting_lead_through_the_list(signed_in: TestClient, visitor: Visitor, dataset: str) -> None:
    first, second, third, *_ = listed(dataset, verdict="kept")
    shown = signed_in.get(f"/dashboard/datasets/{dataset}/review?verdict=kept&split=&min_margin=&reviewed=")
    assert f'id="{first}"' in shown.text
    answer = decide(signed_in, first, "?verdict=kept", action="reject", note="both are rude")
    assert answer.status_code == 303
    assert f"at={second}" in answer.headers["location"]
    onwards = signed_in.get(answer.headers["location"])
    assert "Rejected by first" in onwards.text
    assert f'id="{second}"' in onwards.text
    answer = decide(signed_in, second, "?verdict=kept", action="accept")
    assert f"at={third}" in answer.headers["location"]
    assert (read(visitor, first)["verdict"], read(visitor, first)["reason"]) == ("dropped", "review")
    assert read(visitor, second)["review"] == "accepted"
    history = signed_in.get(f"/dashboard/pairs/{first}").text
    assert "both are rude" in history
    undecided = signed_in.get(f"/dashboard/datasets/{dataset}/review?verdict=kept&reviewed=false")
    assert f'id="{third}"' in undecided.text


def test_the_last_pair_of_a_list_stays_and_a_swap_shows_its_outcome(
    signed_in: TestClient, visitor: Visitor, dataset: str
) -> None:
    *_, last = listed(dataset)
    before = read(visitor, last)
    for action in ("swap", "accept"):
        answer = decide(signed_in, last, action=action)
        assert f"at={last}" in answer.headers["location"]
    assert (read(visitor, last)["chosen"], read(visitor, last)["rejected"]) == (before["rejected"], before["chosen"])
    assert "Accepted by first" in signed_in.get(answer.headers["location"]).text


def test_an_edit_changes_the_side_that_was_edited_and_shows_the_original(
    signed_in: TestClient, visitor: Visitor, dataset: str
) -> None:
    id = listed(dataset, verdict="kept")[0]
    with transaction() as session:
        session.execute(update(Pair).where(Pair.id == id).values(rejected="Go\r\naway.\rNow."))
    before = read(visitor, id)
    sent = {"chosen": "Words of\r\na person.", "rejected": "Go\r\naway.\r\nNow."}  # as a browser sends text areas
    answer = decide(signed_in, id, action="edit", **sent)
    edited = read(visitor, id)
    assert (edited["chosen"], edited["rejected"]) == ("Words of\na person.", before["rejected"])
    assert (edited["score_chosen"], edited["score_rejected"]) == (None, before["score_rejected"])
    page = signed_in.get(answer.headers["location"]).text
    assert "The original" in page
    assert before["chosen"] in page


def test_what_cannot_be_done_is_told_and_the_words_stay_in_the_form(
    signed_in: TestClient, visitor: Visitor, dataset: str
) -> None:
    id = listed(dataset, verdict="kept")[0]
    before = read(visitor, id)
    nothing = decide(signed_in, id, action="edit", chosen=before["chosen"], rejected=before["rejected"])
    assert nothing.status_code == 422
    same = decide(signed_in, id, action="edit", chosen=before["rejected"], rejected=before["rejected"])
    assert (same.status_code, "which prefers nothing" in same.text) == (400, True)
    assert decide(signed_in, id, action="burn").status_code == 422
    with transaction() as session:
        run = ledger.run(session, dataset)
    conflict = decide(signed_in, id, action="edit", chosen="My careful words.", rejected=before["rejected"])
    assert conflict.status_code == 409
    assert f"Run {run} trains on dataset {dataset}" in conflict.text
    assert "My careful words.</textarea>" in conflict.text
    assert read(visitor, id) == before


def test_texts_of_models_and_reviewers_are_shown_as_text(signed_in: TestClient, dataset: str) -> None:
    id = listed(dataset, verdict="kept")[0]
    decide(signed_in, id, action="edit", chosen=f"\n</textarea>{CANARY}", rejected="x", note=CANARY)
    for path in (f"/dashboard/datasets/{dataset}/review?at={id}", f"/dashboard/pairs/{id}"):
        text = signed_in.get(path).text
        assert "&lt;/textarea&gt;&lt;script&gt;" in text.replace("\n", "")
        assert "<script>document" not in text
        assert "{{7*7}}" in text


def test_a_key_that_may_only_read_sees_pairs_and_no_decision(visitor: Visitor, dataset: str) -> None:
    key = visitor.client.post("/keys", json={"scopes": ["read"]}).json()["key"]
    reader = TestClient(create_door(), base_url=ADDRESS, cookies={COOKIE: key}, follow_redirects=False)
    id = listed(dataset)[0]
    pages = [f"/dashboard/datasets/{dataset}", f"/dashboard/datasets/{dataset}/review", f"/dashboard/pairs/{id}"]
    for path in pages:
        answer = reader.get(path)
        assert answer.status_code == 200
        assert answer.text.count('method="post"') == 1, "only signing out"
    assert decide(reader, id, action="reject").status_code == 403
    assert send(reader, f"/dashboard/datasets/{dataset}/filters", min_margin="9").status_code == 403


def test_pairs_of_another_project_are_not_there(visitor: Visitor, signed_in: TestClient, dataset: str) -> None:
    id = listed(dataset)[0]
    with transaction() as session:
        other = ledger.other_project(session)
        session.execute(update(ledger.Dataset).where(ledger.Dataset.id == dataset).values(project_id=other))
    for path in (f"/dashboard/datasets/{dataset}/review", f"/dashboard/pairs/{id}"):
        assert signed_in.get(path).status_code == 404
    assert decide(signed_in, id, action="reject").status_code == 404


def test_a_list_without_pairs_says_so(signed_in: TestClient, dataset: str) -> None:
    answer = signed_in.get(f"/dashboard/datasets/{dataset}/review?min_margin=1000000")
    assert (answer.status_code, "No pair passes this filter" in answer.text) == (200, True)
    assert signed_in.get(f"/dashboard/datasets/{dataset}/review?at=pair_none").status_code == 404
