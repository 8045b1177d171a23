"""Datasets of the hub, read through the real client from a server that plays the hub."""

from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pyarrow as arrow
import pytest
from pyarrow import parquet

from core.configs.source import HubSource
from core.database import transaction
from core.errors import BadInput
from core.queries import secrets
from core.tables import DEFAULT_PROJECT
from tests.conftest import forget_settings
from tests.factories import scene, sources
from tests.fakes.hub import FakeHub, serving
from workers.lease import Beats
from workers.sources.hub import CONVERTED, parts_of

REPO = "somebody/questions"
ASKED = {"kind": "hub", "repo": REPO}


def table(*values: Any, ballast: int = 0) -> bytes:
    """A parquet file with a column of prompts, one row in a group, and one that nobody asks for."""
    held = BytesIO()
    columns = {"prompt": list(values), "other": [str(n) * ballast for n in range(len(values))]}
    parquet.write_table(arrow.table(columns), held, row_group_size=1, compression="none", use_dictionary=False)
    return held.getvalue()


@pytest.fixture
def hub(database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    with serving(FakeHub()) as hub:
        monkeypatch.setenv("BURNISH_HUB_ENDPOINT", hub.url)
        monkeypatch.setenv("BURNISH_SHARD_PROMPTS", "10")
        forget_settings()
        yield hub


@pytest.fixture
def beats(hub: FakeHub) -> Iterator[Beats]:
    with Beats() as thread:
        yield thread


def error_of(id: str) -> str:
    """The error of a failed dataset."""
    return str(scene.rows("SELECT error FROM dataset WHERE id = :id AND state = 'failed'", id=id)[0].error)


def test_the_hubs_own_parquet_files_are_read_in_order(beats: Beats, hub: FakeHub) -> None:
    files = {"default/train/0001.parquet": table("three"), "default/train/0000.parquet": table("one", None, "two")}
    commit = hub.put(REPO, CONVERTED, files | {"default/test/0000.parquet": table("other"), "README.md": b"#"})
    id = sources.ask(ASKED)
    sources.gather(beats)
    assert sources.words(id) == ["one", "two", "three"]
    (shard,) = sources.shards(id, "gather")
    assert (shard.state, shard.completed, shard.failed, shard.total) == ("done", 3, 1, 4)
    told = scene.rows("SELECT message FROM event WHERE data ? 'source'")
    assert told[0].message == f"Reading prompts from {REPO} (default, train) at {commit[:12]}."


def test_only_the_column_is_fetched_and_only_as_far_as_it_is_needed(
    beats: Beats, hub: FakeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = table(*(f"question {n}" for n in range(40)), ballast=1_000_000)
    hub.put(REPO, CONVERTED, {"default/train/0000.parquet": content, "default/train/0001.parquet": table("more")})
    id = sources.ask(ASKED, n_prompts=3)
    sources.gather(beats)
    assert sources.words(id) == [f"question {n}" for n in range(3)]
    assert hub.bytes_sent < len(content) / 2
    assert not any("0001.parquet" in asked for asked in hub.asked)


def test_what_was_begun_at_one_commit_is_read_to_its_end_there(beats: Beats, hub: FakeHub) -> None:
    hub.put(REPO, "main", {"data/train-00000-of-00001.parquet": table("one", "two")})
    id = sources.ask(ASKED | {"revision": "main"})
    hub.down = True
    sources.gather(beats)  # the hub does not answer: the shard waits
    assert [(row.state, row.attempts) for row in scene.rows("SELECT state, attempts FROM shard")] == [("queued", 0)]
    assert "The hub does not answer" in scene.rows("SELECT waiting FROM shard")[0].waiting
    hub.down = False
    scene.change("UPDATE shard SET available_at = clock_timestamp()")
    sources.note(id)
    hub.put(REPO, "main", {"data/train-00000-of-00001.parquet": table("other")})
    sources.gather(beats)
    assert sources.words(id) == ["one", "two"]


def test_a_dataset_that_is_not_open_needs_the_token_of_a_secret(beats: Beats, hub: FakeHub) -> None:
    hub.token = "hf_canary"
    hub.put(REPO, CONVERTED, {"default/train/0000.parquet": table("one")})
    with transaction() as session:
        secrets.store(session, DEFAULT_PROJECT, "hub", "hf_canary")
    shut, open = sources.ask(ASKED), sources.ask(ASKED | {"secret": "hub"})
    sources.gather(beats)
    assert sources.words(open) == ["one"]
    assert error_of(shut) == (
        f"Dataset {REPO!r} is not there, or not open to us; "
        "look at its name, or name a secret with a token that opens it."
    )


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ({"repo": "nobody/nothing"}, "'nobody/nothing' is not there, or not open to us"),
        ({"revision": "v9"}, "has no revision v9."),
        ({"split": "test"}, "no parquet files of subset 'default' and split 'test'; it has: default/train"),
        ({"column": "question"}, "has no column 'question'; it has prompt, other. Name one of them."),
    ],
)
def test_what_is_not_on_the_hub_fails_the_dataset_with_its_remedy(
    source: dict[str, str], message: str, beats: Beats, hub: FakeHub
) -> None:
    hub.put(REPO, CONVERTED, {"default/train/0000.parquet": table("one")})
    id = sources.ask(ASKED | source)
    sources.gather(beats)
    assert message in error_of(id)


@pytest.mark.parametrize(
    ("paths", "asked", "found"),
    [
        (["default/train/0.parquet", "default/test/0.parquet", "other/train/0.parquet"], {}, [0]),
        (["default/train/0.parquet", "other/train/0.parquet"], {"subset": "other"}, [1]),
        (["data/train-00000-of-2.parquet", "data/train-00001-of-2.parquet", "data/training.parquet"], {}, [0, 1]),
        (["train.parquet", "test.parquet"], {"split": "test"}, [1]),
        (["sub/train-0.parquet", "train-0.parquet", "train-0.csv"], {}, [1]),
        (["default/partial-train/0.parquet"], {"split": "partial-train"}, [0]),
    ],
)  # fmt: skip
def test_files_of_a_split_are_found_in_every_layout(paths: list[str], asked: dict[str, str], found: list[int]) -> None:
    source = HubSource.model_validate(ASKED | asked)
    assert parts_of(paths, source) == [paths[place] for place in found]


def test_an_ambiguous_subset_is_asked_for_by_name() -> None:
    with pytest.raises(BadInput, match="it has: a/train, b/train"):
        parts_of(["a/train-0.parquet", "b/train-0.parquet"], HubSource.model_validate(ASKED))
