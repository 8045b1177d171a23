"""Runs that report: killed and resumed, by two processes, to a server that hangs. What they train is the same."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.database import transaction
from core.queries import events
from core.tables import DEFAULT_PROJECT
from tests.conftest import forget_settings
from tests.factories import trainer_process, trainings
from tests.factories.trainer_process import Crash
from tests.faults.trainer_faults import crash_then_go_on, metrics
from tests.trainer.reporting import readers

EVERYWHERE = {"reporting": {"to": ["tensorboard", "wandb", "mlflow"]}}
STEPS = range(1, 7)  # 18 training pairs, batches of 6, 2 epochs


@pytest.fixture
def student(database: str, places: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tiny student under a model root; a shard that is given back may be claimed at once."""
    monkeypatch.setenv("BURNISH_MODEL_ROOTS", json.dumps([str(tmp_path / "models")]))
    monkeypatch.setenv("BURNISH_RETRY_SECONDS", "0")
    forget_settings()
    return trainings.student(tmp_path / "models")


@pytest.fixture
def silent_server() -> Iterator[str]:
    """The address of one that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def told(run_id: str) -> list[str]:
    """Messages of warnings."""
    with transaction() as session:
        found = events.after(session, DEFAULT_PROJECT, [run_id], limit=1000)
        return [event.message for event in found if event.level == "warn"]


def logged(run_id: str) -> readers.Series:
    """The ledger's metrics as series, None left out."""
    series: readers.Series = {}
    for row in metrics(run_id):
        for name in row.keys() - {"kind", "step"}:
            if row[name] is not None:
                series.setdefault(f"{row['kind']}/{name}", []).append((row["step"], row[name]))
    return series


def assert_holds(found: readers.Series, ledger: readers.Series, *, after: int) -> None:
    """Every number of the ledger from a step on, and each step once."""
    assert found.keys() == ledger.keys()
    for name, points in found.items():
        steps = [step for step, _ in points]
        assert steps == sorted(set(steps)), name
        known = dict(ledger[name])
        assert {step for step in known if step > after} <= set(steps), name
        assert all(value == pytest.approx(known[step], rel=1e-6) for step, value in points), name


def test_a_killed_run_goes_on_in_every_place_it_reports_to(student: Path, store: None) -> None:
    run_id = trainings.ask(trainings.made_pairs(), **EVERYWHERE)
    crash_then_go_on(run_id, student, Crash("trainer.step", "Stepper._update", nth=4))
    ledger = logged(run_id)
    assert [step for step, _ in ledger["train/loss"]] == list(STEPS)
    assert {"validation/loss", "validation/accuracy"} <= ledger.keys()
    for found in (readers.tensorboard_series(run_id), readers.wandb_series(run_id), readers.mlflow_series()):
        assert_holds(found, ledger, after=2)  # a checkpoint stands there; what was not on its way by the kill is lost
    assert told(run_id) == []
    _, [run] = readers.mlflow()
    assert (run.info.run_name, run.info.status) == (run_id, "FINISHED")
    assert run.data.params["training.learning_rate"] == "0.001"
    assert f"https://burnish.example.org/dashboard/runs/{run_id}" in run.data.tags["mlflow.note.content"]


def test_of_several_processes_the_first_alone_reports(student: Path) -> None:
    run_id = trainings.ask(trainings.made_pairs(), reporting={"to": ["tensorboard"]})
    assert trainer_process.train_together(trainings.claim(), student) == [0, 0]
    assert_holds(readers.tensorboard_series(run_id), logged(run_id), after=0)


def test_a_server_that_hangs_costs_a_run_its_reports_and_nothing_else(
    student: Path, silent_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BURNISH_MLFLOW_URI", silent_server)
    monkeypatch.setenv("BURNISH_REPORTS_SECONDS", "0.5")
    forget_settings()
    run_id = trainings.ask(trainings.made_pairs(), reporting={"to": ["mlflow"]})
    assert trainer_process.train(trainings.claim(), student) == 0
    assert trainings.run_row(run_id).artifact is not None
    assert told(run_id)[-1] == "MLflow lacks 6 of 6 reports."
    plain = trainings.ask(trainings.run_row(run_id).dataset_id)
    assert trainer_process.train(trainings.claim(), student) == 0
    assert metrics(plain) == metrics(run_id)
