"""Dry runs from a run's page: asked for, shown with their report, and followed by the training."""

import pytest
from starlette.testclient import TestClient

from core.database import transaction
from core.queries import runs
from core.tables import Run
from tests.api.dashboard.conftest import send
from tests.factories import ledger, preflights


@pytest.fixture
def run(signed_in: TestClient) -> str:
    """The id of a training that waits."""
    with transaction() as session:
        return ledger.run(session, ledger.made_dataset(session).id)


def row(id: str) -> Run:
    with transaction() as session:
        return session.get_one(Run, id)


def pressed(client: TestClient, id: str, action: str) -> str:
    """The id of the run that a button leads to."""
    answer = send(client, f"/dashboard/runs/{id}/{action}")
    assert answer.status_code == 303
    return answer.headers["location"].rsplit("/", 1)[-1]


def test_a_run_is_looked_at_and_then_trained(signed_in: TestClient, run: str) -> None:
    looking = pressed(signed_in, run, "look")
    assert looking != run
    assert row(looking).config == row(run).config | {"dry_run": True}
    with transaction() as session:
        found = session.get_one(Run, looking)
        found.state, found.facts = "succeeded", {runs.PREFLIGHT: preflights.found()}
    page = signed_in.get(f"/dashboard/runs/{looking}").text
    for told in (
        "Far off.",
        "training.learning_rate",
        "1,200",
        "3, pair_a, pair_b",
        "1.6 GB",
        "2 min (1 min 40 s to",
        "Dry run",
    ):
        assert told in page, told
    training = pressed(signed_in, looking, "train")
    assert row(training).config == row(run).config
    assert (row(training).state, row(run).state) == ("queued", "queued")


def test_a_dry_run_that_waits_can_only_be_cancelled(signed_in: TestClient, run: str) -> None:
    looking = pressed(signed_in, run, "look")
    page = signed_in.get(f"/dashboard/runs/{looking}").text
    offered = {
        action for action in ("pause", "look", "train", "cancel") if f"/dashboard/runs/{looking}/{action}" in page
    }
    assert offered == {"cancel"}
    assert "dry run" in signed_in.get("/dashboard/runs").text
