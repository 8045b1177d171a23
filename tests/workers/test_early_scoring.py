"""Drafts that are scored while their chains go on: real Postgres, the real desks, scripted models."""

import asyncio
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from core.database import transaction
from core.ledger import Claim
from core.queries import datasets, pipeline, scores, shards
from core.states import Queue
from core.tables import DEFAULT_PROJECT
from tests.conftest import forget_settings
from tests.core import invariants
from tests.factories import judged, ledger, scene
from tests.factories.judged import JUDGE, Bench
from tests.fakes.teacher import ScriptedTeacher, plain, turn
from workers.lease import Beats
from workers.teachers.teacher import Turn

PROMPTS = 6
OTHER = {"kind": "classifier", "model": "a-reward"}
DRAFTS = "SELECT state, total, completed, attempts FROM shard WHERE role = 'draft' ORDER BY id"


@pytest.fixture
def apart() -> str:
    return "true"


@pytest.fixture
def beats(database: str, apart: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Beats]:
    monkeypatch.setenv("BURNISH_MICRO_BATCH_SECONDS", "0.01")
    monkeypatch.setenv("BURNISH_SHARD_PROMPTS", "3")
    monkeypatch.setenv("BURNISH_SCORERS_APART", apart)
    monkeypatch.setenv("BURNISH_RETRY_SECONDS", "0")
    forget_settings()
    scene.watch(database)
    with Beats() as thread:
        yield thread


class Held:
    """A bench whose teacher writes no critique before it is let go."""

    def __init__(self, script: Callable[[str, int], Turn] = plain) -> None:
        self.bench = Bench()
        self.go = threading.Event()
        self.bench.teacher = ScriptedTeacher(script, pause=self._pause)

    async def _pause(self, number: int) -> None:
        while number == 1 and not self.go.is_set():
            await asyncio.sleep(0.005)


@pytest.fixture
def held(beats: Beats, monkeypatch: pytest.MonkeyPatch) -> Held:
    one = Held()
    one.bench.seat(monkeypatch)
    return one


def until(question: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not question():
        assert time.monotonic() < deadline, scene.rows("SELECT stage, role, state, model FROM shard ORDER BY id")
        time.sleep(0.01)


def generating(beats: Beats) -> threading.Thread:
    """The generating worker at work, with every draft stored and no critique written."""
    thread = threading.Thread(target=judged.generate, args=(beats,))
    thread.start()
    until(lambda: scene.number("SELECT count(*) FROM chain WHERE state = 'open'") == PROMPTS)
    return thread


def ended(thread: threading.Thread) -> None:
    thread.join(60)
    assert not thread.is_alive()


def answers_scored() -> list[tuple[str, int]]:
    return [tuple(row) for row in scene.rows("SELECT answer, count(*) FROM score GROUP BY 1 ORDER BY 1")]


def test_drafts_are_scored_before_their_chains_end_and_nothing_is_scored_twice(beats: Beats, held: Held) -> None:
    id = judged.ask(judged.behavior(prompts=PROMPTS), reward=[JUDGE, OTHER])
    thread = generating(beats)
    judged.score(beats)
    assert answers_scored() == [("draft", 2 * PROMPTS)]
    assert scene.number("SELECT count(*) FROM chain WHERE state = 'open'") == PROMPTS
    assert [tuple(row) for row in scene.rows(DRAFTS)] == [("queued", 3, 3, 0)] * 4  # waits for more, without blame
    assert scene.number("SELECT count(*) FROM shard WHERE stage = 'pair'") == 0
    held.go.set()
    ended(thread)
    judged.score(beats)
    assert scene.state(id) == "completed"
    assert answers_scored() == [("draft", 2 * PROMPTS), ("revision", 2 * PROMPTS)]
    assert len(held.bench.heard) == len(set(held.bench.heard)) == 2 * PROMPTS
    assert set(Counter(held.bench.scored).values()) == {1}
    assert scene.pairs(id) == PROMPTS
    assert scene.number("SELECT count(*) FROM pair WHERE score_chosen IS NULL OR score_rejected IS NULL") == 0
    invariants.hold()
    with transaction() as session:
        stages = datasets.progress(session, id)["stages"]
    assert stages["score"] == {"total": 2 * PROMPTS, "completed": 2 * PROMPTS, "failed": 0}


def test_a_chain_that_fails_after_its_draft_was_scored_leaves_nothing_open(
    beats: Beats, monkeypatch: pytest.MonkeyPatch
) -> None:
    def script(prompt: str, number: int) -> Turn:
        return turn("cut", finish="length") if number == 2 and "question 1" in prompt else plain(prompt, number)

    held = Held(script)
    held.bench.seat(monkeypatch)
    id = judged.ask(judged.behavior(prompts=PROMPTS), reward=JUDGE)
    thread = generating(beats)
    judged.score(beats)
    held.go.set()
    ended(thread)
    judged.score(beats)
    assert scene.state(id) == "completed"
    assert scene.pairs(id) == PROMPTS - 1
    assert answers_scored() == [("draft", PROMPTS), ("revision", PROMPTS - 1)]
    invariants.hold()


def cancelled_amid(beats: Beats, held: Held, id: str) -> None:
    """The dataset is cancelled when its drafts have their scores, and its chains are let go on."""
    thread = generating(beats)
    judged.score(beats)
    with transaction() as session:
        datasets.cancel(session, DEFAULT_PROJECT, id)
    held.go.set()
    ended(thread)


def test_a_dataset_that_is_cancelled_and_resumed_keeps_the_scores_of_its_drafts(beats: Beats, held: Held) -> None:
    id = judged.ask(judged.behavior(prompts=PROMPTS), reward=JUDGE)
    cancelled_amid(beats, held, id)
    assert {row.state for row in scene.rows(DRAFTS)} == {"cancelled"}
    with transaction() as session:
        datasets.resume(session, DEFAULT_PROJECT, id)
    judged.work(beats)
    judged.score(beats)
    assert scene.state(id) == "completed"
    assert len(held.bench.heard) == len(set(held.bench.heard)) == 2 * PROMPTS
    assert scene.pairs(id) == PROMPTS
    invariants.hold()


@pytest.fixture
def prices(beats: Beats, monkeypatch: pytest.MonkeyPatch) -> None:
    """The teacher is paid for."""
    monkeypatch.setenv("BURNISH_MODELS", json.dumps({ledger.TEACHER: {"price_input": 1e4, "price_output": 1e5}}))
    forget_settings()


COSTS = """
    SELECT c.draft, c.hits, c.prompt_tokens, c.paid_prompt_tokens, c.paid_tokens, c.usd FROM chain c
    JOIN prompt p ON p.id = c.prompt_id WHERE c.dataset_id = :id ORDER BY p.messages::text
"""


@pytest.mark.parametrize(("cache", "changed"), [(False, ""), (True, ""), (True, "another draft")])
def test_a_chain_that_is_resumed_behind_its_scored_draft_keeps_the_draft_and_what_it_cost(
    beats: Beats, held: Held, prices: None, cache: bool, changed: str
) -> None:
    id = judged.ask(judged.behavior(prompts=PROMPTS), reward=JUDGE, cache=cache)
    cancelled_amid(beats, held, id)
    if changed:  # another dataset may have been the first to ask, and no engine must say the same twice
        scene.change("UPDATE cached_turn SET text = :text WHERE text LIKE 'draft of%'", text=changed)
    with transaction() as session:
        datasets.resume(session, DEFAULT_PROJECT, id)
    judged.work(beats)
    whole = judged.ask(judged.behavior(prompts=PROMPTS), reward=JUDGE, cache=False)
    judged.work(beats)
    found, expected = scene.rows(COSTS, id=id), scene.rows(COSTS, id=whole)
    assert [(row.draft, row.prompt_tokens) for row in found] == [(row.draft, row.prompt_tokens) for row in expected]
    for row, all_paid in zip(found, expected, strict=True):
        kept = max(row.hits - 1, 0)  # turns behind the draft that were sampled before and kept: their shard paid
        assert row.hits == 0 or (cache and not changed)
        assert row.paid_prompt_tokens == all_paid.paid_prompt_tokens * (3 - kept) / 3
        assert row.paid_tokens == all_paid.paid_tokens * (3 - kept) / 3
        assert row.usd == pytest.approx(all_paid.usd * (3 - kept) / 3) != 0


ELSEWHERE = {"engine": "openai", "model": "m", "base_url": "http://127.0.0.1:9/v1"}
HERE = [JUDGE, OTHER]


@pytest.mark.parametrize("apart", ["false"])
@pytest.mark.parametrize(
    ("asked", "early"),
    [
        ({"reward": [OTHER, {"kind": "judge", **ELSEWHERE}]}, {"judge:m"}),
        ({"reward": HERE, "teacher": ELSEWHERE}, {"judge:a-judge", "classifier:a-reward"}),
        ({"reward": [OTHER, {"kind": "rule", "rule": "length"}]}, {"rule:length"}),
        ({"reward": HERE}, set()),
    ],
)
def test_a_scorer_that_shares_no_device_with_the_teacher_scores_drafts_early_by_itself(
    beats: Beats, held: Held, asked: dict[str, Any], early: set[str]
) -> None:
    held.go.set()
    id = judged.ask(judged.behavior(prompts=PROMPTS), **asked)
    judged.generate(beats)
    assert {row.model for row in scene.rows("SELECT model FROM shard WHERE role = 'draft'")} == early
    judged.score(beats)
    assert scene.state(id) == "completed"
    assert answers_scored() == [("draft", 2 * PROMPTS), ("revision", 2 * PROMPTS)]
    assert scene.pairs(id) == PROMPTS
    invariants.hold()


def claimed(model: str, role: str | None) -> Claim:
    """What a worker of the scorer would hold."""
    with transaction() as session:
        while (claim := shards.claim(session, queue=Queue.score, owner="a test", model=model)) is not None:
            if (claim.model, claim.role) == (model, role):
                return claim
    raise AssertionError(f"no shard of {model} with role {role}")


def test_a_draft_that_somebody_is_scoring_is_left_to_them_and_pairs_wait(beats: Beats, held: Held) -> None:
    id = judged.ask(judged.behavior(prompts=3), reward=JUDGE)
    thread = threading.Thread(target=judged.generate, args=(beats,))
    thread.start()
    until(lambda: scene.number("SELECT count(*) FROM chain WHERE state = 'open'") == 3)
    drafts = claimed("judge:a-judge", "draft")
    held.go.set()
    ended(thread)
    whole = claimed("judge:a-judge", None)
    with transaction() as session:
        assert [(row.wants_draft, row.wants_revision) for row in scores.waiting(session, whole)] == [(False, True)] * 3
        assert [(row.wants_draft, row.wants_revision) for row in scores.waiting(session, drafts)] == [(True, False)] * 3
        pipeline.finish(session, whole)
    assert scene.number("SELECT count(*) FROM shard WHERE stage = 'pair'") == 0
    with transaction() as session:
        pipeline.finish(session, drafts)
    assert scene.number("SELECT count(*) FROM shard WHERE stage = 'pair' AND role IS NULL") == 1
    assert scene.state(id) == "in_progress"


HALVED = """
    INSERT INTO shard (project_id, dataset_id, stage, queue, model, first, last, state, total)
    SELECT project_id, dataset_id, stage, queue, model, :first, :last, 'queued', 1 FROM shard WHERE id = :id
"""


def test_pairs_wait_for_every_half_of_a_scorers_shard(beats: Beats, held: Held) -> None:
    """The half that ends last beside another scorer's whole shard is not the last one of the range."""
    held.go.set()
    judged.ask(judged.behavior(prompts=3), reward=[JUDGE, OTHER])
    judged.generate(beats)
    scene.change("UPDATE shard SET state = 'done', total = 0 WHERE role = 'draft'")
    judge = scene.rows("SELECT id FROM shard WHERE stage = 'score' AND role IS NULL AND model LIKE 'judge%'")[0].id
    for first, last in ((0, 0), (1, 2)):
        scene.change(HALVED, first=first, last=last, id=judge)
    scene.change("UPDATE shard SET state = 'halved' WHERE id = :id", id=judge)
    other = claimed("classifier:a-reward", None)
    with transaction() as session:
        pipeline.finish(session, other)
    halves = [claimed("judge:a-judge", None) for _ in range(2)]
    for claim, queued in zip(halves, (0, 1), strict=True):
        with transaction() as session:
            pipeline.finish(session, claim)
        spans = scene.rows("SELECT first, last FROM shard WHERE stage = 'pair'")
        assert [tuple(row) for row in spans] == [(0, 2)] * queued
