"""A dry run with a real student and ledger: what it reports is what is there, and it leaves nothing behind."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from transformers import AutoTokenizer

from core.database import transaction
from core.queries import runs
from core.settings import settings
from core.tables import DEFAULT_PROJECT, Checkpoint, Pair, Prompt, ReferenceLogProb, RunMetric
from tests.conftest import forget_settings
from tests.factories import trainer_process, trainings
from tests.factories.models import CHATML, edit_config
from trainer.tie import LOST

OFTEN = "Thank you. Thank you."
# Whoever is thanked so often is answered in another conversation: the prompt's tokens are not its beginning.
FICKLE = "{% if '" + OFTEN + "' in messages[-1]['content'] %}{{ 'Well! ' }}{% endif %}" + CHATML
LONGEST = 62
APART = 2.0  # the estimate's factor, either way, of what a student holds on top of the process
LARGE = {"batch_size": 40, "micro_batch_size": 40, "micro_batch_tokens": 20_000, "epochs": 1}


@pytest.fixture
def student(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tiny student under a model root."""
    monkeypatch.setenv("BURNISH_MODEL_ROOTS", json.dumps([str(tmp_path / "models")]))
    forget_settings()
    return trainings.student(tmp_path / "models")


def looked(student: Path, dataset_id: str, **asked: Any) -> tuple[str, dict[str, Any]]:
    """The id and the report of a dry run."""
    run_id = trainings.ask(dataset_id, dry_run=True, **asked)
    assert trainer_process.train(trainings.claim(), student) == 0, trainings.run_row(run_id).error
    found: dict[str, Any] = trainings.run_row(run_id).facts[runs.PREFLIGHT]
    return run_id, found


def lengths(student: Path, dataset_id: str, split: str) -> dict[str, tuple[int, int, int]]:
    """Tokens of prompt, chosen and rejected of each pair by its id, counted from the texts."""
    tokenizer = AutoTokenizer.from_pretrained(student)

    def count(text: str) -> int:
        return len(tokenizer.encode(text, add_special_tokens=False))

    kept = (Pair.dataset_id == dataset_id, Pair.split == split, Pair.verdict == "kept")
    with transaction() as session:
        found = session.execute(select(Pair, Prompt).join(Prompt, Prompt.id == Pair.prompt_id).where(*kept)).all()
        return {
            pair.id: (
                count(
                    "".join(f"<|im_start|>{m['role']}\n{m['content']}<|im_end|>\n" for m in prompt.messages)
                    + "<|im_start|>assistant\n"
                ),
                count(pair.chosen + "<|im_end|>"),
                count(pair.rejected + "<|im_end|>"),
            )
            for pair, prompt in found
        }


def digest(folder: Path) -> str:
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def test_a_dry_run_tells_what_is_there_and_leaves_nothing(student: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(student)
    tokenizer.chat_template = FICKLE
    tokenizer.save_pretrained(student)
    dataset_id, before = trainings.made_pairs(), digest(student)
    with transaction() as session:
        unscored = session.scalars(select(Pair).where(Pair.split == "train", Pair.verdict == "kept")).first()
        assert unscored is not None
        unscored.score_chosen = None
        lacking = unscored.id
        fickle = session.scalars(select(Pair.id).where(Pair.chosen.contains(OFTEN), Pair.verdict == "kept"))
        mismatched = set(fickle) - {lacking}
    run_id, report = looked(student, dataset_id, training={"max_length": LONGEST})

    sizes = lengths(student, dataset_id, "train")
    sizes.pop(lacking)
    long = {id: p + max(w, lo) for id, (p, w, lo) in sizes.items() if p + max(w, lo) > LONGEST}
    kept = {id: size for id, size in sizes.items() if id not in long}
    assert long
    assert len(kept) > len(long)
    for place, part in enumerate(("prompt", "chosen", "rejected")):
        column = [size[place] for size in kept.values()]
        assert (report["tokens"]["train"][part]["sum"], report["tokens"]["train"][part]["longest"]) == (
            sum(column), max(column),
        )  # fmt: skip
    validation = lengths(student, dataset_id, "validation")
    long |= {id: p + max(w, lo) for id, (p, w, lo) in validation.items() if p + max(w, lo) > LONGEST}
    told = report["left_out"]
    assert {example["id"]: example["tokens"] for example in told["too_long"]["examples"]} == long
    assert told["too_long"]["pairs"] == len(long)
    assert told["score_missing"] == {"pairs": 1, "examples": [{"id": lacking}]}
    assert report["boundary_mismatches"]["answers"] == len(mismatched)
    assert {(row["id"], row["side"]) for row in report["boundary_mismatches"]["examples"]} == {
        (id, "chosen") for id in mismatched
    }
    assert report["pairs"]["train"] == len(kept)
    assert report["steps"]["total"] == 2 * -(-len(kept) // 6)  # two epochs of batches of six
    warned = {warning["code"] for warning in report["warnings"]}
    assert {"few_pairs", "few_steps", "boundary", "many_too_long"} <= warned
    assert not {"learning_rate", "beta", "memory", "gradient"} & warned

    row = trainings.run_row(run_id)
    assert (row.artifact, row.step, row.total_steps) == (None, 4, 4)
    assert digest(student) == before
    with transaction() as session:
        for table in (Checkpoint, RunMetric, ReferenceLogProb):
            assert session.scalar(select(func.count()).select_from(table)) == 0
    assert not [path for path in (settings().data_dir / "runs").rglob("*") if path.is_file()]


@pytest.mark.parametrize("asked", [{}, {"mode": "lora"}, {"gradient_checkpointing": True}], ids=str)
def test_memory_is_reckoned_near_its_measured_peak(student: Path, asked: dict[str, Any]) -> None:
    dataset_id = trainings.made_pairs(n_prompts=40)
    with transaction() as session:
        for place, pair in enumerate(session.scalars(select(Pair).where(Pair.dataset_id == dataset_id))):
            pair.chosen, pair.rejected = ("I see. " * (20 + place % 5), "No way. " * (20 + place % 5))
    _, report = looked(student, dataset_id, training=LARGE | asked)
    assert report["memory"]["fits"]
    run_id = trainings.ask(dataset_id, training=LARGE | asked)
    assert trainer_process.train(trainings.claim(), student) == 0
    row = trainings.run_row(run_id)
    for memory in (report["memory"], row.facts["memory"]):
        parts = memory["estimated"]
        factor = (parts["total"] - parts["process"]) / (memory["measured_peak"] - parts["process"])
        assert 1 / APART < factor < APART, memory
    trained, of_all = row.facts["trained_parameters"], row.facts["parameters"]
    assert (parts["gradients"], parts["optimizer"], parts["weights"]) == (4 * trained, 8 * trained, 4 * of_all)
    assert parts["total"] == sum(size for name, size in parts.items() if name != "total")
    assert report["steps"]["total"] == row.total_steps
    assert report["pairs"] == row.facts["pairs"]


@pytest.mark.parametrize("method", ["simpo", "alpha_dpo", "sft"])
def test_every_kind_of_method_is_looked_at(student: Path, method: str) -> None:
    _, report = looked(student, trainings.made_pairs(), method=method, training={"anchors": True, "max_length": 256})
    assert len(report["probes"]) == 4
    assert report["seconds"]["training"]["low"] <= report["seconds"]["training"]["high"]
    assert (report["seconds"]["reference"] > 0) == (method == "alpha_dpo")


def test_the_reference_takes_no_time_where_an_earlier_run_has_computed_it(student: Path) -> None:
    dataset_id = trainings.made_pairs()
    trainings.ask(dataset_id)
    assert trainer_process.train(trainings.claim(), student) == 0
    assert looked(student, dataset_id)[1]["seconds"]["reference"] == 0


def test_every_validation_and_the_pass_over_all_pairs_take_their_time(student: Path) -> None:
    dataset_id = trainings.made_pairs()
    _, report = looked(student, dataset_id, training={"eval_steps": 2, "epochs": 2, "batch_size": 4})
    seconds = report["seconds"]
    tokens = {split: sum(map(sum, lengths(student, dataset_id, split).values())) for split in ("train", "validation")}
    assert report["steps"]["per_epoch"] == 5
    validations = len({2, 4, 5, 6, 8, 10})
    per_token = seconds["pair_losses"] / sum(tokens.values())
    assert seconds["validation"] == pytest.approx(validations * tokens["validation"] * per_token)
    assert seconds["reference"] == pytest.approx(seconds["pair_losses"])
    assert looked(student, dataset_id, training={"pair_losses": False})[1]["seconds"]["pair_losses"] == 0


def test_on_plain_rows_padding_and_both_prompts_take_their_time(student: Path) -> None:
    edit_config(student, attention_dropout=0.1)
    dataset_id = trainings.made_pairs()
    _, report = looked(student, dataset_id, training={"micro_batch_size": 1, "epochs": 1})
    assert report["prompts"]["form"] == "rows"
    rows = {
        split: sum(2 * (p + max(w, lo)) for p, w, lo in lengths(student, dataset_id, split).values())
        for split in ("train", "validation")
    }
    assert report["steps"]["tokens_per_step"] * report["steps"]["total"] == rows["train"]
    seconds = report["seconds"]
    assert seconds["validation"] / seconds["pair_losses"] == pytest.approx(rows["validation"] / sum(rows.values()))
    assert seconds["reference"] == pytest.approx(seconds["pair_losses"])


def test_a_cancelled_dry_run_writes_nothing(student: Path) -> None:
    run_id = trainings.ask(trainings.made_pairs(), dry_run=True)
    claim = trainings.claim()
    process = trainer_process.start(claim, student)
    with transaction() as session:
        runs.cancel(session, DEFAULT_PROJECT, run_id)
    assert trainer_process.finish(process) == LOST
    row = trainings.run_row(run_id)
    assert (row.state, row.step) == ("cancelled", 0)
    assert runs.PREFLIGHT not in row.facts


def test_what_a_training_would_fail_at_fails_the_dry_run(student: Path) -> None:
    run_id = trainings.ask(trainings.made_pairs(), dry_run=True, training={"max_length": 8})
    assert trainer_process.train(trainings.claim(), student) == 6
    row = trainings.run_row(run_id)
    assert row.state == "failed"
    assert "training.max_length above 8" in str(row.error)
