"""Judges and the cache: a question that was answered once is not asked again, and nothing else is taken from it."""

from collections.abc import Iterator
from typing import Any

import pytest

from core.database import transaction
from core.errors import EngineDied
from core.queries import datasets
from core.settings import settings
from tests.conftest import forget_settings
from tests.factories import judged, scene
from tests.factories.judged import JUDGE, Bench
from tests.fakes.teacher import turn
from workers.lease import Beats
from workers.teachers.teacher import Turn

PAIRWISE = JUDGE | {"pairwise": True}


@pytest.fixture
def beats(database: str) -> Iterator[Beats]:
    forget_settings()
    settings()
    with Beats() as thread:
        yield thread


@pytest.fixture
def bench(beats: Beats, monkeypatch: pytest.MonkeyPatch) -> Bench:
    one = Bench()
    one.seat(monkeypatch)
    return one


def make(beats: Beats, reward: Any = JUDGE, **asked: Any) -> str:
    """A dataset of eight prompts at most, with everything done."""
    id = judged.ask(judged.behavior(prompts=8), reward=reward, **({"n_prompts": 6} | asked))
    judged.work(beats)
    return id


def told(id: str) -> list[Any]:
    """What its scores say."""
    found = judged.scores_of(id)
    return sorted((*name, row.value, row.raw, row.fingerprint) for name, rows in found.items() for row in rows)


@pytest.mark.parametrize("reward", [JUDGE, PAIRWISE])
def test_a_dataset_made_twice_asks_its_judge_once(beats: Beats, bench: Bench, reward: Any) -> None:
    bench.says = lambda prompt: turn("A" if reward == PAIRWISE else "Score: 2")
    first = make(beats, reward)
    asked = len(bench.heard)
    assert asked == 12
    with transaction() as session:
        before = datasets.progress(session, first)
    second = make(beats, reward)
    assert len(bench.heard) == asked
    assert told(second) == told(first)
    with transaction() as session:
        after = datasets.progress(session, second)
    assert before["tokens"] > 0
    assert (after["tokens"], after["prompt_tokens"], after["usd"]) == (0, 0, 0.0)
    assert after["hits"] == 18 + asked
    assert scene.number("SELECT sum(hits) FROM cached_turn") == 18 + asked


def test_more_prompts_ask_a_judge_only_about_those(beats: Beats, bench: Bench) -> None:
    make(beats)
    make(beats, n_prompts=8)
    assert len(bench.heard) == 12 + 2 * 2


@pytest.mark.parametrize(
    "changed",
    [
        {"cache": False},
        {"reward": JUDGE | {"sampling": {"temperature": 0.5}}},
        {"reward": JUDGE | {"sampling": {"max_tokens": 99}}},
    ],
)
def test_what_decides_a_verdict_or_a_bypass_asks_again(beats: Beats, bench: Bench, changed: dict[str, Any]) -> None:
    make(beats)
    make(beats, **changed)
    assert len(bench.heard) == 24


def test_what_was_said_about_a_case_that_broke_off_is_not_asked_again(beats: Beats, bench: Bench) -> None:
    def says(prompt: str) -> Turn:
        if len(bench.heard) == 2:  # the same two answers in the other order
            raise EngineDied("The engine ended.")
        return turn("A")

    bench.says = says
    id = judged.ask(judged.behavior(prompts=1), reward=PAIRWISE)
    judged.work(beats)
    scene.change("UPDATE shard SET available_at = clock_timestamp()")
    judged.score(beats)
    assert scene.state(id) == "completed"
    assert len(bench.heard) == 3
    assert bench.heard[2] == bench.heard[1] != bench.heard[0]


def test_a_bypassed_cache_keeps_no_verdict_either(beats: Beats, bench: Bench) -> None:
    make(beats, cache=False)
    assert scene.number("SELECT count(*) FROM cached_turn") == 0
