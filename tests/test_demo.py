"""`make demo` after its set-up: everything up, one distillation, a table, everything down; and its goals hold."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from core.settings import ROOT
from tests.stack import free_port

BEHAVIORS = {"tiny-sycophancy", "tiny-roleplay", "tiny-safety"}
TOLD = {"pairs", "before", "after", "difference", "interval", "over_refusal_before", "over_refusal_after", "seconds"}
LEAST_GOLD = 0.80
MOST_LOST_ON_GUARDS = 0.05
PROMPTS = 600
MOST_SECONDS = 240  # what the demo promises on two cores, engine start included


@pytest.fixture(scope="module")
def result() -> Iterator[dict[str, Any]]:
    """What the demo wrote. The folder is one that PostgreSQL's own account may walk into."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("BURNISH_")}
    with tempfile.TemporaryDirectory(prefix="burnish-demo-") as name:
        data = Path(name) / "data"
        command = [sys.executable, "-m", "local", "demo", "--port", str(free_port()), "--data-dir", str(data)]
        done = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=900
        )
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
        assert "Tuned model:" in done.stdout
        found: dict[str, Any] = json.loads((data / "demo.json").read_text())
        yield found | {"printed": done.stdout}


@pytest.mark.timeout(1000)
def test_the_demo_improves_every_behavior_and_says_by_how_much(result: dict[str, Any]) -> None:
    assert set(result["behaviors"]) == BEHAVIORS
    assert all(set(told) >= TOLD for told in result["behaviors"].values())
    assert result["improved"]
    assert all(told["difference"] > 0 for told in result["behaviors"].values())
    assert result["overall"]["after"] >= LEAST_GOLD


def test_the_tuned_student_does_not_refuse_or_contradict_more_than_before(result: dict[str, Any]) -> None:
    overall = result["overall"]
    assert overall["over_refusal_after"] - overall["over_refusal_before"] <= MOST_LOST_ON_GUARDS


def test_the_teacher_was_the_real_engine_and_the_tuned_model_is_there(result: dict[str, Any]) -> None:
    assert result["engine"] == ("vllm" if find_spec("vllm") else "transformers")
    assert (Path(result["model"]) / "model.safetensors").is_file()
    assert len(result["samples"]) == len(BEHAVIORS)


def test_what_was_spent_lies_within_what_was_estimated_before(result: dict[str, Any]) -> None:
    estimate, spent = result["estimate"], result["spent"]
    assert estimate["chains"] == PROMPTS
    for name in ("sampled_tokens", "prompt_tokens"):
        bounds = estimate[name]
        assert f"({bounds['low']:,.0f} to {bounds['high']:,.0f})" in result["printed"]
        assert f"{spent[name]:,}" in result["printed"]
        assert bounds["low"] <= spent[name] <= bounds["high"]


def test_every_chain_is_accounted_for_in_the_funnel(result: dict[str, Any]) -> None:
    funnel = result["funnel"]
    gates = [funnel[gate] for gate in ("asked", "produced", "parsed", "scored", "distinct", "kept")]
    assert gates == sorted(gates, reverse=True)
    assert gates[0] == PROMPTS
    dropped = funnel["dropped"]
    assert funnel["scored"] - funnel["kept"] == sum(dropped.values())
    assert funnel["kept"] == result["overall"]["pairs"] == sum(told["pairs"] for told in result["behaviors"].values())
    assert all(f"{number} {reason.replace('_', ' ')}" in result["printed"] for reason, number in dropped.items())


def test_near_duplicates_are_left_out_and_say_of_what_and_how_alike(result: dict[str, Any]) -> None:
    assert result["funnel"]["dropped"]["near_duplicates"] >= 1
    assert result["near_duplicates"]
    for told in result["near_duplicates"]:
        assert 0.5 < told["similarity"] < 1  # the pair that is kept may resemble it by way of a third one
        assert told["pair"] != told["duplicate_of"]
        assert (told["prompt"], told["chosen"]) != (told["other_prompt"], told["other_chosen"])


def test_it_says_how_long_it_took_and_stays_under_what_it_promises(result: dict[str, Any]) -> None:
    assert 0 < result["seconds"] <= MOST_SECONDS
    assert all(told["seconds"] == result["seconds"] for told in result["behaviors"].values())
