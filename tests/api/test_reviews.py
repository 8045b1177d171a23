"""Reviews: accept, reject, swap, edit; the original and the reviewer are kept."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from core.database import transaction
from core.queries import pairs
from core.tables import Pair, ReferenceLogProb
from tests.factories import ledger


@pytest.fixture
def pair(client: TestClient) -> dict[str, Any]:
    """A kept pair of a finished dataset."""
    with transaction() as session:
        dataset = ledger.made_dataset(session)
    listed: list[dict[str, Any]] = client.get(f"/datasets/{dataset.id}/pairs?verdict=kept").json()["data"]
    return listed[0]


def reviewed(client: TestClient, pair: dict[str, Any], **asked: Any) -> dict[str, Any]:
    """The pair after a review that is accepted."""
    answer = client.patch(f"/pairs/{pair['id']}", json=asked)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    read = client.get(f"/pairs/{pair['id']}").json()
    assert {name: read[name] for name in found} == found
    return found


def test_a_rejected_pair_is_dropped_and_an_accepted_one_is_kept(client: TestClient, pair: dict[str, Any]) -> None:
    rejected = reviewed(client, pair, action="reject", note="both are wrong")
    assert (rejected["verdict"], rejected["reason"], rejected["review"]) == ("dropped", "review", "rejected")
    accepted = reviewed(client, pair, action="accept")
    assert (accepted["verdict"], accepted["reason"], accepted["review"]) == ("kept", None, "accepted")
    history = client.get(f"/pairs/{pair['id']}/reviews").json()["data"]
    assert [row["action"] for row in history] == ["accept", "reject"]
    assert history[1]["note"] == "both are wrong"
    assert history[1]["reviewer"]


def test_a_swap_takes_the_scores_along(client: TestClient, pair: dict[str, Any]) -> None:
    swapped = reviewed(client, pair, action="swap")
    assert (swapped["chosen"], swapped["rejected"]) == (pair["rejected"], pair["chosen"])
    assert (swapped["score_chosen"], swapped["score_rejected"]) == (pair["score_rejected"], pair["score_chosen"])
    assert swapped["margin"] == -pair["margin"]
    again = reviewed(client, pair, action="swap")
    assert again["chosen"] == pair["chosen"]


def test_an_edit_keeps_the_original_and_loses_the_score_of_what_no_scorer_saw(
    client: TestClient, pair: dict[str, Any]
) -> None:
    edited = reviewed(client, pair, action="edit", chosen="Words of a person.")
    assert (edited["chosen"], edited["rejected"]) == ("Words of a person.", pair["rejected"])
    assert (edited["score_chosen"], edited["score_rejected"]) == (None, pair["score_rejected"])
    reviewed(client, pair, action="edit", chosen="Better words of a person.")
    first = client.get(f"/pairs/{pair['id']}/reviews").json()["data"][-1]
    assert first["before"]["chosen"] == pair["chosen"]
    assert first["before"]["score_chosen"] == pair["score_chosen"]


def test_an_edit_forgets_what_the_reference_said_of_the_old_words(client: TestClient, pair: dict[str, Any]) -> None:
    with transaction() as session:
        session.add(ReferenceLogProb(pair_id=pair["id"], fingerprint="f", chosen=-1.0, rejected=-2.0))
    reviewed(client, pair, action="accept")
    with transaction() as session:
        assert session.get(ReferenceLogProb, (pair["id"], "f")) is not None
    reviewed(client, pair, action="swap")
    with transaction() as session:
        assert session.get(ReferenceLogProb, (pair["id"], "f")) is None


def test_the_counts_of_the_dataset_follow(client: TestClient, pair: dict[str, Any]) -> None:
    before = client.get(f"/datasets/{pair['dataset']}").json()["pairs"]
    reviewed(client, pair, action="reject")
    after = client.get(f"/datasets/{pair['dataset']}").json()["pairs"]
    assert after["kept"] == before["kept"] - 1
    assert after["dropped_by_reason"]["review"] == 1
    reviewed(client, pair, action="accept")
    assert client.get(f"/datasets/{pair['dataset']}").json()["pairs"] == before
    with transaction() as session:
        assert pairs.counts(session, pair["dataset"])["kept"] == before["kept"]


@pytest.mark.parametrize(
    ("asked", "status", "param"),
    [
        ({"action": "burn"}, 422, "action"),
        ({"action": "edit"}, 422, None),
        ({"action": "accept", "chosen": "x"}, 422, None),
        ({"action": "edit", "chosen": "   "}, 400, "chosen"),
    ],
)
def test_a_review_that_makes_no_sense_changes_nothing(
    client: TestClient, pair: dict[str, Any], asked: dict[str, Any], status: int, param: str | None
) -> None:
    answer = client.patch(f"/pairs/{pair['id']}", json=asked)
    assert (answer.status_code, answer.json()["error"]["param"]) == (status, param)
    read = client.get(f"/pairs/{pair['id']}").json()
    assert {name: read[name] for name in pair} == pair


def test_an_edit_that_leaves_two_equal_sides_is_refused(client: TestClient, pair: dict[str, Any]) -> None:
    answer = client.patch(f"/pairs/{pair['id']}", json={"action": "edit", "chosen": pair["rejected"]})
    assert answer.status_code == 400
    assert "prefers nothing" in answer.json()["error"]["message"]


def test_pairs_are_not_changed_under_a_run_that_trains_on_them(client: TestClient, pair: dict[str, Any]) -> None:
    with transaction() as session:
        run = ledger.run(session, pair["dataset"])
    answer = client.patch(f"/pairs/{pair['id']}", json={"action": "reject"})
    assert answer.status_code == 409
    assert run in answer.json()["error"]["message"]
    assert client.patch("/pairs/pair_none", json={"action": "reject"}).status_code == 404
    with transaction() as session:
        kept = session.get(Pair, pair["id"])
        assert kept is not None
        assert kept.verdict == "kept"
