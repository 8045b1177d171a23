"""POST /runs and everything under it."""

import json
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from core import artifacts
from core.database import transaction
from core.queries import evaluations, moves, runs
from core.queries.moves import move
from core.settings import settings
from core.states import RunState
from core.tables import Checkpoint, Run, RunMetric
from tests.factories import ledger
from workers.engine.folder import model_folder

SUMMARY = {"headline": "rule:expected", "scorers": {}}


@pytest.fixture
def run(client: TestClient) -> str:
    """The id of a run that waits."""
    with transaction() as session:
        dataset = ledger.made_dataset(session).id
    answer = client.post("/runs", json={"dataset": dataset})
    assert answer.status_code == 202, answer.text
    assert answer.headers["location"] == f"/runs/{answer.json()['id']}"
    return str(answer.json()["id"])


def trained(run: str) -> Path:
    """Give the run a tuned model of two files, as the trainer publishes it."""
    folder = settings().data_dir / "runs" / run / "final"
    folder.parent.mkdir(parents=True)

    def write(into: Path) -> None:
        (into / "config.json").write_text(json.dumps({"architectures": ["LlamaForCausalLM"]}))
        (into / "adapter").mkdir()
        (into / "adapter" / "adapter.safetensors").write_bytes(b"weights")

    artifacts.publish(folder, write=write, facts={"kind": "model"})
    (folder / "stray.txt").write_text("not in the manifest")
    with transaction() as session:
        for state in (RunState.preparing, RunState.running, RunState.evaluating):
            assert move(session, Run, run, state)
        session.get_one(Run, run).artifact = str(folder.relative_to(settings().data_dir))
    return folder


def test_a_run_is_accepted_with_every_default_filled_in(client: TestClient, run: str) -> None:
    body = client.get(f"/runs/{run}").json()
    assert body["status"] == "queued"
    assert body["queue_position"] == 0
    assert body["config"]["student"] == ledger.STUDENT
    assert body["config"]["method"]["rdpo"]["form"] == "soft"
    assert [scorer["model"] for scorer in body["config"]["evaluation"]["scorers"]] == [ledger.REWARD]
    assert body["artifacts"] is None
    assert body["stages"]["answer"]["total"] == 3
    assert [row["id"] for row in client.get("/runs").json()["data"]] == [run]


def test_a_queued_run_pauses_resumes_and_cancels(client: TestClient, run: str) -> None:
    assert client.post(f"/runs/{run}/pause").json()["status"] == "paused"
    resumed = client.post(f"/runs/{run}/resume")
    assert (resumed.status_code, resumed.json()["status"]) == (202, "queued")
    for _ in range(2):
        assert client.post(f"/runs/{run}/cancel").json()["status"] == "cancelled"
    assert client.post(f"/runs/{run}/pause").status_code == 409


def test_a_running_run_is_asked_to_pause(client: TestClient, run: str) -> None:
    with transaction() as session:
        move(session, Run, run, RunState.preparing)
        move(session, Run, run, RunState.running)
    answer = client.post(f"/runs/{run}/pause")
    assert (answer.status_code, answer.json()["status"], answer.json()["pause_asked"]) == (202, "running", True)
    assert client.post(f"/runs/{run}/resume").status_code == 409
    assert client.get(f"/runs/{run}").json()["status"] == "running"


def test_a_dry_run_goes_first_and_has_no_evaluation(client: TestClient, run: str) -> None:
    dataset = client.get(f"/runs/{run}").json()["dataset"]
    bodies = [
        client.post("/runs", json={"dataset": dataset} | field, params=query)
        for field, query in (({}, {"dry_run": "true"}), ({"dry_run": True}, {}))
    ]
    for place, answer in enumerate(bodies):
        found = answer.json()
        assert (answer.status_code, found["dry_run"], found["preflight"]) == (202, True, None)
        assert (found["queue_position"], found["stages"]) == (place, {})
    assert client.get(f"/runs/{run}").json()["queue_position"] == 2
    refused = client.post(f"/runs/{found['id']}/pause")
    assert refused.status_code == 409
    assert "cancel it instead" in refused.json()["error"]["message"]
    assert client.post(f"/runs/{found['id']}/cancel").json()["status"] == "cancelled"


def test_a_distillation_cannot_be_looked_at_before_it_has_pairs(client: TestClient) -> None:
    answer = client.post("/distillations?dry_run=true", json={"dataset": {"behavior": "polite"}})
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "dry_run")
    assert client.get("/distillations").json()["data"] == []


def test_metrics_are_paged_in_both_orders_and_by_kind(client: TestClient, run: str) -> None:
    with transaction() as session:
        for step in range(1, 6):
            session.add(RunMetric(run_id=run, kind="train", step=step, values={"loss": 1 / step, "kl": None}))
        session.add(RunMetric(run_id=run, kind="validation", step=5, values={"loss": 0.5}))
    path = f"/runs/{run}/metrics"
    ids = [row["id"] for row in client.get(path).json()["data"]]
    assert ids == ["validation.5", "train.5", "train.4", "train.3", "train.2", "train.1"]
    up = client.get(path, params={"order": "asc", "limit": 4}).json()
    rest = client.get(path, params={"order": "asc", "after": up["last_id"]}).json()
    assert [row["id"] for row in up["data"] + rest["data"]] == ids[::-1]
    assert (up["has_more"], rest["has_more"]) == (True, False)
    train = client.get(path, params={"kind": "train", "limit": 1}).json()["data"]
    assert train[0]["values"] == {"loss": 0.2, "kl": None}
    assert client.get(f"/runs/{run}").json()["metrics"] == {"loss": 0.2, "kl": None}
    assert client.get(path, params={"after": "train.9999999999"}).status_code == 400


def test_time_remaining_has_an_interval_around_it(client: TestClient, run: str) -> None:
    with transaction() as session:
        move(session, Run, run, RunState.preparing)
        columns = {"step": 10, "total_steps": 110, "step_seconds": 0.5, "step_seconds_sd": 0.1}
        moves.move(session, Run, run, RunState.running, **columns)
    assert client.get(f"/runs/{run}").json()["seconds_remaining"] == {"seconds": 50.0, "low": 48.0, "high": 52.0}


def test_checkpoints_are_listed_newest_first(client: TestClient, run: str) -> None:
    with transaction() as session:
        for step in (1, 2):
            row = Checkpoint(
                id=f"ckpt_{step}", run_id=run, step=step, path="p", manifest_sha256="0", metrics={}, token=1
            )
            session.add(row)
    listed = client.get(f"/runs/{run}/checkpoints").json()["data"]
    assert [row["step"] for row in listed] == [2, 1]


def test_an_evaluation_is_listed_before_and_after_it_is_settled(client: TestClient, run: str) -> None:
    before = client.get(f"/runs/{run}/evaluations").json()["data"]
    assert [(row["status"], row["summary"]) for row in before] == [("in_progress", None)]
    with transaction() as session:
        assert evaluations.settle(session, before[0]["id"], SUMMARY)
    after = client.get(f"/runs/{run}/evaluations").json()["data"]
    assert [(row["status"], row["summary"]) for row in after] == [("completed", SUMMARY)]


def test_artifacts_are_served_by_the_names_of_the_manifest_and_no_others(client: TestClient, run: str) -> None:
    assert client.get(f"/runs/{run}/artifacts").json()["data"] == []
    assert client.get(f"/runs/{run}/artifacts/config.json").status_code == 409
    folder = trained(run)
    listed = client.get(f"/runs/{run}/artifacts").json()["data"]
    names = ["adapter/adapter.safetensors", "config.json", "manifest.json"]
    assert [file["id"] for file in listed] == names == client.get(f"/runs/{run}").json()["artifacts"]
    for name in names:
        answer = client.get(f"/runs/{run}/artifacts/{name}")
        assert answer.content == (folder / name).read_bytes()
        assert answer.headers["content-disposition"] == f'attachment; filename="{name.rsplit("/")[-1]}"'
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-type"] == "application/octet-stream"
    for name in ("stray.txt", "..%2f..%2f..%2f..%2fetc%2fpasswd", "%2fetc%2fpasswd", "adapter", ""):
        assert client.get(f"/runs/{run}/artifacts/{name}").status_code == 404, name


def test_a_damaged_artifact_is_said_so_and_the_run_can_still_be_read(client: TestClient, run: str) -> None:
    folder = trained(run)
    for manifest in ("{", '{"files": {"../../secret": {"sha256": "0", "bytes": 1}}}', '{"files": {"gone": {}}}', "[]"):
        (folder / "manifest.json").write_text(manifest)
        answer = client.get(f"/runs/{run}/artifacts")
        assert (answer.status_code, answer.json()["error"]["code"]) == (500, "damaged_artifact")
        assert client.get(f"/runs/{run}").json()["artifacts"] is None


def test_a_tuned_model_is_among_the_models(client: TestClient, run: str) -> None:
    trained(run)
    listed = client.get("/models").json()["data"]
    assert [(model["id"], model["source"], model["kind"]) for model in listed] == [
        (run, "run", "causal"),
        (ledger.REWARD, "folder", "classifier"),
        (ledger.STUDENT, "folder", "causal"),
        (ledger.TEACHER, "folder", "causal"),
    ]
    page = client.get("/models", params={"limit": 2}).json()
    rest = client.get("/models", params={"after": page["last_id"]}).json()
    assert [row["id"] for row in page["data"] + rest["data"]] == [row["id"] for row in listed]


def test_a_tuned_model_is_named_by_its_run_or_its_folder(client: TestClient, run: str) -> None:
    folder = trained(run)
    for name in (run, str(folder.resolve())):
        body = {"dataset": {"behavior": "polite", "teacher": {"model": name}}, "student": name}
        answer = client.post("/distillations", json=body)
        assert answer.status_code == 202, answer.text
        config = answer.json()["config"]
        assert config["student"] == config["dataset"]["teacher"]["model"] == str(folder.resolve())
        assert model_folder(config["student"]) == folder.resolve()
    dataset = client.get(f"/runs/{run}").json()["dataset"]
    answer = client.post("/runs", json={"dataset": dataset, "student": run})
    assert (answer.status_code, answer.json()["config"]["student"]) == (202, str(folder.resolve()))


def test_what_is_no_tuned_model_of_this_project_is_refused(client: TestClient, run: str) -> None:
    def refusal(name: str) -> tuple[int, str, str]:
        answer = client.post("/datasets", json={"behavior": "polite", "teacher": {"model": name}})
        assert answer.json()["error"]["param"] == "teacher.model"
        return answer.status_code, answer.json()["error"]["code"], answer.json()["error"]["message"]

    status, _, message = refusal(run)
    assert status == 400
    assert "has no tuned model yet" in message
    assert refusal("run_nothing")[:2] == (400, "unknown_name")
    folder = trained(run)
    assert refusal(str(folder.parent.resolve()))[:2] == (400, "forbidden_model")
    with transaction() as session:
        session.get_one(Run, run).project_id = ledger.other_project(session)
    assert refusal(run)[:2] == (400, "unknown_name")
    assert refusal(str(folder.resolve()))[:2] == (400, "forbidden_model")


def test_a_run_of_another_project_is_not_there(client: TestClient, run: str) -> None:
    with transaction() as session:
        other = ledger.other_project(session)
        session.get_one(Run, run).project_id = other
    assert client.get(f"/runs/{run}").status_code == 404
    assert client.get("/runs").json()["data"] == []
    with transaction() as session:
        assert runs.page(session, other) != []
