"""The card of a dataset says where its prompts came from."""

from typing import Any

import pytest

from core.card import card
from core.configs.dataset import DatasetConfig
from core.queries.cards import CardFacts
from core.tables import Dataset, File

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
    assert "| m | https://one.example/v1 | self_critique |" in card(facts(teacher=behind))
    assert "| tiny-teacher | - | self_critique |" in card(facts(teacher={"model": "tiny-teacher"}))


def test_a_card_of_an_import_names_its_file() -> None:
    text = card(facts(File(id="file-1", name="pairs.jsonl", rows=8, sha256="ab")))
    assert "Imported from a file of 8 pairs (`file-1`, SHA-256 `ab`)." in text
    assert "## Prompts" not in text


def test_a_card_counts_what_came_through_each_gate() -> None:
    text = card(facts())
    assert "| chains that ended | 10 |" in text
    assert "| chains that ended well | 8 |" in text
    assert "| pairs that repeat nothing, as far as the filters look for it | 6 |" in text
