"""Runs report to places that the operator has opened, and to no other."""

import json

import pytest
from pydantic import ValidationError
from starlette.testclient import TestClient

from core.database import transaction
from core.queries import distillations
from core.redaction import redacted
from core.settings import Settings, settings
from tests.conftest import forget_settings
from tests.factories import ledger


@pytest.fixture
def dataset(client: TestClient) -> str:
    """The id of a completed dataset."""
    with transaction() as session:
        return ledger.made_dataset(session).id


def body(kind: str, dataset: str, to: list[str]) -> dict[str, object]:
    """A request for a run, or for a distillation, that reports."""
    asked = {"dataset": dataset} if kind == "runs" else {"dataset": {"behavior": "polite"}}
    return {**asked, "reporting": {"to": to}}


@pytest.mark.parametrize("kind", ["runs", "distillations"])
def test_a_place_that_is_not_opened_is_refused(kind: str, client: TestClient, dataset: str) -> None:
    refused = client.post(f"/{kind}", json=body(kind, dataset, ["tensorboard"]))
    error = refused.json()["error"]
    assert (refused.status_code, error["param"]) == (400, "reporting.to.0")
    assert "opened: none" in error["message"]
    assert "BURNISH_REPORTERS" in error["message"]


@pytest.mark.parametrize("kind", ["runs", "distillations"])
def test_a_place_that_is_opened_is_taken(
    kind: str, client: TestClient, dataset: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BURNISH_REPORTERS", json.dumps(["tensorboard"]))
    forget_settings()
    answer = client.post(f"/{kind}", json=body(kind, dataset, ["tensorboard"]))
    assert answer.status_code == 202, answer.text
    assert answer.json()["config"]["reporting"] == {"to": ["tensorboard"]}
    refused = client.post(f"/{kind}", json=body(kind, dataset, ["tensorboard", "wandb"]))
    assert (refused.status_code, refused.json()["error"]["param"]) == (400, "reporting.to.1")


def test_the_run_of_a_distillation_reports_where_it_was_asked_to(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BURNISH_REPORTERS", json.dumps(["wandb"]))
    forget_settings()
    made = client.post("/distillations", json=body("distillations", "", ["wandb"])).json()
    with transaction() as session:
        ledger.work_off(session)
        distillations.follow(session, made["id"])
    run = client.get(f"/distillations/{made['id']}").json()["run_object"]
    assert run["config"]["reporting"] == {"to": ["wandb"]}


@pytest.mark.parametrize("to", [["tensorboard", "tensorboard"], ["the neighbour"]])
def test_a_place_is_one_of_those_there_are_and_is_named_once(to: list[str], client: TestClient, dataset: str) -> None:
    refused = client.post("/runs", json=body("runs", dataset, to))
    assert (refused.status_code, refused.json()["error"]["param"][:9]) == (422, "reporting")


def test_mlflow_is_opened_with_its_address_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BURNISH_REPORTERS", json.dumps(["mlflow"]))
    with pytest.raises(ValidationError, match="BURNISH_MLFLOW_URI"):
        Settings()


def test_keys_of_places_are_in_no_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BURNISH_WANDB_API_KEY", "a-key-of-wandb")
    monkeypatch.setenv("BURNISH_MLFLOW_URI", "https://me:p%40ssword@mlflow.example.org")
    forget_settings()
    assert settings().mlflow_uri is not None
    assert redacted("a-key-of-wandb p%40ssword p@ssword") == "[redacted] [redacted] [redacted]"
    forget_settings()
