"""POST /runs with a grid, and everything under /sweeps."""

from typing import Any

import pytest
from httpx import Response
from starlette.testclient import TestClient

from core.database import transaction
from core.settings import reread
from core.tables import Run, Sweep
from tests.factories import ledger, sweeps

GRID: dict[str, list[Any]] = {"training.learning_rate": [1e-5, 5e-5], "method.beta": [0.05, 0.1]}


@pytest.fixture
def dataset(world: object) -> str:
    """A completed dataset, without a validation split."""
    with transaction() as session:
        return ledger.made_dataset(session).id


def ask(client: TestClient, dataset: str, grid: Any, **more: Any) -> Response:
    """Ask for a sweep."""
    return client.post("/runs", json={"dataset": dataset, "grid": grid} | more)


def made(client: TestClient, dataset: str, grid: Any = None, **more: Any) -> dict[str, Any]:
    """A sweep that was accepted."""
    answer = ask(client, dataset, grid or GRID, **more)
    assert answer.status_code == 202, answer.text
    assert answer.headers["location"] == f"/sweeps/{answer.json()['id']}"
    return dict(answer.json())


def put(run: str, state: str, **columns: Any) -> None:
    """Set a run's state behind everybody's back."""
    with transaction() as session:
        row = session.get_one(Run, run)
        row.state = state
        for name, value in columns.items():
            setattr(row, name, value)


def states(client: TestClient, id: str) -> list[str]:
    """The states of a sweep's runs, in the order of their combinations."""
    return [row["status"] for row in client.get(f"/sweeps/{id}").json()["summary"]]


def test_a_grid_makes_a_run_of_every_combination_under_one_id(client: TestClient, dataset: str) -> None:
    sweep = made(client, dataset, training={"epochs": 2, "learning_rate": 0.5}, metadata={"why": "a look"})
    assert sweep["id"].startswith("sweep_")
    assert (sweep["status"], sweep["run_counts"]) == ("queued", {"queued": 4, "total": 4})
    assert (sweep["grid"], list(sweep["grid"])) == (GRID, list(GRID))
    assert (sweep["config"]["training"]["epochs"], sweep["metadata"]) == (2, {"why": "a look"})
    runs = [client.get(f"/runs/{id}").json() for id in sweep["runs"]]
    asked = [
        (run["config"]["training"]["learning_rate"], run["config"]["method"]["rdpo"]["beta"], run["sweep"])
        for run in runs
    ]
    assert asked == [(rate, beta, sweep["id"]) for rate in (1e-5, 5e-5) for beta in (0.05, 0.1)]
    assert [run["queue_position"] for run in runs] == [0, 1, 2, 3]
    assert {run["config"]["training"]["epochs"] for run in runs} == {2}
    swept = [row["swept"] for row in sweep["summary"]]
    assert swept[1] == {"training.learning_rate": 1e-5, "method.beta": 0.1}
    listed = client.get("/sweeps").json()["data"]
    assert [(row["id"], row["runs"], row["summary"]) for row in listed] == [(sweep["id"], sweep["runs"], None)]
    alone = client.post("/runs", json={"dataset": dataset, "grid": None})
    assert (alone.status_code, alone.json()["object"], alone.json()["sweep"]) == (202, "run", None)


def test_methods_students_and_datasets_can_be_swept(client: TestClient, dataset: str) -> None:
    with transaction() as session:
        other = ledger.made_dataset(session, n_prompts=6).id
    grid = {
        "dataset": [dataset, other],
        "student": [ledger.STUDENT, ledger.TEACHER],
        "method": [{"type": "rdpo", "rdpo": {"form": "weight"}}, "dpo"],
        "method.beta": [0.2],
    }
    sweep = made(client, dataset, grid)
    found = [(row["dataset"], row["student"], row["method"]) for row in sweep["summary"]]
    assert found[:3] == [
        (dataset, ledger.STUDENT, "rdpo"), (dataset, ledger.STUDENT, "dpo"), (dataset, ledger.TEACHER, "rdpo"),
    ]  # fmt: skip
    assert {row[0] for row in found[4:]} == {other}
    config = client.get(f"/runs/{sweep['runs'][0]}").json()["config"]
    assert (config["method"]["rdpo"]["form"], config["method"]["rdpo"]["beta"]) == ("weight", 0.2)


REFUSED: list[tuple[str, Any, int, str, str]] = [
    ("a path that leads nowhere", {"training.rate": [1]}, 400, "grid.training.rate", "training.learning_rate"),
    ("a path that begins nowhere", {"trainer.epochs": [1]}, 400, "grid.trainer.epochs", "training"),
    ("an empty step", {"training..epochs": [1]}, 400, "grid.training..epochs", "There is no field"),
    ("a path that leads on", {"training.epochs.more": [1]}, 400, "grid.training.epochs.more", "as a whole"),
    ("what all runs share", {"evaluation.prompts": [1, 2]}, 400, "grid.evaluation.prompts", "the same for all runs"),
    ("a dry run", {"dry_run": [True]}, 400, "grid.dry_run", "the same for all runs"),
    ("no values", {"training.seed": []}, 400, "grid.training.seed", "leave it out"),
    ("no list", {"training.seed": 3}, 422, "grid.training.seed", "list"),
    ("no path", {}, 422, "grid", "at least 1"),
    ("a value twice", {"training.seed": [1, 2, 1]}, 400, "grid.training.seed.2", "stands twice"),
    ("a run twice", {"training.learning_rate": [1e-5, "1e-05"]}, 400, "grid", "the same run"),
    ("too many", {"training.seed": list(range(13)), "training.epochs": [1, 2, 3, 4, 5]}, 400, "grid", "65 runs"),
    ("a value out of bounds", {"training.learning_rate": [1e-5, 2.0]}, 422, "grid.training.learning_rate.1", "2.0"),
    ("a value of another type", {"training.lora": [{}, {"rank": "x"}]}, 422, "grid.training.lora.1.rank", "'x'"),
    ("a bad beta", {"method.beta": [0.1, -1]}, 422, "grid.method.beta.1", "-1"),
    ("a bad beta inside", {"method": ["dpo", {"type": "ipo", "ipo": {"beta": 0}}]}, 422, "grid.method.1.ipo.beta", "0"),
    ("no such method", {"method": ["dpo", "nothing"]}, 422, "grid.method.1", "'nothing'"),
    ("no such type", {"method": [{"type": "nothing"}]}, 422, "grid.method.0.type", "'nothing'"),
    ("a beta of no use", {"method": ["dpo", "sft"], "method.beta": [0.1]}, 422, "grid.method.beta.0", "no such field"),
    ("another's beta", {"method.type": ["ipo"], "method.dpo.beta": [0.1]}, 422, "grid.method.dpo.beta.0", "'dpo'"),
    ("no such student", {"student": [ledger.STUDENT, "nobody"]}, 400, "grid.student.1", "nobody"),
    ("no such dataset", {"dataset": ["ds_nothing"]}, 400, "grid.dataset.0", "GET /datasets"),
    ("validations", {"training.eval_steps": [5, 6]}, 400, "grid.training.eval_steps.0", "validation"),
    (
        "a column", {"method": ["dpo", {"type": "reward_distillation", "reward_distillation": {"scorers": "all"}}]},
        400, "grid.method.1.reward_distillation.scorers", "two rewards",
    ),
]  # fmt: skip


def test_one_refused_combination_makes_none_of_the_runs(client: TestClient, dataset: str) -> None:
    for name, grid, status, param, told in REFUSED:
        answer = ask(client, dataset, grid)
        error = answer.json()["error"]
        assert (answer.status_code, error["param"]) == (status, param), (name, error)
        assert told in error["message"], (name, error)
    assert client.get("/runs").json()["data"] == client.get("/sweeps").json()["data"] == []


def test_a_grid_is_not_looked_at(client: TestClient, dataset: str) -> None:
    for answer in (
        ask(client, dataset, GRID, dry_run=True),
        client.post("/runs?dry_run=true", json={"dataset": dataset, "grid": GRID}),
    ):
        assert (answer.status_code, answer.json()["error"]["param"]) == (400, "dry_run")
    assert client.get("/runs").json()["data"] == []


def test_a_dataset_that_is_not_completed_is_told_by_the_path_that_named_it(client: TestClient, dataset: str) -> None:
    with transaction() as session:
        waiting = ledger.dataset(session).id
    answer = ask(client, dataset, {"dataset": [dataset, waiting]})
    assert (answer.status_code, answer.json()["error"]["param"]) == (409, "grid.dataset.1")
    assert ask(client, waiting, GRID).json()["error"]["param"] == "dataset"


def test_the_operator_says_how_many_runs_a_grid_may_make(
    client: TestClient, dataset: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BURNISH_MAX_SWEEP_RUNS", "3")
    reread()
    answer = ask(client, dataset, GRID)
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "grid")
    assert "4 runs" in answer.json()["error"]["message"]
    made(client, dataset, {"training.seed": [0, 1, 2]})


def test_the_same_key_makes_one_sweep(client: TestClient, dataset: str) -> None:
    body = {"dataset": dataset, "grid": GRID}
    first, second = (client.post("/runs", json=body, headers={"idempotency-key": "mine"}) for _ in range(2))
    assert second.content == first.content
    assert second.headers["idempotent-replayed"] == "true"
    assert len(client.get("/runs").json()["data"]) == 4
    other = client.post("/runs", json={"dataset": dataset}, headers={"idempotency-key": "mine"})
    assert other.status_code == 422


def test_a_cancel_stops_what_has_not_ended(client: TestClient, dataset: str) -> None:
    sweep = made(client, dataset)
    put(sweep["runs"][0], "succeeded")
    put(sweep["runs"][1], "running")
    for _ in range(2):
        answer = client.post(f"/sweeps/{sweep['id']}/cancel")
        assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
    assert states(client, sweep["id"]) == ["succeeded", "cancelled", "cancelled", "cancelled"]
    for run in sweep["runs"]:
        put(run, "succeeded")
    refused = client.post(f"/sweeps/{sweep['id']}/cancel")
    assert (refused.status_code, refused.headers["x-should-retry"]) == (409, "false")
    assert "cancelled" in refused.json()["error"]["message"]


def test_a_sweep_is_paused_and_resumed_as_a_whole(client: TestClient, dataset: str) -> None:
    sweep = made(client, dataset)
    first, second, third, _ = sweep["runs"]
    put(first, "succeeded")
    put(second, "running")
    put(third, "failed", error="No room.")
    paused = client.post(f"/sweeps/{sweep['id']}/pause")
    assert (paused.status_code, paused.json()["status"]) == (202, "running")
    assert states(client, sweep["id"]) == ["succeeded", "running", "failed", "paused"]
    assert client.get(f"/runs/{second}").json()["pause_asked"]
    resumed = client.post(f"/sweeps/{sweep['id']}/resume")
    assert resumed.headers["location"] == f"/sweeps/{sweep['id']}"
    assert states(client, sweep["id"]) == ["succeeded", "running", "queued", "queued"]
    for run in sweep["runs"]:
        put(run, "evaluating")
    assert client.post(f"/sweeps/{sweep['id']}/pause").status_code == 409
    assert client.post(f"/sweeps/{sweep['id']}/resume").status_code == 409


def test_the_table_tells_the_numbers_of_each_run_and_the_best_one(client: TestClient, dataset: str) -> None:
    sweep = made(client, dataset, {"training.seed": [0, 1, 2, 3]})
    with transaction() as session:
        for place, values in ((0, [1.0, 0.0, 0.0]), (1, [1.0, 1.0, 0.0])):
            curve = [(2, 0.5, 0.75, 1.0), (4, 0.6 - place / 10, 0.5 + place / 4, 2.0)]
            sweeps.trained(session, sweep["runs"][place], curve, tokens=50.0)
            sweeps.judged(session, sweep["runs"][place], values)
        sweeps.running(session, sweep["runs"][2], [(2, 0.25, 1.0, 3.0)])
    found = client.get(f"/sweeps/{sweep['id']}").json()
    first, second, third, fourth = found["summary"]
    assert (first["validation_loss"], first["best_validation_loss"]) == (0.6, 0.5)
    assert (first["validation_accuracy"], first["best_validation_accuracy"]) == (0.5, 0.75)
    assert (first["margin"], first["train_loss"], first["tokens"], first["step"]) == (2.0, 0.25, 200, 4)
    assert first["seconds"] is not None
    judged = first["evaluation"]
    assert (judged["scorer"], judged["purpose"], judged["n"]) == (f"classifier:{ledger.REWARD}", "reward", 3)
    assert (judged["base"]["mean"], judged["base_rate"]) == (0.0, 0.0)
    assert judged["tuned"]["mean"] == judged["tuned_rate"] == judged["difference"]["mean"] == pytest.approx(1 / 3)
    assert judged["tuned"]["low"] <= 1 / 3 <= judged["tuned"]["high"]
    assert (second["validation_loss"], second["best_validation_loss"]) == (0.5, 0.5)
    assert (third["status"], third["evaluation"], third["validation_loss"]) == ("running", None, 0.25)
    assert {fourth[name] for name in ("validation_loss", "margin", "tokens", "seconds", "train_loss")} == {None}
    assert (found["status"], found["best"], found["best_by"]) == ("running", second["id"], "tuned")


ORDERED = {
    "place": [0, 1, 2, 3],
    "tuned": [1, 0, 2, 3],
    "difference": [1, 0, 2, 3],
    "validation_loss": [2, 1, 0, 3],
    "best_validation_loss": [2, 0, 1, 3],
    "validation_accuracy": [2, 1, 0, 3],
    "margin": [2, 0, 1, 3],
    "tokens": [2, 0, 1, 3],
}


def test_the_table_is_sorted_by_a_column_with_the_best_first_and_the_unknown_last(
    client: TestClient, dataset: str
) -> None:
    sweep = made(client, dataset, {"training.seed": [0, 1, 2, 3]})
    with transaction() as session:
        sweeps.running(session, sweep["runs"][2], [(2, 0.25, 1.0, 3.0)])
    found = client.get(f"/sweeps/{sweep['id']}").json()
    assert (found["best"], found["best_by"]) == (sweep["runs"][2], "best_validation_accuracy")
    with transaction() as session:
        for place, values in ((0, [1.0, 0.0, 0.0]), (1, [1.0, 1.0, 0.0])):
            sweeps.trained(
                session, sweep["runs"][place], [(2, 0.4, 0.7, 1.0), (4, 0.6 - place / 10, 0.7 + place / 10, 2)]
            )
            sweeps.judged(session, sweep["runs"][place], values)
    for order, places in ORDERED.items():
        rows = client.get(f"/sweeps/{sweep['id']}", params={"order": order}).json()["summary"]
        assert [sweep["runs"].index(row["id"]) for row in rows] == places, order
    assert client.get(f"/sweeps/{sweep['id']}?order=colour").json()["error"]["param"] == "order"


def test_one_timeline_has_the_events_of_the_sweep_and_its_runs(client: TestClient, dataset: str) -> None:
    sweep = made(client, dataset, {"training.seed": [0, 1]})
    client.post(f"/sweeps/{sweep['id']}/cancel")
    listed = client.get(f"/sweeps/{sweep['id']}/events").json()["data"]
    assert [row["message"] for row in listed] == [
        "Sweep cancelled: 2 of 2 runs.", "Run cancelled.", "Run cancelled.", "Queued 2 runs.", "Queued.", "Queued.",
    ]  # fmt: skip
    live = client.get(f"/sweeps/{sweep['id']}/events", headers={"accept": "text/event-stream"}).text
    assert live.rstrip().endswith('data: {"status": "cancelled", "error": null}')


def test_a_sweep_of_another_project_is_not_there(client: TestClient, dataset: str) -> None:
    sweep = made(client, dataset)
    with transaction() as session:
        other = ledger.other_project(session)
        session.get_one(Sweep, sweep["id"]).project_id = other
    for answer in (
        client.get(f"/sweeps/{sweep['id']}"),
        client.get(f"/sweeps/{sweep['id']}/events"),
        *(client.post(f"/sweeps/{sweep['id']}/{verb}") for verb in ("cancel", "pause", "resume")),
    ):
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")
    assert client.get("/sweeps").json()["data"] == []
    assert {client.get(f"/runs/{id}").json()["status"] for id in sweep["runs"]} == {"queued"}
