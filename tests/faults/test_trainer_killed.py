"""F4 and F5: the trainer is killed, or its checkpoints are damaged; the tuned weights are bit-equal all the same."""

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from sqlalchemy import select

from core.database import transaction
from core.queries import events
from core.settings import settings
from core.tables import DEFAULT_PROJECT, Checkpoint
from tests.factories import trainer_process, trainings
from tests.factories.models import edit_config, seeing_model
from tests.factories.trainer_process import Crash
from tests.faults.trainer_faults import assert_equal_to_twin, crash_then_go_on, steps_done, sweep, weights

# 6 steps (18 training pairs, batches of 6, 2 epochs), a checkpoint after every second one.
MID_STEP = Crash("trainer.step", "Stepper._update", nth=4)
POINTS = {
    "between two chunks of reference log-probs": Crash("trainer.reference", "_store", nth=1, after=True),
    "mid-step": MID_STEP,
    "mid-checkpoint, before the manifest": Crash("core.artifacts", "_seal", nth=2),
    "between rename and ledger row": Crash("core.artifacts", "publish", nth=2, after=True),
    "before the tuned model": Crash("trainer.artifact", "publish", nth=1),
    "between the tuned model and its row": Crash("core.artifacts", "publish", nth=4, after=True),
}
LORA: dict[str, dict[str, Any]] = {"training": {"mode": "lora", "lora": {"rank": 4, "dropout": 0.1}}}


@pytest.mark.parametrize("point", POINTS)
def test_a_killed_training_ends_with_the_weights_of_an_uninterrupted_one(point: str, student: Path) -> None:
    run_id = trainings.ask(trainings.made_pairs())
    crash_then_go_on(run_id, student, POINTS[point])
    assert_equal_to_twin(run_id, student)
    left = {path.name for path in (settings().data_dir / "runs" / run_id).glob("attempt-*/*")}
    assert not any(name.startswith("tmp-") for name in left), left


def test_a_killed_lora_training_with_dropout_ends_with_the_weights_of_an_uninterrupted_one(student: Path) -> None:
    """Its steps of 6 pairs are micro-batches of 4 and 2, in each of which a prompt is forwarded once."""
    run_id = trainings.ask(trainings.made_pairs(), **LORA)
    crash_then_go_on(run_id, student, MID_STEP)
    assert_equal_to_twin(run_id, student, **LORA)
    assert trainings.run_row(run_id).facts["prompts"] == {"shared": True, "form": "pieces", "refusal": None}


@pytest.mark.parametrize("kept", [{"training": {}}, LORA], ids=["full", "lora with dropout"])
def test_activations_computed_anew_change_no_bit_in_a_killed_training_either(
    kept: dict[str, dict[str, Any]], student: Path
) -> None:
    anew = {"training": kept["training"] | {"gradient_checkpointing": True}}
    run_id = trainings.ask(trainings.made_pairs(), **anew)
    crash_then_go_on(run_id, student, MID_STEP)
    assert_equal_to_twin(run_id, student, **kept)  # which keeps them


@pytest.mark.parametrize("mode", ["full", "lora"])
def test_a_killed_training_of_a_student_that_sees_resumes_and_leaves_its_eyes_alone(mode: str, student: Path) -> None:
    seeing_model(student)
    asked = {"training": {"mode": mode, "seed": 7}}  # a seed of its own, so that the twin is one of this student
    run_id = trainings.ask(trainings.made_pairs(), **asked)
    crash_then_go_on(run_id, student, MID_STEP)
    assert_equal_to_twin(run_id, student, **asked)
    before = load_file(student / "model.safetensors")
    whole = {name.removeprefix("model.safetensors/"): tensor for name, tensor in weights(run_id).items()}
    moved = {name for name in before if not torch.equal(whole[name], before[name])}
    assert moved
    assert all("language_model" in name for name in moved)
    assert not [name for name in whole if "lora_" in name and "language_model" not in name]


def test_a_killed_training_on_plain_rows_resumes_as_exactly_and_tells_why(student: Path) -> None:
    edit_config(student, attention_dropout=0.1)
    run_id = trainings.ask(trainings.made_pairs())
    crash_then_go_on(run_id, student, MID_STEP)
    assert_equal_to_twin(run_id, student, method={"type": "rdpo"})  # said, so that the twin is one of this student
    with transaction() as session:
        told = [event.message for event in events.after(session, DEFAULT_PROJECT, [run_id], limit=1000)]
    reason = "it drops attention weights (0.1)"
    assert f"Prompts are not shared by a pair's answers: {reason}." in told
    assert trainings.run_row(run_id).facts["prompts"] == {"shared": False, "form": "rows", "refusal": reason}


def test_the_running_gap_goes_on_where_it_stood(student: Path) -> None:
    run_id = trainings.ask(trainings.made_pairs(), method="alpha_dpo")
    crash_then_go_on(run_id, student, MID_STEP)
    assert_equal_to_twin(run_id, student, method="alpha_dpo")


def test_a_training_killed_again_and_again_gets_to_its_end(student: Path) -> None:
    run_id = trainings.ask(trainings.made_pairs())
    for _ in range(2):  # each attempt gets past one checkpoint
        assert trainer_process.train(trainings.claim(), student, Crash("trainer.step", "Stepper._update", nth=3)) == -9
        sweep()
    assert trainer_process.train(trainings.claim(), student) == 0
    assert_equal_to_twin(run_id, student)


def damage(run_id: str, step: int, how: str) -> None:
    """Truncate the weights of a checkpoint, or flip one bit in them."""
    with transaction() as session:
        path = session.scalars(
            select(Checkpoint.path).where(Checkpoint.run_id == run_id, Checkpoint.step == step)
        ).one()
    file = settings().data_dir / path / "weights.safetensors"
    content = bytearray(file.read_bytes())
    if how == "truncated":
        content = content[: len(content) // 2]
    else:
        content[-100] ^= 1
    file.write_bytes(content)


@pytest.mark.parametrize(
    ("steps", "how", "resumed"), [([4], "flipped", 2), ([4], "truncated", 2), ([2, 4], "flipped", 0)]
)
def test_a_damaged_checkpoint_is_passed_over_and_told(steps: list[int], how: str, resumed: int, student: Path) -> None:
    run_id = trainings.ask(trainings.made_pairs())
    assert trainer_process.train(trainings.claim(), student, Crash("trainer.step", "Stepper._update", nth=5)) == -9
    assert steps_done(run_id) == 4
    for step in steps:
        damage(run_id, step, how)
    sweep()
    assert trainer_process.train(trainings.claim(), student) == 0
    assert_equal_to_twin(run_id, student)
    with transaction() as session:
        told = events.after(session, DEFAULT_PROJECT, [run_id], limit=1000)
        marked = session.scalars(select(Checkpoint.step).where(Checkpoint.damaged_at.is_not(None))).all()
    assert sorted(marked) == steps
    assert [event.data["step"] for event in told if "damaged" in event.message] == steps[::-1]
    begun = [event for event in told if event.message.startswith(("Resumed", "Training begins"))]
    assert begun[-1].data["step"] == resumed
