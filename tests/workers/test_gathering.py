"""Prompts from sources: which, in which order, and the same again whatever happens in between."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from core.configs.source import ParquetSource
from core.database import transaction
from core.errors import LeaseLost
from core.ledger import Claim
from core.queries import behaviors, datasets, shards
from core.queries.gathered import Frame, frame
from core.queries.sources import Batch, begin, place, store
from core.states import Queue
from core.tables import DEFAULT_PROJECT
from tests.factories import ledger, scene, sources
from workers import sweep
from workers.gathering import Intake
from workers.lease import Beats
from workers.sources import open_source

PARQUET = {"kind": "parquet", "path": "prompts.parquet"}
PARQUET_SOURCE = ParquetSource(kind="parquet", path="prompts.parquet")
HELD_OUT = 3  # evaluation prompts of the behavior


@pytest.fixture
def root(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BURNISH_SHARD_PROMPTS", "10")
    return sources.data_root(tmp_path / "data-root", monkeypatch)


@pytest.fixture
def beats(root: Path) -> Iterator[Beats]:
    with Beats() as thread:
        yield thread


def test_a_column_of_texts_becomes_prompts_in_its_order_with_shards_behind_them(beats: Beats, root: Path) -> None:
    sources.write(root / "prompts.parquet", [f"question {n}" for n in range(25)])
    id = sources.ask(PARQUET)
    assert scene.rows("SELECT n_prompts FROM dataset")[0].n_prompts == 0
    sources.gather(beats)
    assert sources.words(id) == [f"question {n}" for n in range(25)]
    assert [row.index for row in sources.prompts(id)] == list(range(HELD_OUT, HELD_OUT + 25))
    assert scene.rows("SELECT n_prompts FROM dataset")[0].n_prompts == 25
    spans = [(row.first, row.last, row.total) for row in sources.shards(id, "generate")]
    assert spans == [(3, 12, 10), (13, 22, 10), (23, 27, 5)]
    assert [(row.state, row.completed, row.failed, row.total) for row in sources.shards(id, "gather")] == [
        ("done", 25, 0, 25)
    ]
    assert scene.state(id) == "in_progress"


def test_a_dataset_with_a_source_is_worked_on_to_its_end(beats: Beats, root: Path) -> None:
    sources.write(root / "prompts.parquet", [f"question {n}" for n in range(12)])
    id = sources.ask(PARQUET, samples_per_prompt=2)
    sources.gather(beats)
    with transaction() as session:
        ledger.work_off(session)
    assert (scene.state(id), scene.pairs(id)) == ("completed", 24)


def test_a_longer_dataset_begins_as_the_shorter_one(beats: Beats, root: Path) -> None:
    sources.write(root / "prompts.parquet", [f"question {n}" for n in range(60)])
    short, long = (sources.ask(PARQUET, n_prompts=n, split={"validation": 0.3}) for n in (20, 50))
    sources.gather(beats)
    assert len(sources.prompts(long)) == 50
    assert sources.prompts(long)[:20] == sources.prompts(short)
    assert {row.split for row in sources.prompts(long)} == {"train", "validation"}


def test_rows_without_words_and_evaluation_prompts_are_left_out_and_counted(beats: Beats, root: Path) -> None:
    values = ["one", "", None, "  \n", "polite test 1?", "two", "three"]
    sources.write(root / "prompts.parquet", values)
    id = sources.ask(PARQUET, n_prompts=2)
    sources.gather(beats)
    assert sources.words(id) == ["one", "two"]
    (shard,) = sources.shards(id, "gather")
    assert (shard.completed, shard.failed, shard.total) == (2, 4, 6)
    told = scene.rows("SELECT message FROM event WHERE subject = :id ORDER BY id", id=id)
    assert told[-1].message == "Read 6 rows: 2 prompts, 4 left out: empty, or an evaluation prompt."


def test_messages_keep_their_turns_and_lose_an_answer_at_the_end(beats: Beats, root: Path) -> None:
    def turn(role: str, content: str) -> dict[str, str]:
        return {"role": role, "content": content}

    talk = [turn("system", "Be brief."), turn("user", "Hello"), turn("assistant", "Hi"), turn("user", "Why?")]
    sources.write(root / "prompts.parquet", [talk, [*talk, turn("assistant", "Because.")], [turn("assistant", "Hm")]])
    id = sources.ask(PARQUET)
    sources.gather(beats)
    assert [row.messages for row in sources.prompts(id)] == [talk, talk]
    assert sources.shards(id, "gather")[0].failed == 1


def test_a_folder_is_read_file_by_file_in_the_order_of_names(beats: Beats, root: Path) -> None:
    for name in ("b/part-1", "a/part-2", "a/part-1", "_temporary/part-0"):
        sources.write(root / "folder" / f"{name}.parquet", [f"{name} {n}" for n in range(2)])
    id = sources.ask({"kind": "parquet", "path": "folder"})
    sources.gather(beats)
    names = ("a/part-1", "a/part-2", "b/part-1")
    assert sources.words(id) == [f"{name} {n}" for name in names for n in range(2)]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([1, 2], "Row 1 of 'prompts.parquet', column 'prompt', is int; a prompt is a text, or a list of messages."),
        (["fine", "x" * 100_001], "Row 2 of 'prompts.parquet', column 'prompt', has 100001 characters, more than"),
        ([[{"role": "tool", "content": "x"}]], "column 'prompt', message 1, has the role 'tool'; it must be one of"),
        ([[{"role": "user", "content": None}]], "column 'prompt', message 1, has no content; it must be a text."),
        (["", " "], "prompts.parquet has no prompt in it; name a source that has some."),
    ],
)
def test_a_row_that_is_no_prompt_fails_the_dataset_by_row_and_column(
    values: Any, message: str, beats: Beats, root: Path
) -> None:
    sources.write(root / "prompts.parquet", values)
    id = sources.ask(PARQUET)
    sources.gather(beats)
    assert message in error_of(id)
    assert sources.shards(id, "gather")[0].state == "quarantined"


def test_a_column_that_is_not_there_is_named_beside_those_that_are(beats: Beats, root: Path) -> None:
    sources.write(root / "prompts.parquet", ["one"], column="question")
    id = sources.ask(PARQUET)
    sources.gather(beats)
    assert error_of(id) == "File 'prompts.parquet' has no column 'prompt'; it has number, question. Name one of them."


def test_more_prompts_than_a_dataset_may_have_are_refused(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sources.write(root / "prompts.parquet", [f"question {n}" for n in range(30)])
    monkeypatch.setenv("BURNISH_MAX_PROMPTS", "20")
    sources.data_root(root, monkeypatch)
    id, less = sources.ask(PARQUET), sources.ask(PARQUET, n_prompts=20)
    with Beats() as beats:
        sources.gather(beats)
    assert "more prompts than one dataset may have (20)" in error_of(id)
    assert scene.state(less) == "in_progress"


@dataclass(frozen=True)
class Hand:
    """A worker that has read a batch and not written it yet."""

    claim: Claim
    frame: Frame
    batch: Batch

    def write(self) -> None:
        """Raises LeaseLost."""
        with transaction() as session:
            store(session, self.claim, self.frame, self.batch)


def take() -> Hand:
    """Claim the oldest shard and read its next batch."""
    with transaction() as session:
        claim = shards.claim(session, queue=Queue.score, owner="a test")
        assert claim is not None
        found, (prompts, left_out) = frame(session, claim.dataset_id), place(session, claim)
    assert found.config.source is not None
    batch = Intake(
        open_source(found.config.source, project_id=DEFAULT_PROJECT), found, prompts=prompts, left_out=left_out
    ).next()
    assert batch is not None
    return Hand(claim, found, batch)


def test_reading_goes_on_where_it_stood_and_ends_with_the_same_prompts(beats: Beats, root: Path) -> None:
    values = [None if n % 7 == 0 else f"question {n}" for n in range(2_500)]
    sources.write(root / "prompts.parquet", values)
    broken = sources.ask(PARQUET)
    for number in (1_000, 2_000):
        hand = take()
        hand.write()
        hand.write()  # as after a COMMIT of unknown fate
        assert len(sources.prompts(broken)) == number
        with transaction() as session:
            shards.hand_back(session, hand.claim)
    sources.gather(beats)
    whole = sources.ask(PARQUET)
    sources.gather(beats)
    assert len(sources.prompts(whole)) == sum(value is not None for value in values)
    assert sources.prompts(broken) == sources.prompts(whole)
    assert sources.shards(broken, "generate") == sources.shards(whole, "generate")
    assert sources.shards(broken, "gather") == sources.shards(whole, "gather")


@pytest.mark.parametrize("stop", [datasets.cancel, datasets.pause])
def test_a_stopped_dataset_takes_no_more_prompts_until_it_is_resumed(
    stop: Callable[..., Any], beats: Beats, root: Path
) -> None:
    sources.write(root / "prompts.parquet", [f"question {n}" for n in range(1_500)])
    id = sources.ask(PARQUET)
    take().write()
    late = take_again(id)
    with transaction() as session:
        stop(session, DEFAULT_PROJECT, id)
    with pytest.raises(LeaseLost):
        late.write()
    sources.gather(beats)
    assert len(sources.prompts(id)) == 1_000
    with transaction() as session:
        datasets.resume(session, DEFAULT_PROJECT, id)
    sources.gather(beats)
    assert sources.words(id) == [f"question {n}" for n in range(1_500)]


def take_again(id: str) -> Hand:
    """The shard's holder vanished; somebody else reads on."""
    scene.change("UPDATE shard SET lease_expires_at = clock_timestamp() - interval '1 s' WHERE state = 'running'")
    sweep.sweep()
    scene.change("UPDATE shard SET available_at = clock_timestamp() WHERE stage = 'gather'")
    hand = take()
    assert hand.claim.dataset_id == id
    return hand


def test_a_source_that_changed_since_its_first_prompts_fails_the_dataset(beats: Beats, root: Path) -> None:
    sources.write(root / "prompts.parquet", [f"question {n}" for n in range(1_500)])
    id = sources.ask(PARQUET)
    hand = take()
    with transaction() as session:
        begin(session, hand.claim, open_source(PARQUET_SOURCE, project_id=DEFAULT_PROJECT).described)
    hand.write()
    with transaction() as session:
        shards.hand_back(session, hand.claim)
    sources.write(root / "prompts.parquet", [f"another {n}" for n in range(1_500)])
    sources.gather(beats)
    assert "is not what it was when its first prompts were read" in error_of(id)


def error_of(id: str) -> str:
    """The error of a failed dataset."""
    return str(scene.rows("SELECT error FROM dataset WHERE id = :id AND state = 'failed'", id=id)[0].error)


def test_the_prompts_of_a_finished_dataset_come_in_its_order(beats: Beats, root: Path) -> None:
    with transaction() as session:
        first = ledger.made_dataset(session, made=ledger.Made(same_each=3))
    id = sources.ask({"kind": "dataset", "dataset": first.id}, n_prompts=10)
    kept = sources.ask({"kind": "dataset", "dataset": first.id, "kept": True})
    sources.gather(beats)
    everything = sources.words(first.id)
    assert len(everything) == 12
    assert sources.words(id) == everything[:10]
    good = "SELECT p.messages FROM pair JOIN prompt p ON p.id = prompt_id WHERE verdict = 'kept' ORDER BY p.index"
    assert sources.words(kept) == [row.messages[-1]["content"] for row in scene.rows(good)]
    assert 0 < len(sources.words(kept)) < 12


def test_prompts_of_a_dataset_come_without_templates_and_without_their_behaviors_system_prompt(
    beats: Beats, root: Path
) -> None:
    with transaction() as session:
        first = ledger.made_dataset(session).id
        kind = ledger.behavior("kind").model_copy(update={"system": "Be kind."})
        other = behaviors.store(session, DEFAULT_PROJECT, kind).id
    scene.change(
        """UPDATE prompt SET plain = '[{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Why?"}]',
        messages = '[{"role": "user", "content": "As a pirate: Why?"}]', wrapper = 'pirate', distribution = 'in',
        guard = true, tags = '{"topic": "sea"}', behavior_id = :other WHERE index = 0""",
        other=other,
    )
    id = sources.ask({"kind": "dataset", "dataset": first}, n_prompts=1)
    sources.gather(beats)
    (row,) = sources.prompts(id)
    assert row.messages == [{"role": "user", "content": "Why?"}]
    assert (row.guard, row.tags, row.plain) == (True, {"topic": "sea"}, None)
