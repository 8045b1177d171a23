"""Two processes hold a student together: they train as one does, and what befalls one of them ends both, resumably."""

import errno
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from sqlalchemy import select

from core import artifacts
from core.database import transaction
from core.errors import DiskFull
from core.queries import checkpoints, events, runs
from core.settings import settings
from core.tables import DEFAULT_PROJECT, Shard
from tests.factories import trainer_process, trainings
from tests.factories.models import causal_model
from tests.factories.trainer_process import Crash
from tests.faults.test_best_checkpoint import BEST, WATCHED, check_end
from tests.faults.test_trainer_killed import LORA
from tests.faults.trainer_faults import metrics, noted_pairs, sweep, twin, weights
from trainer.__main__ import DISK_FULL, DONE, PAUSED

MID_STEP = Crash("trainer.step", "Stepper._update", nth=4)
# Steps of 6 pairs: in two micro-batches, in three (one process has nothing to do in the last round), in one.
ASKED: dict[str, dict[str, Any]] = {
    "full, two micro-batches": {},
    "full, clipped, three micro-batches": {"training": {"micro_batch_size": 2, "max_grad_norm": 0.01}},
    "full, one micro-batch": {"training": {"micro_batch_size": 6}},
    "lora with dropout": LORA,
    "full, activations computed anew": {"training": {"gradient_checkpointing": True}},
    "lora with dropout, activations computed anew": {"training": LORA["training"] | {"gradient_checkpointing": True}},
    "with the running gap": {
        "method": {"type": "alpha_dpo", "alpha_dpo": {"sft_weight": 0.1}}, "training": {"micro_batch_size": 2},
    },
}  # fmt: skip


def assert_as_the_twin(run_id: str, student: Path, *, within: float = 1e-5, **asked: Any) -> None:
    """The loss curve of a single process within 1e-5, and its weights and noted pairs within 1e-4."""
    tuned, logged, noted = twin(trainings.run_row(run_id).dataset_id, student, **asked)
    found = metrics(run_id)
    assert [(row["kind"], row["step"]) for row in found] == [(row["kind"], row["step"]) for row in logged]
    for row, other in zip(found, logged, strict=True):
        assert row["loss"] == pytest.approx(other["loss"], abs=within)
        if row["kind"] == "train":
            assert row["gradient_norm"] == pytest.approx(other["gradient_norm"], rel=10 * within)
    pairs = noted_pairs(run_id)
    assert len(pairs) == len(noted) > 0
    assert all(one[1:] == pytest.approx(other[1:], abs=10 * within) for one, other in zip(pairs, noted, strict=True))
    held = weights(run_id)
    assert held.keys() == tuned.keys()
    assert all(torch.allclose(held[name], tuned[name], rtol=0, atol=10 * within) for name in tuned)


def shard_state(run_id: str) -> str:
    with transaction() as session:
        return session.scalars(select(Shard.state).where(Shard.run_id == run_id)).one()


@pytest.mark.parametrize("asked", ASKED.values(), ids=ASKED)
def test_two_processes_train_as_one(asked: dict[str, Any], student: Path) -> None:
    run_id = trainings.ask(trainings.made_pairs(), **asked)
    assert trainer_process.train_together(trainings.claim(), student) == [DONE, DONE]
    assert trainings.run_row(run_id).facts["processes"] == 2
    assert_as_the_twin(run_id, student, **asked)


@pytest.mark.parametrize("first", [1, 2], ids=["saved by one", "saved by two"])
@pytest.mark.parametrize("asked", [{}, LORA], ids=["full", "lora"])
def test_any_number_of_processes_goes_on_from_a_checkpoint(first: int, asked: dict[str, Any], student: Path) -> None:
    run_id = trainings.ask(trainings.made_pairs(), **asked)
    if first == 1:
        assert trainer_process.train(trainings.claim(), student, MID_STEP) == -9
        sweep()
        assert trainer_process.train_together(trainings.claim(), student) == [DONE, DONE]
    else:
        assert trainer_process.train_together(trainings.claim(), student, {0: MID_STEP, 1: MID_STEP}) == [-9, -9]
        sweep()
        assert trainer_process.train(trainings.claim(), student) == DONE
    with transaction() as session:
        told = [event.message for event in events.after(session, DEFAULT_PROJECT, [run_id], limit=1000)]
    assert any(message.startswith("Resumed after step 2") for message in told)
    assert_as_the_twin(run_id, student, **asked)


BFLOAT16 = {"training": {"dtype": "bfloat16"}}


FAULTS = {
    "one of two, mid-step": ({1: MID_STEP}, [1, -9]),
    "rank 0, mid-step": ({0: MID_STEP}, [-9, 1]),
    "one of two, before its parts": ({1: Crash("trainer.parts", "write_parts", nth=2)}, [1, -9]),
    "rank 0, before the manifest": ({0: Crash("core.artifacts", "_seal", nth=2)}, [-9, 1]),
}


@pytest.mark.parametrize(("crashes", "statuses"), FAULTS.values(), ids=FAULTS)
def test_a_process_that_is_killed_ends_the_others_and_two_go_on_from_a_whole_checkpoint(
    crashes: dict[int, Crash], statuses: list[int], student: Path
) -> None:
    run_id = trainings.ask(trainings.made_pairs())
    assert trainer_process.train_together(trainings.claim(), student, crashes) == statuses
    assert (trainings.run_row(run_id).artifact, shard_state(run_id)) == (None, "running")
    with transaction() as session:
        (kept,) = checkpoints.on_disk(session, run_id)
    artifacts.verify(settings().data_dir / kept.path, manifest_sha256=kept.manifest_sha256)
    assert kept.step == 2
    sweep()
    assert trainer_process.train_together(trainings.claim(), student) == [DONE, DONE]
    assert_as_the_twin(run_id, student)
    left = {path.name for path in (settings().data_dir / "runs" / run_id).glob("attempt-*/*")}
    assert not any(name.startswith("tmp-") for name in left), left


def test_a_damaged_part_of_a_checkpoint_sends_both_back_to_the_one_before(student: Path) -> None:
    run_id = trainings.ask(trainings.made_pairs())
    late = Crash("trainer.step", "Stepper._update", nth=5)
    assert trainer_process.train_together(trainings.claim(), student, {0: late, 1: late}) == [-9, -9]
    with transaction() as session:
        newest = checkpoints.on_disk(session, run_id)[0]
    assert newest.step == 4
    file = sorted((settings().data_dir / newest.path).glob("shard-00002-*.safetensors"))[0]
    file.write_bytes(file.read_bytes()[:-100])
    sweep()
    assert trainer_process.train_together(trainings.claim(), student) == [DONE, DONE]
    with transaction() as session:
        told = [event.message for event in events.after(session, DEFAULT_PROJECT, [run_id], limit=1000)]
    assert sum("is damaged" in message for message in told) == 1
    assert any(message.startswith("Resumed after step 2") for message in told)
    assert_as_the_twin(run_id, student)


@pytest.mark.parametrize("rank", [0, 1])
def test_a_disk_that_fills_up_for_one_process_pauses_the_run_for_both(rank: int, student: Path) -> None:
    run_id = trainings.ask(trainings.made_pairs())
    full = Crash(
        "torch.distributed.checkpoint.hf_storage", "HuggingFaceStorageWriter.write_data", nth=2,
        error=OSError(errno.ENOSPC, "No space left on device"),
    )  # fmt: skip
    assert trainer_process.train_together(trainings.claim(), student, {rank: full}) == [DISK_FULL, DISK_FULL]
    paused = trainings.run_row(run_id)
    assert (paused.state, paused.pause_reason, shard_state(run_id)) == ("paused", "disk_full", "paused")
    with transaction() as session:
        (kept,) = checkpoints.on_disk(session, run_id)
        runs.resume(session, DEFAULT_PROJECT, run_id)
    assert kept.step == 2
    assert [path.name for path in (settings().data_dir / kept.path).parent.iterdir()] == ["checkpoint-00000002"]
    assert trainer_process.train_together(trainings.claim(), student) == [DONE, DONE]
    assert_as_the_twin(run_id, student)


@pytest.mark.parametrize("rank", [0, 1])
@pytest.mark.parametrize("asked", [{}, {"dry_run": True}], ids=["training", "dry run"])
def test_a_disk_without_room_for_the_pairs_of_one_process_pauses_the_run_for_both(
    rank: int, asked: dict[str, Any], student: Path
) -> None:
    run_id = trainings.ask(trainings.made_pairs(), **asked)
    full = Crash("trainer.scratch", "Scratch.flush", nth=2, error=DiskFull("The disk is full."))
    assert trainer_process.train_together(trainings.claim(), student, {rank: full}) == [DISK_FULL, DISK_FULL]
    paused = trainings.run_row(run_id)
    assert (paused.state, paused.pause_reason, shard_state(run_id)) == ("paused", "disk_full", "paused")
    assert paused.facts["room_wanted"] > 0
    with transaction() as session:
        runs.resume(session, DEFAULT_PROJECT, run_id)
    assert trainer_process.train_together(trainings.claim(), student) == [DONE, DONE]
    if not asked:
        assert_as_the_twin(run_id, student)


def test_a_pause_stops_both_at_the_step_that_is_in_the_checkpoint(student: Path) -> None:
    run_id = trainings.ask(trainings.made_pairs())
    claim = trainings.claim()
    trainings.ask_for_pause(run_id)
    assert trainer_process.train_together(claim, student) == [PAUSED, PAUSED]
    paused = trainings.run_row(run_id)
    assert (paused.state, paused.step) == ("paused", 1)
    with transaction() as session:
        runs.resume(session, DEFAULT_PROJECT, run_id)
    assert trainer_process.train_together(trainings.claim(), student) == [DONE, DONE]
    assert_as_the_twin(run_id, student)


TAKEN = Crash("trainer.checkpoint", "take_best")
ROUNDED = 1e-4  # at a rate so high that the losses rise again, differences of rounding grow


@pytest.mark.parametrize("first", [1, 2], ids=["saved by one", "saved by two"])
def test_two_processes_end_as_early_and_take_the_same_best_weights(first: int, student: Path) -> None:
    run_id = trainings.ask(trainings.made_pairs(validation=8), **WATCHED)
    if first == 1:
        assert trainer_process.train(trainings.claim(), student, TAKEN) == -9
    else:
        assert trainer_process.train_together(trainings.claim(), student, {0: TAKEN, 1: TAKEN}) == [-9, -9]
    sweep()
    assert trainer_process.train_together(trainings.claim(), student) == [DONE, DONE]
    check_end(run_id)
    assert_as_the_twin(run_id, student, within=ROUNDED, **WATCHED)


def test_a_damaged_best_checkpoint_sends_both_back_before_it(student: Path) -> None:
    run_id = trainings.ask(trainings.made_pairs(validation=8), **WATCHED)
    assert trainer_process.train_together(trainings.claim(), student, {0: TAKEN, 1: TAKEN}) == [-9, -9]
    with transaction() as session:
        best = next(one for one in checkpoints.on_disk(session, run_id) if one.step == BEST)
    file = sorted((settings().data_dir / best.path).glob("shard-00002-*.safetensors"))[0]
    file.write_bytes(file.read_bytes()[:-100])
    sweep()
    assert trainer_process.train_together(trainings.claim(), student) == [DONE, DONE]
    with transaction() as session:
        told = [event.message for event in events.after(session, DEFAULT_PROJECT, [run_id], limit=1000)]
    assert sum(message.startswith("Training begins") for message in told) == 2
    check_end(run_id)
    assert_as_the_twin(run_id, student, within=ROUNDED, **WATCHED)


def looked_at(student: Path, **asked: Any) -> list[dict[str, Any]]:
    """The reports of a dry run by one process and by two."""
    dataset_id, told = trainings.made_pairs(), []
    for processes in (1, 2):
        run_id = trainings.ask(dataset_id, dry_run=True, **asked)
        claim = trainings.claim()
        if processes == 1:
            assert trainer_process.train(claim, student) == DONE
        else:
            assert trainer_process.train_together(claim, student) == [DONE, DONE]
        told.append(trainings.run_row(run_id).facts[runs.PREFLIGHT])
        with transaction() as session:
            runs.looked(session, claim)
    return told


@pytest.mark.parametrize("asked", [{}, LORA], ids=["full", "lora"])
def test_a_dry_run_of_two_processes_reckons_what_each_of_them_holds(asked: dict[str, Any], student: Path) -> None:
    told = looked_at(student, **asked)
    alone, together = (report["memory"]["estimated"] for report in told)
    assert together["activations"] == pytest.approx(alone["activations"], rel=0.02)  # of as large a micro-batch
    assert together["gradients"] == pytest.approx(alone["gradients"] / 2, rel=0.1)
    assert together["optimizer"] == 2 * together["gradients"]
    assert [report["student"]["processes"] for report in told] == [1, 2]
    assert told[0]["student"]["trained_parameters"] == told[1]["student"]["trained_parameters"]


def test_activations_computed_anew_keep_no_copies_of_weights_in_bfloat16(student: Path) -> None:
    """Two bytes of each weight that multiplies, in each process: as many for two as for one."""
    layers = 4
    causal_model(student, layers=layers)
    kept = [report["memory"]["estimated"] for report in looked_at(student, **BFLOAT16)]
    training = BFLOAT16["training"] | {"gradient_checkpointing": True}
    anew = [report["memory"]["estimated"] for report in looked_at(student, training=training)]
    block = sum(p.numel() for name, p in load_file(student / "model.safetensors").items() if ".layers.0." in name)
    for one, other in zip(kept, anew, strict=True):
        assert one["activations"] - other["activations"] > 2 * (layers - 1) * block
        assert one["activations"] > 2 * layers * block
    assert kept[0]["activations"] == pytest.approx(kept[1]["activations"], rel=0.02)
    outside = kept[0]["weights"] - 4 * layers * block
    assert kept[1]["weights"] == pytest.approx(kept[0]["weights"] / 2 + outside + 4 * block, rel=0.01)
