"""POST /distillations: one request, one timeline."""

from starlette.testclient import TestClient

from core.database import transaction
from core.queries import distillations
from tests.factories import ledger

BODY = {"dataset": {"behavior": "polite"}, "training": {"epochs": 2}}


def test_a_distillation_is_accepted_whole(client: TestClient) -> None:
    answer = client.post("/distillations", json=BODY)
    body = answer.json()
    assert answer.status_code == 202, answer.text
    assert answer.headers["location"] == f"/distillations/{body['id']}"
    assert (body["status"], body["run"], body["run_object"]) == ("generating", None, None)
    assert body["config"]["dataset"]["teacher"]["model"] == ledger.TEACHER
    assert body["config"]["student"] == ledger.STUDENT
    assert body["dataset_object"]["id"] == body["dataset"]
    assert client.get(answer.headers["location"]).json() == body
    assert [row["id"] for row in client.get("/distillations").json()["data"]] == [body["id"]]


def test_the_timeline_holds_the_events_of_the_dataset_and_the_run(client: TestClient) -> None:
    made = client.post("/distillations", json=BODY).json()
    with transaction() as session:
        ledger.work_off(session)
        distillations.follow(session, made["id"])
    found = client.get(f"/distillations/{made['id']}").json()
    assert (found["status"], found["run_object"]["status"]) == ("training", "queued")
    subjects = {event["subject"] for event in client.get(f"/distillations/{made['id']}/events").json()["data"]}
    assert subjects == {made["id"], made["dataset"], found["run"]}


def test_cancel_reaches_the_part_under_way(client: TestClient) -> None:
    made = client.post("/distillations", json=BODY).json()
    for _ in range(2):
        cancelled = client.post(f"/distillations/{made['id']}/cancel").json()
        assert (cancelled["status"], cancelled["dataset_object"]["status"]) == ("cancelled", "cancelled")
