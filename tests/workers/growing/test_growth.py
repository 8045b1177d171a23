"""Prompts that a teacher writes: through the real desk, with a scripted teacher."""

import asyncio
import re
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from core.database import transaction
from core.errors import BadInput, EngineDied
from core.queries import datasets
from core.tables import DEFAULT_PROJECT
from tests.conftest import forget_settings
from tests.factories import ledger, scene, sources
from tests.factories.processes import wait_until
from tests.fakes.teacher import ScriptedTeacher, identify, plain, turn
from workers import advance, engine_slot, generation, sweep
from workers.generation import GeneratingDesk
from workers.lease import Beats
from workers.teachers.teacher import Turn

TOPICS = [f"topic {number}" for number in range(12)]


class Writer:
    """A script: three prompts a try, each of other words; answers to anything else are plain."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.dies_after: int | None = None  # once

    def __call__(self, prompt: str, number: int) -> Turn:
        found = re.search("Topic: (.*)", prompt)
        if found is None:
            return plain(prompt, number)
        if self.dies_after is not None and len(self.asked) >= self.dies_after:
            self.dies_after = None
            raise EngineDied("The engine is gone.")
        self.asked.append(prompt)
        return turn(self.write(found[1], prompt.count("\n- ")))

    def write(self, topic: str, earlier: int) -> str:
        """What it says about a topic of which so many prompts are there already."""
        return "\n".join(f"{n}. Question {earlier + n} about {topic}, is it so?" for n in range(1, 4))


@pytest.fixture
def writer() -> Writer:
    return Writer()


@pytest.fixture
def beats(database: str, writer: Writer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Beats]:
    for name, value in {
        "SHARD_PROMPTS": 4,
        "RETRY_SECONDS": 0,
        "MICRO_BATCH_ROWS": 2,
        "MICRO_BATCH_SECONDS": 0.01,
    }.items():
        monkeypatch.setenv(f"BURNISH_{name}", str(value))
    forget_settings()

    async def load_teacher(*_: object, **__: object) -> ScriptedTeacher:
        return ScriptedTeacher(writer)

    monkeypatch.setattr(engine_slot, "load_teacher", load_teacher)
    monkeypatch.setattr(generation, "identify", identify)
    with Beats() as thread:
        yield thread


def ask(**asked: Any) -> str:
    """A dataset of topics; fields of the source come as `per_topic`, `near`, `topics`, `instruction`."""
    named = ("per_topic", "near", "topics", "instruction")
    source = {"kind": "topics", "topics": TOPICS, "per_topic": 5, "near": 0.99}
    source |= {name: asked.pop(name) for name in named if name in asked}
    return sources.ask(source, **asked)


def work(beats: Beats) -> None:
    """What a generating worker and the sweep do until nothing is left."""
    desk = GeneratingDesk(beats, "a test")
    while scene.rows("SELECT 1 FROM shard WHERE queue = 'generate' AND state IN ('queued', 'running')"):
        desk.drain(threading.Event())
        sweep.sweep()
    desk.close()


def test_each_topic_gives_as_many_prompts_as_were_asked_for_in_the_order_of_topics(
    beats: Beats, writer: Writer
) -> None:
    id = ask(instruction="Ask like a child.")
    work(beats)
    expected = [f"Question {n} about {topic}, is it so?" for topic in TOPICS for n in range(1, 6)]
    assert sources.words(id) == expected
    assert [row.tags["topic"] for row in sources.prompts(id)] == [topic for topic in TOPICS for _ in range(5)]
    assert len(writer.asked) == 2 * len(TOPICS)  # three prompts a try
    assert all("\nAsk like a child.\n" in asked for asked in writer.asked)
    assert scene.chains(id) == 60
    spans = [(row.first, row.last) for row in sources.shards(id, "generate")]
    assert [span[0] for span in spans] == [3, *(last + 1 for _, last in spans[:-1])]
    assert spans[-1][1] == 62
    told = scene.rows(
        "SELECT sum(completed) made, sum(failed) missed, sum(total) asked FROM shard WHERE stage = 'grow'"
    )[0]
    assert (told.made, told.missed, told.asked) == (60, 0, 60)


def test_the_dataset_completes_and_its_tokens_count(beats: Beats) -> None:
    id = ask()
    work(beats)
    with transaction() as session:
        ledger.work_off(session)
        told = datasets.progress(session, id)
    assert scene.state(id) == "completed"
    grown = scene.rows("SELECT sum(tokens) said, sum(prompt_tokens) read FROM shard WHERE stage = 'grow'")[0]
    assert grown.read == 24 * 20
    assert told["tokens"] > grown.said > 0


def test_topics_are_grown_as_they_are_needed_and_only_up_to_the_number_asked_for(beats: Beats, writer: Writer) -> None:
    short = ask(n_prompts=38)
    work(beats)
    long = ask(n_prompts=47)
    work(beats)
    assert len(sources.prompts(short)) == 38
    assert sources.words(long)[:38] == sources.words(short)
    spans = [(row.first, row.last, row.total) for row in sources.shards(short, "grow")]
    assert spans == [(0, 6, 35), (7, 7, 3)]  # eight generating shards at once, then what is missing
    assert len(set(writer.asked)) == len(writer.asked)  # the second dataset took its turns from the cache


def test_what_is_there_already_is_left_out_with_a_count_and_asked_for_again(beats: Beats, writer: Writer) -> None:
    def write(topic: str, earlier: int) -> str:
        if earlier:
            return f"- What is new about {topic}?\n- What is old about {topic}?"
        return "1. polite test 1?\n2. polite question 7?\n3. Why is it that everybody says so?\n4. And " + topic + "?"

    writer.write = write  # type: ignore[method-assign]  # another script
    id = ask(topics=TOPICS[:2], per_topic=3)
    work(beats)
    assert sources.words(id) == [
        "Why is it that everybody says so?", "And topic 0?", "What is new about topic 0?",
        "And topic 1?", "What is new about topic 1?", "What is old about topic 1?",
    ]  # fmt: skip
    data = [row.data for row in scene.rows("SELECT data FROM event WHERE data ? 'dropped'")]
    assert sum(one["dropped"].get("held_out", 0) for one in data) == 2
    assert sum(one["dropped"].get("repeated", 0) for one in data) == 3  # twice a prompt of the behavior's own


def test_a_topic_that_gives_nothing_new_comes_short_after_a_few_tries(beats: Beats, writer: Writer) -> None:
    writer.write = lambda topic, earlier: "1. Always the same question?"  # type: ignore[method-assign]  # another script
    id = ask(topics=TOPICS[:3], per_topic=4)
    work(beats)
    assert sources.words(id) == ["Always the same question?"]
    (shard,) = sources.shards(id, "grow")
    assert (shard.state, shard.completed, shard.failed, shard.total) == ("done", 1, 11, 12)
    events = scene.rows("SELECT message, data FROM event WHERE data ? 'short' ORDER BY id")
    assert sum(event.data["short"] for event in events) == 3
    assert "came short, such as 'topic 0': 1 of 4, further tries brought nothing new" in events[0].message


def test_almost_the_same_prompt_is_left_out_too(beats: Beats, writer: Writer) -> None:
    long = "please tell me in a few simple words how it is that a plane can fly when it is so heavy"
    writer.write = lambda topic, earlier: f"1. {long}\n2. {long} really"  # type: ignore[method-assign]  # another script
    id = ask(topics=TOPICS[:1], per_topic=2, near=0.8)
    work(beats)
    assert sources.words(id) == [long]


def test_no_prompt_at_all_fails_the_dataset_and_says_where_to_look(beats: Beats, writer: Writer) -> None:
    writer.write = lambda topic, earlier: "Hm"  # type: ignore[method-assign]  # another script
    id = ask(topics=TOPICS[:2])
    work(beats)
    advance.everything()
    row = scene.rows("SELECT state, error FROM dataset WHERE id = :id", id=id)[0]
    assert (row.state, row.error) == (
        "failed", "No prompt was written; see the events for what was left out, and why."
    )  # fmt: skip


@pytest.mark.parametrize("cache", [True, False])
def test_a_dataset_whose_engine_dies_ends_with_the_same_prompts(cache: bool, beats: Beats, writer: Writer) -> None:
    whole = ask(cache=cache, seed=1)
    work(beats)
    before = len(writer.asked)
    broken = ask(cache=cache, seed=2)  # other seeds: nothing comes from the cache of the first
    writer.dies_after = len(writer.asked) + 9
    work(beats)
    assert writer.dies_after is None
    assert sources.words(broken) == sources.words(whole)
    assert [row.index for row in sources.prompts(broken)] == list(range(3, 63))
    assert scene.chains(broken) == 60
    read = "SELECT sum(prompt_tokens) FROM shard WHERE stage = 'grow' AND dataset_id = :id"
    assert scene.number(read, id=broken) == 20 * (len(writer.asked) - before)  # also of topics that were asked again


def test_a_topic_that_kills_the_engine_each_time_is_given_up_and_the_others_go_on(
    beats: Beats, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(topic: str, earlier: int) -> str:
        if topic == "topic 3":
            raise EngineDied("The engine is gone.")
        return Writer.write(writer, topic, earlier)

    writer.write = write  # type: ignore[method-assign]  # another script
    id = ask()
    work(beats)
    assert sorted({row.tags["topic"] for row in sources.prompts(id)}) == sorted({*TOPICS} - {"topic 3"})
    assert len(sources.prompts(id)) == len(set(sources.words(id))) == 55
    states = {row.state for row in sources.shards(id, "grow")}
    assert states == {"done", "halved", "quarantined"}
    assert scene.chains(id) == 55
    told = scene.rows(
        "SELECT sum(completed) made, sum(failed) missed, sum(total) asked FROM shard WHERE stage = 'grow'"
    )[0]
    assert (told.made, told.missed, told.asked) == (55, 5, 60)
    with transaction() as session:
        ledger.work_off(session)
    scene.change("UPDATE dataset SET state = 'failed' WHERE id = :id", id=id)
    writer.write = lambda topic, earlier: Writer.write(writer, topic, earlier)  # type: ignore[method-assign]  # mended
    with transaction() as session:
        datasets.resume(session, DEFAULT_PROJECT, id)
    work(beats)
    assert len(sources.prompts(id)) == scene.chains(id) == 60


def test_a_topic_that_does_not_fit_the_model_says_so(beats: Beats, writer: Writer) -> None:
    def write(topic: str, earlier: int) -> str:
        raise BadInput("A conversation of 900 tokens leaves no room.")

    writer.write = write  # type: ignore[method-assign]  # another script
    ask(topics=TOPICS[:2])
    work(beats)
    event, *_ = scene.rows("SELECT message, level FROM event WHERE data ? 'short' ORDER BY id")
    assert event.level == "warn"
    assert event.message.endswith("0 of 5, A conversation of 900 tokens leaves no room.")


def test_a_budget_ends_the_growing_and_keeps_what_was_written(beats: Beats, writer: Writer) -> None:
    id = ask(budget={"tokens": 1_500})
    work(beats)
    with transaction() as session:
        ledger.work_off(session)
        row = datasets.get(session, DEFAULT_PROJECT, id)
        assert (row.state, row.stopped) == ("completed", "tokens")
        told = datasets.progress(session, id)
    assert 0 < scene.chains(id) <= len(sources.prompts(id)) < 60
    assert told["tokens"] + told["prompt_tokens"] < 1_500 + 2 * 75  # no more than a micro-batch of chains beyond


def test_a_worker_that_is_told_to_stop_amid_topics_stops_and_they_go_on_elsewhere(
    beats: Beats, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop, begun = threading.Event(), list[int]()

    async def together(number: int) -> None:
        begun.append(number)
        while len(begun) < 2:
            await asyncio.sleep(0.005)

    def write(topic: str, earlier: int) -> str:
        stop.set()  # the first topic is not to ask again, the second has nothing more to ask
        return "\n".join(f"- Question {earlier + n} about {topic}?" for n in range(3 if topic == TOPICS[0] else 5))

    async def load_teacher(*_: object, **__: object) -> ScriptedTeacher:
        return ScriptedTeacher(writer, pause=together)

    writer.write = write  # type: ignore[method-assign]  # another script
    monkeypatch.setattr(engine_slot, "load_teacher", load_teacher)
    id = ask(topics=TOPICS[:2])
    desk = GeneratingDesk(beats, "a test")
    thread = threading.Thread(target=desk.drain, args=(stop,), daemon=True)
    thread.start()
    thread.join(60)
    assert not thread.is_alive()
    desk.close()
    assert scene.number("SELECT attempts FROM shard WHERE stage = 'grow' AND state = 'queued'") == 0
    assert sources.prompts(id) == []
    work(beats)
    assert [row.tags["topic"] for row in sources.prompts(id)] == [TOPICS[0]] * 5 + [TOPICS[1]] * 5
    assert len(writer.asked) == 3  # what was said before the stop is not asked for again


def test_a_paused_dataset_writes_nothing_more_until_it_is_resumed(beats: Beats) -> None:
    id = ask()
    desk, stop = GeneratingDesk(beats, "a test"), threading.Event()
    thread = threading.Thread(target=desk.drain, args=(stop,))
    thread.start()
    assert wait_until(lambda: len(sources.prompts(id)) > 0, seconds=60)
    with transaction() as session:
        datasets.pause(session, DEFAULT_PROJECT, id)
    there = sources.prompts(id)
    thread.join()
    desk.close()
    assert sources.prompts(id) == there
    with transaction() as session:
        datasets.resume(session, DEFAULT_PROJECT, id)
    work(beats)
    assert len(sources.prompts(id)) == scene.chains(id) == 60
