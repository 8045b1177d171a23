"""What the demo makes of an evaluation, and how stages are read off the nouns."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from client import demo
from client.account import Account, Repeat, before
from client.command import output, watch
from client.comparison import changes, compare
from client.models import Distillation, Estimate, Evaluation, Pair
from client.stages import Snapshot, Stage, of_distillation
from core.configs.distillation import DistillationConfig

MOMENT = "2026-01-02T03:04:05Z"

FUNNEL = {"asked": 40, "produced": 40, "parsed": 38, "scored": 38, "distinct": 31, "kept": 30} | {
    "dropped": {"identical": 7, "near_duplicates": 1}
}


def part(low: float, high: float) -> dict[str, Any]:
    """A line of a summary whose difference has this interval."""
    means = {"base": {"mean": 0.3, "low": 0.2, "high": 0.4}, "tuned": {"mean": 0.9, "low": 0.8, "high": 1.0}}
    return {"n": 40, **means, "difference": {"mean": (low + high) / 2, "low": low, "high": high}}


def evaluation(low: float = 0.5, high: float = 0.7) -> Evaluation:
    """A settled evaluation of two behaviors."""
    guard = {"n": 10, "base": 0.02, "tuned": 0.04, "difference": {"mean": 0.02, "low": 0.0, "high": 0.1}}
    summary = {
        "headline": "rule:expected",
        "scorers": {"rule:expected": {"behaviors": {"a": part(0.1, 0.2)}, "overall": part(low, high)}},
        "over_refusal": {"behaviors": {"a": guard}, "overall": guard},
    }
    answers = [
        {"behavior": "a", "guard": True, "base": "x", "tuned": "y", "prompt": [{"role": "user", "content": "guard"}]},
        {"behavior": "a", "guard": False, "base": "x", "tuned": "x", "prompt": [{"role": "user", "content": "same"}]},
        {"behavior": "a", "guard": False, "base": "x", "tuned": "y", "prompt": [{"role": "user", "content": "moved"}]},
        {"behavior": "b", "guard": True, "base": "x", "tuned": "x", "prompt": [{"role": "user", "content": "b"}]},
    ]
    return Evaluation(id="eval_1", run="run_1", status="completed", summary=summary, samples=answers)


def distillation() -> Distillation:
    """A distillation whose run evaluates."""
    counts = {"total": 10, "completed": 9, "failed": 1}
    dataset = {
        "id": "ds_1", "status": "completed", "config": {}, "request_counts": counts,
        "stages": {"generate": counts, "score": counts, "pair": counts}, "pairs": None, "tokens": 5,
        "seconds_remaining": None, "error": None, "created_at": MOMENT,
    }  # fmt: skip
    run = {
        "id": "run_1", "status": "evaluating", "dataset": "ds_1", "config": {}, "step": 4, "total_steps": 8,
        "seconds_remaining": {"seconds": 3.0, "low": 2.0, "high": 4.0}, "stages": {"answer": counts},
        "queue_position": None, "metrics": {"loss": 0.25}, "facts": {}, "model": "/models/tuned", "error": None,
        "created_at": MOMENT,
    }  # fmt: skip
    return Distillation.model_validate(
        {
            "id": "dist_1", "status": "evaluating", "config": {}, "dataset": "ds_1", "run": "run_1",
            "dataset_object": dataset, "run_object": run, "error": None, "created_at": MOMENT,
        }
    )  # fmt: skip


def pair(id: str, text: str, **told: Any) -> Pair:
    """A pair of this prompt."""
    row = {
        "id": id, "behavior": "a", "split": "train", "prompt": [{"role": "user", "content": text}], "chosen": "yes",
        "rejected": "no", "critique": None, "score_chosen": 1.0, "score_rejected": 0.0, "margin": 1.0,
        "verdict": "kept", "reason": None, "engine": "vllm",
    }  # fmt: skip
    return Pair.model_validate(row | told)


def settled() -> Account:
    """What the dataset took, with one near-duplicate."""
    around = {"expected": 5_000.0, "low": 1_000.0, "high": 9_000.0}
    estimate = {
        "basis": "bounds", "measured_chains": 0, "chains": 10, "prompt_tokens": around, "sampled_tokens": around,
        "seconds": None, "usd": None, "exceeds": [],
    }  # fmt: skip
    dropped = {"verdict": "dropped", "reason": "near_duplicates", "duplicate_of": "pair_1", "similarity": 0.925}
    repeat = Repeat(pair("pair_2", "is it so now ?", **dropped), pair("pair_1", "is it so ?"))
    dataset = distillation().dataset_object
    assert dataset is not None
    return Account(Estimate.model_validate(estimate), dataset, [repeat])


def result(low: float = 0.5) -> demo.Result:
    """What a demo ends with."""
    return demo.Result(distillation(), evaluation(low), {"a": 30, "overall": 30}, "vllm", 123.4, FUNNEL, settled())


def test_the_improvement_counts_when_its_whole_interval_lies_above_zero() -> None:
    assert result(0.01).improved
    assert not result(-0.01).improved
    assert not result(0.0).improved


def test_an_evaluation_that_is_not_settled_improves_nothing() -> None:
    unsettled = Evaluation(id="eval_1", run="run_1", status="in_progress", summary=None, samples=[])
    assert changes(unsettled) == []
    assert not demo.Result(distillation(), unsettled, {}, "vllm", 1.0, FUNNEL, settled()).improved


def test_the_file_holds_every_number_by_behavior(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BURNISH_DATA_DIR", str(tmp_path / "data"))
    file = demo.write(result())
    assert file == tmp_path / "data" / "demo.json"
    written = json.loads(file.read_text())
    assert written["behaviors"]["a"] == {
        "pairs": 30, "n": 40, "before": 0.3, "after": 0.9, "difference": pytest.approx(0.15), "interval": [0.1, 0.2],
        "over_refusal_before": 0.02, "over_refusal_after": 0.04, "seconds": 123.4,
    }  # fmt: skip
    assert written["overall"]["interval"] == [0.5, 0.7]
    assert written["improved"] is True
    assert written["estimate"]["sampled_tokens"] == {"expected": 5_000.0, "low": 1_000.0, "high": 9_000.0}
    assert written["spent"] == {"sampled_tokens": 5, "prompt_tokens": 0}
    assert written["near_duplicates"] == [
        {
            "pair": "pair_2", "duplicate_of": "pair_1", "similarity": 0.925, "prompt": "is it so now ?",
            "chosen": "yes", "other_prompt": "is it so ?", "other_chosen": "yes",
        }
    ]  # fmt: skip
    assert written["model"] == "/models/tuned"
    assert {"python", "torch"} <= set(written["versions"])


def test_samples_prefer_prompts_that_are_no_lookalikes_and_that_moved() -> None:
    assert [sample["prompt"][-1]["content"] for sample in demo.samples(evaluation().samples)] == ["moved", "b"]


def test_the_table_and_the_samples_are_shown_as_plain_text(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = io.StringIO()
    monkeypatch.setattr(demo, "console", Console(file=screen, width=120))
    demo.show(result())
    for told in (
        "Sampled 5 tokens",
        "Left out, 0.93 alike: 'is it so now ?' beside 'is it so ?'",
        "+0.60",
        "+0.50 to +0.70",
        "moved",
        "/models/tuned",
        "2 min 03 s",
    ):
        assert told in screen.getvalue()
    assert compare(evaluation()).row_count == 2


def test_the_estimate_is_a_sentence_with_its_bounds() -> None:
    said = before(settled().estimate)
    assert said == "10 chains will sample about 5,000 (1,000 to 9,000) tokens and read about 5,000 (1,000 to 9,000)."


def test_the_request_is_one_the_server_accepts() -> None:
    asked = demo.request(600)
    assert DistillationConfig.model_validate(asked).method.type == "rdpo"
    assert asked["dataset"]["n_prompts"] == 600
    assert asked["dataset"]["behavior"] == ["tiny-sycophancy", "tiny-roleplay", "tiny-safety"]
    assert all((demo.FOLDER / f"{name}.yaml").is_file() for name in demo.BEHAVIORS)


def test_a_distillation_is_a_row_of_stages() -> None:
    snapshot = of_distillation(distillation())
    assert [(stage.name, stage.done, stage.total) for stage in snapshot.stages] == [
        ("generate", 10, 10),
        ("score", 10, 10),
        ("pair", 10, 10),
        ("train", 4, 8),
        ("answer", 10, 10),
    ]
    assert snapshot.stages[3].note == "loss 0.2500"
    assert not snapshot.ended


def test_lines_and_bars_show_what_moved(monkeypatch: pytest.MonkeyPatch) -> None:
    for board_type, terminal in ((watch.Lines, False), (watch.Bars, True)):
        screen = io.StringIO()
        monkeypatch.setattr(watch, "console", Console(file=screen, width=120, force_terminal=terminal))
        board = board_type()
        board.show(Snapshot("ds_1", "in_progress", (Stage("score", 0, None),), None))
        board.show(Snapshot("ds_1", "in_progress", (Stage("score", 3, 9, 12.0, "1 failed"),), None))
        board.show(Snapshot("ds_1", "completed", (Stage("score", 9, 9),), None))
        board.close()
        assert "score" in screen.getvalue()
        assert "9" in screen.getvalue()


def test_time_is_told_as_people_tell_it() -> None:
    assert [output.seconds(number) for number in (3.2, 100, 4000)] == ["3 s", "1 min 40 s", "1 h 06 min"]


def test_the_funnel_is_one_line_with_every_reason() -> None:
    line = demo.funnel_line(FUNNEL)
    assert line.startswith("Pairs: 40 asked > 40 produced > 38 parsed")
    assert line.endswith("(dropped: 7 identical, 1 near duplicates)")
