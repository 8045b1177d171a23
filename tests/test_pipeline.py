"""The main job through every real part: HTTP, PostgreSQL, Valkey, Celery, vLLM, torch; request to evaluation."""

import json
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer

from core.settings import ROOT
from tests.stack import Stack

BEHAVIORS = ("tiny-sycophancy", "tiny-roleplay", "tiny-safety")
PROMPTS = 60
MINUTES = 8


@pytest.fixture(scope="module")
def client(stack: Stack) -> Iterator[httpx.Client]:
    with stack.client() as client:
        yield client


@pytest.fixture(scope="module")
def distillation(client: httpx.Client) -> dict[str, Any]:
    """A small distillation over the three miniature behaviors, followed to its end."""
    for name in BEHAVIORS:
        recipe = yaml.safe_load((ROOT / "tiny" / "behaviors" / f"{name}.yaml").read_text())
        client.post("/behaviors", json=recipe).raise_for_status()
    asked = {
        "dataset": {
            "behavior": list(BEHAVIORS),
            "n_prompts": PROMPTS,
            "teacher": {"model": "tiny-teacher", "sampling": {"max_tokens": 64}},
            "reward": {"model": "tiny-reward"},
            "samples_per_prompt": 2,
        },
        "student": "tiny-student",
        "method": {"type": "rdpo", "rdpo": {"sft_weight": 1.0}},
        "training": {"epochs": 4, "learning_rate": 5e-4},
        "evaluation": {"prompts": 20},
    }
    answer = client.post("/distillations", json=asked)
    assert answer.status_code == httpx.codes.ACCEPTED, answer.text
    return follow(client, answer.headers["location"])


def follow(client: httpx.Client, location: str) -> dict[str, Any]:
    deadline = time.monotonic() + 60 * MINUTES
    while time.monotonic() < deadline:
        answer = client.get(location)
        if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE:  # declared, with retry-after: a busy machine
            time.sleep(float(answer.headers["retry-after"]))
            continue
        found: dict[str, Any] = answer.raise_for_status().json()
        if found["status"] in ("succeeded", "failed", "cancelled"):
            assert found["status"] == "succeeded", found
            return found
        time.sleep(0.5)
    raise AssertionError(f"no end after {MINUTES} minutes: {answer.text}")


@pytest.mark.timeout(600)
def test_every_prompt_ends_as_a_chain_and_every_whole_chain_as_a_scored_pair(
    client: httpx.Client, distillation: dict[str, Any]
) -> None:
    dataset = client.get(f"/datasets/{distillation['dataset']}").json()
    counts = dataset["request_counts"]
    assert dataset["status"] == "completed"
    assert counts["total"] == 2 * PROMPTS
    assert counts["completed"] + counts["failed"] == counts["total"]
    lines = client.get(f"/datasets/{dataset['id']}/export", params={"format": "jsonl"}).text.splitlines()
    pairs = [json.loads(line) for line in lines]
    assert len({pair["id"] for pair in pairs}) == len(pairs) > PROMPTS
    assert all(pair["score_chosen"] is not None and pair["score_rejected"] is not None for pair in pairs)
    assert all(pair["chosen"] != pair["rejected"] for pair in pairs)
    assert {pair["engine"] for pair in pairs} == {"vllm" if find_spec("vllm") else "transformers"}


def test_the_run_yields_a_model_that_transformers_loads_and_that_differs_from_the_student(
    stack: Stack, client: httpx.Client, distillation: dict[str, Any]
) -> None:
    run = client.get(f"/runs/{distillation['run']}").json()
    assert run["status"] == "succeeded"
    assert run["step"] == run["total_steps"] > 0
    folder = Path(run["model"])
    assert folder.is_relative_to(stack.data_dir)
    model, tokenizer = AutoModelForCausalLM.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    assert model.config.vocab_size == len(tokenizer)
    tuned = load_file(folder / "model.safetensors")
    student = load_file(ROOT / "tiny" / "models" / "tiny-student" / "model.safetensors")
    assert any((tuned[name].float() != student[name].float()).any() for name in student)


def test_training_and_evaluation_can_be_read_back(client: httpx.Client, distillation: dict[str, Any]) -> None:
    metrics = client.get(f"/runs/{distillation['run']}/metrics", params={"limit": 100, "kind": "train"}).json()["data"]
    assert {"loss", "accuracy", "learning_rate"} <= set(metrics[0]["values"]), metrics[0]
    evaluation = client.get(f"/runs/{distillation['run']}/evaluations").json()["data"][0]
    summary = evaluation["summary"]
    assert summary["headline"] == "rule:expected"
    assert set(summary["scorers"]) == {"classifier:tiny-reward", "rule:expected"}
    assert set(summary["scorers"]["rule:expected"]["behaviors"]) == set(BEHAVIORS)
    overall = summary["scorers"]["rule:expected"]["overall"]
    assert overall["n"] == 20 * len(BEHAVIORS)
    assert overall["difference"]["low"] > 0, overall
    messages = [event["message"] for event in client.get(f"/distillations/{distillation['id']}/events").json()["data"]]
    assert any("succeeded" in message for message in messages), messages


@pytest.mark.timeout(600)
def test_a_sweep_trains_both_its_runs_and_asks_the_untuned_model_once(
    client: httpx.Client, distillation: dict[str, Any]
) -> None:
    asked = {
        "dataset": distillation["dataset"],
        "student": "tiny-student",
        "training": {"learning_rate": 5e-4},
        "evaluation": {"prompts": 5, "engine": "transformers"},
        "grid": {"method": ["dpo", {"type": "rdpo", "rdpo": {"sft_weight": 1.0}}]},
    }
    answer = client.post("/runs", json=asked)
    assert answer.status_code == httpx.codes.ACCEPTED, answer.text
    sweep = follow(client, answer.headers["location"])
    assert sweep["run_counts"] == {"succeeded": 2, "total": 2}
    first, second = sweep["summary"]
    assert (first["method"], second["method"]) == ("dpo", "rdpo")
    assert first["evaluation"]["base"] == second["evaluation"]["base"]
    answered = [client.get(f"/runs/{row['id']}").json()["stages"]["answer"]["total"] for row in (first, second)]
    assert answered == [30, 15]
    compared = client.get("/runs/compare", params={"ids": f"{first['id']},{second['id']}"}).json()
    assert compared["differences"]["method.type"] == ["dpo", "rdpo"]
    assert compared["evaluations"][0]["n"] == 15
