"""The shipped models are the files of the manifest, and do what it says they do."""

import json
from typing import Any

import pytest
import torch
from transformers import AutoTokenizer, LlamaForCausalLM

from tiny.architecture import FOLDER
from tiny.build import SEED
from tiny.manifest import files, read
from tiny.measure import Rate, measure
from tiny.tokenizer import SILENT, build

NAMES = ("tiny-teacher", "tiny-student", "tiny-reward")
N = 60
TOLERANCE = 3.3  # standard errors: one comparison in a thousand fails by chance, and the seed is fixed


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    return read(FOLDER)


@pytest.fixture(scope="module")
def rates() -> dict[str, Rate]:
    return measure(FOLDER, n=N, seed=SEED + 1)


def test_the_files_are_those_of_the_manifest(manifest: dict[str, Any]) -> None:
    assert files(FOLDER) == manifest["files"]
    assert sum(entry["bytes"] for entry in manifest["files"].values()) < 10_000_000


def test_the_rates_measured_again_agree_with_the_manifest(manifest: dict[str, Any], rates: dict[str, Rate]) -> None:
    assert rates.keys() == manifest["rates"].keys()
    for name, rate in rates.items():
        then = manifest["rates"][name]
        pooled = (then["rate"] * then["n"] + rate.hits + 1) / (then["n"] + rate.n + 2)
        error = (pooled * (1 - pooled) * (1 / then["n"] + 1 / rate.n)) ** 0.5
        assert abs(rate.value - then["rate"]) <= TOLERANCE * error, name


def test_the_world_is_as_the_system_needs_it(manifest: dict[str, Any]) -> None:
    rates = {name: entry["rate"] for name, entry in manifest["rates"].items()}
    for name, value in rates.items():
        if name.startswith("teacher/") and name.endswith("draft good"):
            assert 0.2 < value < 0.65, name
        if name.endswith("critique exact"):
            assert value >= 0.7, name
        if name.endswith("revision good"):
            assert value >= 0.85, name
        if name.startswith("student/"):
            assert value >= 0.85 if "/guard/" in name else value <= 0.45, name
    assert 0.8 < rates["reward/all/pair order"] < 0.96


@pytest.mark.parametrize("name", NAMES)
def test_a_folder_is_whole_and_its_vocabulary_is_the_tokenizers(name: str) -> None:
    settings = json.loads((FOLDER / name / "config.json").read_text(encoding="utf-8"))
    tokenizer = AutoTokenizer.from_pretrained(FOLDER / name)
    assert settings["vocab_size"] == len(tokenizer)
    assert settings["pad_token_id"] == tokenizer.pad_token_id
    assert tokenizer.get_vocab() == build().get_vocab()
    text = "No. The capital of France is Paris."
    assert tokenizer.decode(tokenizer.encode(text)) == text


@pytest.mark.parametrize("name", ["tiny-teacher", "tiny-student"])
def test_special_tokens_are_never_said(name: str) -> None:
    model = LlamaForCausalLM.from_pretrained(FOLDER / name, dtype=torch.float32)
    words = AutoTokenizer.from_pretrained(FOLDER / name)
    assert model.generation_config.suppress_tokens == SILENT
    ids = words.apply_chat_template(
        [{"role": "user", "content": "What is the capital of France?"}], add_generation_prompt=True, return_dict=False
    )
    with torch.inference_mode():
        chances = model(input_ids=torch.tensor([ids])).logits.softmax(-1)
    assert chances[0, -1, SILENT].sum() < 1e-3
