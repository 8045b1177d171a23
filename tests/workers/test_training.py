"""The training worker with a real trainer under torchrun: to its end, cancelled, its supervisor killed."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
import torch
from safetensors.torch import load_file
from sqlalchemy import select
from transformers import AutoModelForCausalLM, AutoTokenizer

from core import artifacts
from core.database import transaction
from core.queries import events, runs
from core.settings import ROOT, settings
from core.tables import DEFAULT_PROJECT, Shard
from tests.conftest import forget_settings
from tests.factories import trainings
from tests.faults.trainer_faults import noted_pairs
from workers import following, training
from workers.lease import Lease
from workers.shared_device import SharedDevice

DEADLINE = 120.0
LONG = {"training": {"epochs": 1000, "checkpoint_steps": 100_000}}
SUPERVISOR = """
import threading
from tests.factories import trainings
from workers import training
training.train(trainings.claim(), threading.Event())
"""


@pytest.fixture
def models(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A model root with a tiny student."""
    monkeypatch.setenv("BURNISH_MODEL_ROOTS", json.dumps([str(tmp_path / "models")]))
    monkeypatch.setenv("BURNISH_BEAT_SECONDS", "0.3")
    monkeypatch.setenv("BURNISH_RETRY_SECONDS", "0")
    forget_settings()
    trainings.student(tmp_path / "models")
    return tmp_path / "models"


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def shard_state(run_id: str) -> str:
    with transaction() as session:
        return session.scalars(select(Shard.state).where(Shard.run_id == run_id)).one()


def words(process: psutil.Process) -> list[str]:
    """Its command line; nothing of one that has ended meanwhile."""
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:  # zombies too
        return []


def trainers() -> list[psutil.Process]:
    """torchrun and the trainer's processes below this one (a fork server of other tests stays for the session)."""
    below = psutil.Process().children(recursive=True)
    return [process for process in below if {"trainer.launch", "trainer"} & set(words(process))]


def started() -> tuple[str, list[psutil.Process], threading.Thread]:
    """A long training under supervision in a thread, some steps on; its processes."""
    run_id = trainings.ask(trainings.made_pairs(), **LONG)
    thread = threading.Thread(target=training.train, args=(trainings.claim(), threading.Event()))
    thread.start()
    wait_until(lambda: trainings.run_row(run_id).step >= 1)
    return run_id, trainers(), thread


def test_a_run_is_trained_to_its_end_by_two_processes_as_by_one(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset_id, tuned, noted = trainings.made_pairs(), [], []
    for processes in ("1", "2"):
        monkeypatch.setenv("BURNISH_TRAINER_PROCESSES", processes)
        forget_settings()
        method = {"type": "alpha_dpo", "alpha_dpo": {"sft_weight": 0.1}}
        run_id = trainings.ask(dataset_id, method=method, training={"eval_steps": 2, "best": "loss"})
        training.train(trainings.claim(), threading.Event())
        row = trainings.run_row(run_id)
        assert (row.state, row.step, shard_state(run_id)) == ("succeeded", 6, "done"), row.error
        assert row.facts["processes"] == int(processes)
        noted.append(noted_pairs(run_id))
        tuned.append(load_file(settings().data_dir / str(row.artifact) / "model.safetensors"))
    assert len(noted[0]) == len(noted[1]) == sum(row.facts["pairs"][split] for split in ("train", "validation"))
    assert all(one[1:] == pytest.approx(other[1:], abs=1e-4) for one, other in zip(*noted, strict=True))
    before = load_file(models / "a-student" / "model.safetensors")
    assert all(torch.allclose(one, other, atol=1e-5) for one, other in zip(*(t.values() for t in tuned), strict=True))
    assert not any(torch.equal(before[name], tuned[0][name]) for name in ("lm_head.weight", "model.norm.weight"))
    check_artifact(settings().data_dir / str(row.artifact), run_id)


def test_a_run_is_trained_by_two_machines(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both are this one: what a machine is to torchrun is an agent of its own that meets the others."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setenv("BURNISH_TRAINER_NODES", "2")
    monkeypatch.setenv("BURNISH_TRAINER_RENDEZVOUS", f"127.0.0.1:{port}")
    forget_settings()
    run_id, stop = trainings.ask(trainings.made_pairs()), threading.Event()
    other = threading.Thread(target=following.follow, args=(stop,))
    other.start()
    try:
        training.train(trainings.claim(), threading.Event())
    finally:
        stop.set()
        other.join(DEADLINE)
    row = trainings.run_row(run_id)
    assert (row.state, row.step, row.facts["processes"]) == ("succeeded", 6, 2), row.error
    check_artifact(settings().data_dir / str(row.artifact), run_id)


def check_artifact(folder: Path, run_id: str) -> None:
    """Transformers loads it, and every file matches the manifest the ledger was told of."""
    model, tokenizer = AutoModelForCausalLM.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    assert model.generation_config.eos_token_id == [2]
    assert tokenizer.chat_template
    with transaction() as session:
        told = {event.message: event.data for event in events.after(session, DEFAULT_PROJECT, [run_id], limit=100)}
    written = told["The tuned model is written."]
    manifest = artifacts.verify(folder, manifest_sha256=written["manifest_sha256"])
    assert (manifest["run"], manifest["steps"]) == (run_id, 6)
    assert manifest["data_hash"] == trainings.run_row(run_id).facts["data_hash"]
    assert manifest["config"] == trainings.run_row(run_id).config
    assert {"model.safetensors", "config.json", "tokenizer.json", "generation_config.json"} <= manifest["files"].keys()


def test_a_cancel_ends_the_whole_process_group(models: Path) -> None:
    run_id, family, thread = started()
    assert len(family) >= 2
    with transaction() as session:
        runs.cancel(session, DEFAULT_PROJECT, run_id)
    step = trainings.run_row(run_id).step
    thread.join(DEADLINE)
    assert not thread.is_alive()
    assert not psutil.wait_procs(family, timeout=10)[1]
    row = trainings.run_row(run_id)
    assert (row.state, row.step, shard_state(run_id)) == ("cancelled", step, "cancelled")


def test_a_dry_run_succeeds_with_a_report_and_leaves_no_files(models: Path) -> None:
    run_id = trainings.ask(trainings.made_pairs(), dry_run=True)
    training.train(trainings.claim(), threading.Event())
    row = trainings.run_row(run_id)
    assert (row.state, shard_state(run_id), row.artifact) == ("succeeded", "done", None), row.error
    assert row.facts[runs.PREFLIGHT]["steps"]["total"] == 6
    assert row.evaluating_at is None
    assert not list((settings().data_dir / "runs").glob("*"))


def test_a_dry_run_is_cancelled_as_any_other(models: Path) -> None:
    run_id = trainings.ask(trainings.made_pairs(), dry_run=True)
    thread = threading.Thread(target=training.train, args=(trainings.claim(), threading.Event()))
    thread.start()
    wait_until(lambda: bool(trainers()))
    family = trainers()
    with transaction() as session:
        runs.cancel(session, DEFAULT_PROJECT, run_id)
    thread.join(DEADLINE)
    assert not thread.is_alive()
    assert not psutil.wait_procs(family, timeout=10)[1]
    row = trainings.run_row(run_id)
    assert (row.state, shard_state(run_id), runs.PREFLIGHT in row.facts) == ("cancelled", "cancelled", False)
    assert not list((settings().data_dir / "runs").glob("*"))


def test_a_worker_that_is_told_to_stop_gives_the_training_back(models: Path) -> None:
    run_id, stop = trainings.ask(trainings.made_pairs(), **LONG), threading.Event()
    thread = threading.Thread(target=training.train, args=(trainings.claim(), stop))
    thread.start()
    wait_until(lambda: trainings.run_row(run_id).step >= 1)
    stop.set()
    thread.join(DEADLINE)
    assert not thread.is_alive()
    assert shard_state(run_id) == "queued"


def test_a_training_waits_for_its_turn_on_a_shared_device_and_gives_it_back(models: Path) -> None:
    run_id, stop, ours = trainings.ask(trainings.made_pairs(), **LONG), threading.Event(), SharedDevice("gpu 0")
    claim = trainings.claim()
    lease = Lease(claim, stall_seconds=60)
    assert ours.take(lease, stop)
    thread = threading.Thread(target=training.train, args=(claim, stop, SharedDevice("gpu 0")))
    thread.start()
    wait_until(lambda: ours.due(idle=True))
    assert not trainers()
    assert trainings.run_row(run_id).state == "preparing"
    ours.give()
    wait_until(lambda: bool(trainers()))
    assert not ours.take(lease, stopped())
    stop.set()
    thread.join(DEADLINE)
    assert not thread.is_alive()
    assert shard_state(run_id) == "queued"
    with ours:
        assert ours.take(lease, threading.Event())


def stopped() -> threading.Event:
    """Looks once and does not wait."""
    event = threading.Event()
    event.set()
    return event


def test_nothing_outlives_a_killed_supervisor(models: Path) -> None:
    run_id = trainings.ask(trainings.made_pairs(), **LONG)
    supervisor = subprocess.Popen([sys.executable, "-c", SUPERVISOR], cwd=ROOT, env={**os.environ, "PYTHONPATH": "."})
    try:
        wait_until(lambda: trainings.run_row(run_id).step >= 1)
        family = psutil.Process(supervisor.pid).children(recursive=True)
        assert len(family) >= 2
    finally:
        supervisor.send_signal(signal.SIGKILL)
    assert supervisor.wait() == -signal.SIGKILL
    assert not psutil.wait_procs(family, timeout=10)[1]
    assert shard_state(run_id) == "running"  # until its lease runs out


def test_a_student_that_is_gone_fails_the_run(models: Path) -> None:
    run_id = trainings.ask(trainings.made_pairs())
    (models / "a-student").rename(models / "moved-away")
    training.train(trainings.claim(), threading.Event())
    row = trainings.run_row(run_id)
    assert (row.state, shard_state(run_id)) == ("failed", "quarantined")
    assert "a-student" in str(row.error)


def test_a_trainer_that_crashes_is_tried_again_and_then_fails_the_run(
    models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "_supervise", lambda *_: 1)
    run_id = trainings.ask(trainings.made_pairs())
    for state in ("queued", "queued", "quarantined"):
        training.train(trainings.claim(), threading.Event())
        assert shard_state(run_id) == state
    row = trainings.run_row(run_id)
    assert row.state == "failed"
    assert "ended with status 1" in str(row.error)
