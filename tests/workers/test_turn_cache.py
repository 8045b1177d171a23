"""The cache of turns: what was asked for once is not asked for again, and nothing else is taken from it."""

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from core.configs.dataset import DatasetConfig
from core.database import transaction
from core.errors import EngineDied
from core.provenance import ground, trace
from core.queries import behaviors, cached_turns, datasets, exports
from core.queries.pairs import PairFilter
from core.tables import DEFAULT_PROJECT
from tests.conftest import forget_settings
from tests.factories import ledger, scene, scripted
from tests.factories.processes import wait_until
from tests.fakes.teacher import ScriptedTeacher, identify, plain
from workers import engine_slot, generation, sweep
from workers.generation import GeneratingDesk
from workers.lease import Beats
from workers.teachers.teacher import Conversation, Turn


@pytest.fixture
def at_once(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A shard that failed is queued again without a pause."""
    monkeypatch.setenv("BURNISH_RETRY_SECONDS", "0")
    forget_settings()


@pytest.fixture
def beats(at_once: None) -> Iterator[Beats]:
    with Beats() as thread:
        yield thread


@pytest.fixture
def teacher(monkeypatch: pytest.MonkeyPatch) -> ScriptedTeacher:
    """The one teacher of every desk; it counts what it is asked for."""
    return scripted.seated(monkeypatch)


def make(beats: Beats, **asked: Any) -> str:
    """A dataset of a behavior with thirty prompts, with all its chains made; its id."""
    config = {"behavior": "polite", "teacher": {"model": ledger.TEACHER}, "reward": {"model": ledger.REWARD}}
    with transaction() as session:
        row = behaviors.store(session, DEFAULT_PROJECT, ledger.behavior(prompts=30))
        made = datasets.create(
            session,
            project_id=DEFAULT_PROJECT,
            config=DatasetConfig.model_validate(config | asked),
            behaviors=[row],
        )
    desk = GeneratingDesk(beats, "a test")
    desk.drain(threading.Event())
    desk.close()
    return made.id


def texts(id: str) -> list[tuple[Any, ...]]:
    """What the chains of a dataset say."""
    said = "SELECT p.messages, c.draft, c.critique, c.revision, c.seed, c.more FROM chain c JOIN prompt p"
    found = scene.rows(
        f"{said} ON p.id = c.prompt_id WHERE c.dataset_id = :id ORDER BY p.messages::text, c.sample", id=id
    )
    return [tuple(row) for row in found]


def test_a_dataset_made_twice_costs_the_second_time_no_teacher_call(beats: Beats, teacher: ScriptedTeacher) -> None:
    first = make(beats, n_prompts=10)
    assert len(teacher.seeds) == 30
    second = make(beats, n_prompts=10)
    assert len(teacher.seeds) == 30
    assert texts(second) == texts(first)
    with transaction() as session:
        told = datasets.progress(session, second)
        assert (told["tokens"], told["hits"]) == (0, 30)
        assert cached_turns.stats(session, DEFAULT_PROJECT).hits == 30


def test_a_fifth_more_prompts_costs_only_that_fifth(beats: Beats, teacher: ScriptedTeacher) -> None:
    first = make(beats, n_prompts=20)
    assert len(teacher.seeds) == 60
    longer = make(beats, n_prompts=24)
    assert len(teacher.seeds) == 60 + 4 * 3
    assert set(map(str, texts(first))) < set(map(str, texts(longer)))


def test_changed_filters_and_scorers_cost_no_teacher_call(beats: Beats, teacher: ScriptedTeacher) -> None:
    make(beats, n_prompts=10)
    make(beats, n_prompts=10, filters={"max_chars": 99}, reward={"kind": "rule", "rule": "length"}, metadata={"a": "b"})
    assert len(teacher.seeds) == 30


def test_another_way_to_sample_revisions_keeps_drafts_and_critiques(beats: Beats, teacher: ScriptedTeacher) -> None:
    asked = {"model": ledger.TEACHER, "turns": {"revision": {"temperature": 0.1}}}
    make(beats, n_prompts=10)
    again = make(beats, n_prompts=10, teacher=asked)
    assert len(teacher.seeds) == 30 + 10
    with transaction() as session:
        ledger.work_off(session)
        common = ground(session, again)
        rows = exports.page(session, again, PairFilter(), after="", traced=True)
        traces = [trace(row, (), common) for row in rows]
    hits = [(turn["name"], turn["hit"]) for told in traces for turn in told["turns"]]
    assert hits == [("draft", True), ("critique", True), ("revision", False)] * 10


@pytest.mark.parametrize(
    "changed", [{"seed": 1}, {"cache": False}, {"teacher": {"model": ledger.TEACHER, "sampling": {"top_k": 5}}}]
)
def test_what_decides_an_answer_or_a_bypass_asks_again(
    beats: Beats, teacher: ScriptedTeacher, changed: dict[str, Any]
) -> None:
    make(beats, n_prompts=10)
    make(beats, n_prompts=10, **changed)
    assert len(teacher.seeds) == 60


def test_a_bypassed_cache_is_not_filled_either(beats: Beats, teacher: ScriptedTeacher) -> None:
    make(beats, n_prompts=10, cache=False)
    with transaction() as session:
        assert cached_turns.stats(session, DEFAULT_PROJECT).turns == 0


def test_further_samples_and_rounds_cost_only_themselves(beats: Beats, teacher: ScriptedTeacher) -> None:
    make(beats, n_prompts=10)
    make(beats, n_prompts=10, samples_per_prompt=2)
    assert len(teacher.seeds) == 30 + 30
    make(beats, n_prompts=10, best_of=3)
    assert len(teacher.seeds) == 60 + 2 * 10


def test_turns_of_chains_that_did_not_end_are_not_paid_for_twice(beats: Beats, monkeypatch: pytest.MonkeyPatch) -> None:
    dying = iter([True])

    def script(prompt: str, number: int) -> Turn:
        if number == 2 and next(dying, False):
            raise EngineDied("gone")
        return plain(prompt, number)

    taught: list[ScriptedTeacher] = []
    answered: list[Turn] = []

    def counting(prompt: str, number: int) -> Turn:
        answered.append(script(prompt, number))
        return answered[-1]

    async def load_teacher(*_: object, **__: object) -> ScriptedTeacher:
        taught.append(ScriptedTeacher(counting))
        return taught[-1]

    monkeypatch.setattr(engine_slot, "load_teacher", load_teacher)
    monkeypatch.setattr(generation, "identify", identify)
    id = make(beats, n_prompts=10)
    assert len(taught) == 2
    assert scene.chains(id) == 10
    asked = [seed for one in taught for seed in one.seeds]
    assert len(asked) <= 30 + 10  # revisions that were under way may be asked for again
    drafts_and_critiques = 20
    assert len(set(asked)) == 30
    assert len(asked) - len(set(asked)) <= 30 - drafts_and_critiques
    with transaction() as session:
        told = datasets.progress(session, id)
    assert told["prompt_tokens"] == sum(turn.prompt_tokens for turn in answered)  # no turn is lost, none counts twice
    assert told["tokens"] == sum(turn.tokens for turn in answered)


def test_turns_are_kept_while_their_chains_go_on(beats: Beats, teacher: ScriptedTeacher) -> None:
    """Whatever ends the worker then costs no more than the turns under way."""
    on, answer = threading.Event(), teacher.answer

    async def wait_with_the_revision(conversation: Conversation, **how: Any) -> Turn:
        while len(conversation.token_ids) == 3 and not on.is_set():
            await asyncio.sleep(0.01)
        return await answer(conversation, **how)

    teacher.answer = wait_with_the_revision  # type: ignore[method-assign]
    working = threading.Thread(target=make, args=(beats,), kwargs={"n_prompts": 10})
    working.start()
    assert wait_until(lambda: scene.number("SELECT count(*) FROM cached_turn") == 20, seconds=30)
    assert scene.number("SELECT count(*) FROM chain") == 0
    on.set()
    working.join()
    assert scene.number("SELECT count(*) FROM cached_turn") == 30
    assert scene.number("SELECT count(*) FROM chain") == 10


def test_turns_that_nobody_used_for_long_are_forgotten(beats: Beats, teacher: ScriptedTeacher) -> None:
    make(beats, n_prompts=10)
    scene.change("UPDATE cached_turn SET used_at = used_at - interval '40 days'")
    with transaction() as session:
        assert cached_turns.trim(session, unused_days=41) == 0
        assert cached_turns.trim(session, unused_days=39, most=10) == 10
        assert cached_turns.trim(session, unused_days=39, project_id=DEFAULT_PROJECT) == 20


def test_the_sweep_forgets_what_was_not_used_in_the_days_of_the_setting(beats: Beats, teacher: ScriptedTeacher) -> None:
    make(beats, n_prompts=10)
    sweep.sweep()
    assert scene.number("SELECT count(*) FROM cached_turn") == 30
    scene.change("UPDATE cached_turn SET used_at = used_at - interval '10000 days'")
    sweep.sweep()
    assert scene.number("SELECT count(*) FROM cached_turn") == 0
