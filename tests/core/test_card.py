"""The card of a dataset says where its prompts came from."""

from collections import namedtuple
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from core.card import card
from core.configs.dataset import DatasetConfig
from core.queries.cards import CardFacts
from core.settings import reread
from core.tables import Dataset, File

Row = namedtuple("Row", ["scorer", "given", "missing", "minimum", "maximum", "mean", "sd"])
SOURCES = [
    ({}, "| behavior | polite |"),
    ({"prompts": [{"text": "Why?"}]}, "| the request | 1 |"),
    ({"source": {"kind": "file", "file": "file-01kfw3v8x2m4c9t7q0r5b6n1za"}}, "| file-01kfw3v8x2m4c9t7q0r5b6n1za |"),
    ({"source": {"kind": "dataset", "dataset": "ds_2", "kept": True}}, "| dataset | ds_2, prompts of kept pairs |"),
    ({"source": {"kind": "parquet", "path": "/srv/own/asked.parquet"}}, "| parquet | asked.parquet, column prompt |"),
    (
        {"source": {"kind": "hub", "repo": "me/asked", "revision": "v1"}},
        "| hub | me/asked, subset default, split train",
    ),
    ({"source": {"kind": "topics", "topics": ["a", "b"]}}, "| written by the teacher | 2 topics |"),
]


@pytest.fixture(autouse=True)
def settings_of_its_own() -> Iterator[None]:
    """What a test says about models and endpoints is forgotten at its end."""
    yield
    reread()


def facts(file: File | None = None, **asked: Any) -> CardFacts:
    """A dataset of which nothing is made yet."""
    return CardFacts(
        dataset=Dataset(id="ds_1", n_prompts=1),
        config=DatasetConfig.model_validate({"behavior": "polite"} | asked),
        behaviors=[],
        counts={"kept": 3, "dropped": 5, "scored": 8, "dropped:identical": 1, "dropped:duplicates": 1},
        splits={},
        chains={"done": 8, "failed": 2},
        makers=[],
        scores=[],
        scales={},
        file=file,
    )


@pytest.mark.parametrize(("asked", "told"), SOURCES)
def test_a_card_names_the_source_of_the_prompts(asked: dict[str, Any], told: str) -> None:
    text = card(facts(**asked))
    assert told in text
    assert "/srv/own" not in text


def test_a_card_tells_endpoints_of_one_model_apart() -> None:
    behind = {"engine": "openai", "model": "m", "base_url": "https://one.example/v1"}
    assert "| m | one.example | self_critique |" in card(facts(teacher=behind))
    assert "| tiny-teacher | - | self_critique |" in card(facts(teacher={"model": "tiny-teacher"}))


@pytest.mark.parametrize(
    "host", ["10.1.2.3:8000", "127.0.0.1:8001", "[fd00::7]:8000", "vllm:8000", "localhost", "llm.corp.example:8443"]
)
def test_a_card_tells_strangers_no_address_of_the_operators_own(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BURNISH_ALLOWED_ENDPOINTS", '["llm.corp.example:8443", "10.1.2.3:8000"]')
    reread()
    text = card(facts(teacher={"engine": "openai", "model": "m", "base_url": f"https://{host}/secret-path"}))
    assert "| m | a private endpoint | self_critique |" in text
    assert host not in text
    assert "secret-path" not in text


def test_a_card_names_a_tuned_model_by_its_run_and_keeps_the_folder_to_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BURNISH_MODELS", '{"run_7": {"licence": "apache-2.0"}}')
    reread()
    folders = ["/srv/burnish/runs/run_7/3/final", "/srv/burnish/runs/run_8/1/final", "/srv/own/reward"]
    judge, classifier = {"kind": "judge", "model": folders[1]}, {"kind": "classifier", "model": folders[2]}
    asked = facts(teacher={"model": folders[0]}, reward=[judge, classifier])
    names = [reward.scorer for reward in asked.config.reward]
    text = card(replace(asked, scores=[Row(scorer, 4, 0, 0.0, 1.0, 0.5, 0.1) for scorer in names]))
    assert "| run_7 | - | self_critique | 1 | 0 | apache-2.0 |" in text
    assert "| judge:run_8 | reward |" in text
    assert "| classifier:reward | reward |" in text
    assert "| run_7 | apache-2.0 |" in text
    assert "/srv" not in text


def test_a_card_of_an_import_names_its_file() -> None:
    text = card(facts(File(id="file-1", name="pairs.jsonl", rows=8, sha256="ab")))
    assert "Imported from a file of 8 pairs (`file-1`, SHA-256 `ab`)." in text
    assert "## Prompts" not in text


def test_a_card_counts_what_came_through_each_gate() -> None:
    text = card(facts())
    assert "| chains that ended | 10 |" in text
    assert "| chains that ended well | 8 |" in text
    assert "| pairs that repeat nothing, as far as the filters look for it | 6 |" in text
