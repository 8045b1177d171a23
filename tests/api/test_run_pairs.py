"""GET /runs/{id}/pairs, and what decides by validations at the door."""

from typing import Any

import pytest
from sqlalchemy import select, update
from starlette.testclient import TestClient

from core.database import transaction
from core.queries import pair_losses, runs
from core.tables import DEFAULT_PROJECT, Pair
from tests.factories import ledger


@pytest.fixture
def dataset(world: object) -> str:
    """A completed dataset of twelve pairs, the last four of them for validation."""
    with transaction() as session:
        id = ledger.made_dataset(session).id
        ids = session.scalars(select(Pair.id).where(Pair.dataset_id == id).order_by(Pair.id)).all()
        session.execute(update(Pair).where(Pair.id.in_(ids[:-4])).values(split="train"))
        session.execute(update(Pair).where(Pair.id.in_(ids[-4:])).values(split="validation"))
        return id


def noted(client: TestClient, dataset: str) -> tuple[str, list[dict[str, Any]]]:
    """A run, and what it noted of its pairs; two of each loss, and margins that rise with the loss."""
    run = str(client.post("/runs", json={"dataset": dataset}).json()["id"])
    with transaction() as session:
        found = session.scalars(select(Pair).where(Pair.dataset_id == dataset).order_by(Pair.id)).all()
        rows = [
            {"pair_id": row.id, "split": row.split, "loss": float(place // 2), "margin": place - 5.5}
            for place, row in enumerate(found)
        ]
        pair_losses.store(session, run, rows)
        pair_losses.store(session, run, [row | {"loss": 99.0} for row in rows[:2]])  # those there are stay as they are
    return run, rows


def everything(client: TestClient, path: str, **asked: Any) -> list[dict[str, Any]]:
    """Every object of a list, five at a time."""
    found: list[dict[str, Any]] = []
    page = client.get(path, params=asked | {"limit": 5}).json()
    while True:
        found += page["data"]
        if not page["has_more"]:
            return found
        page = client.get(path, params=asked | {"limit": 5, "after": page["last_id"]}).json()


def test_the_hardest_pairs_come_first_page_by_page_with_their_texts(client: TestClient, dataset: str) -> None:
    run, rows = noted(client, dataset)
    by_loss = sorted(rows, key=lambda row: (row["loss"], row["pair_id"]), reverse=True)
    by_margin = sorted(rows, key=lambda row: (row["margin"], row["pair_id"]))
    path = f"/runs/{run}/pairs"
    assert [row["id"] for row in everything(client, path)] == [row["pair_id"] for row in by_loss]
    assert [row["id"] for row in everything(client, path, order="margin")] == [row["pair_id"] for row in by_margin]
    for split in ("train", "validation"):
        found = everything(client, path, split=split)
        assert [row["id"] for row in found] == [row["pair_id"] for row in by_loss if row["split"] == split]
        assert {row["split"] for row in found} == {split}
    first = client.get(path, params={"limit": 1}).json()["data"][0]
    assert first["object"] == "run.pair"
    assert (first["run"], first["loss"], first["margin"]) == (run, 5.0, 5.5)
    assert first["pair"] == client.get(f"/datasets/{dataset}/pairs", params={"limit": 1}).json()["data"][0]


def test_a_list_of_no_run_or_from_behind_no_pair_is_refused(client: TestClient, dataset: str) -> None:
    run, _ = noted(client, dataset)
    assert client.get("/runs/run_x/pairs").status_code == 404
    wrong = client.get(f"/runs/{run}/pairs", params={"after": "pair_x"})
    assert (wrong.status_code, wrong.json()["error"]["param"]) == (400, "after")
    assert client.get(f"/runs/{run}/pairs", params={"order": "length"}).status_code == 422


def test_numbers_of_a_run_that_is_cancelled_before_its_model_is_written_are_forgotten(
    client: TestClient, dataset: str
) -> None:
    run, _ = noted(client, dataset)
    other, rows = noted(client, dataset)
    with transaction() as session:
        runs.advance(session, other, artifact="runs/x/final")
    for id in (run, other):
        assert client.post(f"/runs/{id}/cancel").status_code == 200
    assert client.get(f"/runs/{run}/pairs").json()["data"] == []
    assert len(client.get(f"/runs/{other}/pairs").json()["data"]) == len(rows)


def test_a_run_says_why_it_ended_early(client: TestClient, dataset: str) -> None:
    run, _ = noted(client, dataset)
    assert client.get(f"/runs/{run}").json()["stopped"] is None
    with transaction() as session:
        runs.note(session, run, {"stopped": "No better."})
        assert runs.get(session, DEFAULT_PROJECT, run).facts["stopped"] == "No better."
    assert client.get(f"/runs/{run}").json()["stopped"] == "No better."


@pytest.mark.parametrize("asked", [{"best": "loss"}, {"early_stopping": {"patience": 2}}, {"eval_steps": 10}])
def test_validations_that_never_come_decide_nothing(client: TestClient, dataset: str, asked: dict[str, Any]) -> None:
    body = {"dataset": dataset, "training": asked}
    assert client.post("/runs", json=body).status_code == 202
    with transaction() as session:
        session.execute(update(Pair).where(Pair.dataset_id == dataset).values(split="train"))
    refused = client.post("/runs", json=body)
    assert (refused.status_code, refused.json()["error"]["param"]) == (400, f"training.{next(iter(asked))}")
    made = {"behavior": "polite", "split": {"validation": 0}}
    refused = client.post("/distillations", json={"dataset": made, "training": asked})
    assert (refused.status_code, refused.json()["error"]["param"]) == (400, f"training.{next(iter(asked))}")
