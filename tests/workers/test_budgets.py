"""Budgets: nothing is begun once a limit is reached, and what is finished is scored, paired and kept."""

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from api import export
from api.streams import Streams
from core.configs.budget import BudgetConfig
from core.configs.dataset import DatasetConfig
from core.configs.reward import RewardConfig
from core.database import transaction
from core.ledger import Claim
from core.queries import behaviors, budgets, datasets, recovery, shards
from core.queries.budgets import Grant, Price, Standing
from core.queries.pairs import PairFilter
from core.states import Queue
from core.tables import DEFAULT_PROJECT
from tests.conftest import forget_settings
from tests.factories import ledger, scene
from tests.fakes.reward import ScriptedReward
from tests.fakes.teacher import ScriptedTeacher, identify, plain
from workers import engine_slot, generation, scoring
from workers.generation import GeneratingDesk
from workers.lease import Beats
from workers.scoring import ScoringDesk
from workers.teachers.teacher import Turn

MICRO_BATCH = 4
CHAIN = 3 * 20 + 3 * 5  # tokens that a chain of the scripted teacher takes: three turns of 20 read and 5 said


@pytest.fixture
def small(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BURNISH_MICRO_BATCH_ROWS", str(MICRO_BATCH))
    monkeypatch.setenv("BURNISH_MICRO_BATCH_SECONDS", "0.01")
    monkeypatch.setenv("BURNISH_SHARD_PROMPTS", "10")
    prices = {ledger.TEACHER: {"price_input": 1000, "price_output": 5000}}
    monkeypatch.setenv("BURNISH_MODELS", json.dumps(prices))
    forget_settings()


@pytest.fixture
def beats(small: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Beats]:
    async def load_teacher(*_: object, **__: object) -> ScriptedTeacher:
        return ScriptedTeacher()

    def load_reward(config: RewardConfig, **_: object) -> ScriptedReward:
        return ScriptedReward(config.scorer)

    monkeypatch.setattr(engine_slot, "load_teacher", load_teacher)
    monkeypatch.setattr(generation, "identify", identify)
    monkeypatch.setattr(scoring, "load_reward", load_reward)
    with Beats() as thread:
        yield thread


def ask(**asked: Any) -> str:
    """Ask for a dataset of thirty prompts; its id."""
    config = {"behavior": "polite", "teacher": {"model": ledger.TEACHER}, "reward": {"model": ledger.REWARD}}
    with transaction() as session:
        row = behaviors.store(session, DEFAULT_PROJECT, ledger.behavior(prompts=30))
        found = DatasetConfig.model_validate(config | asked)
        return datasets.create(session, project_id=DEFAULT_PROJECT, config=found, behaviors=[row]).id


def work(beats: Beats) -> None:
    """Work until nothing is left to do."""
    teacher, scorer = GeneratingDesk(beats, "a test"), ScoringDesk(beats, "a test")
    teacher.drain(threading.Event())
    teacher.close()
    scorer.drain(threading.Event())


def make(beats: Beats, **asked: Any) -> str:
    """A dataset of thirty prompts, worked on until nothing is left to do; its id."""
    id = ask(**asked)
    work(beats)
    return id


def an_hour_passes() -> None:
    """Whatever was noted was noted an hour earlier."""
    hour = "interval '1 hour'"
    scene.change(f"UPDATE shard SET started_at = started_at - {hour}, created_at = created_at - {hour}")
    scene.change(f"UPDATE dataset SET working_since = working_since - {hour}, in_progress_at = in_progress_at - {hour}")


def shown(id: str) -> Any:
    with transaction() as session:
        row = datasets.get(session, DEFAULT_PROJECT, id)
        return row.state, row.stopped, datasets.progress(session, id)


def test_a_budget_of_tokens_ends_a_dataset_with_everything_finished_kept(beats: Beats) -> None:
    id = make(beats, budget={"tokens": 12 * CHAIN})
    state, stopped, progress = shown(id)
    assert (state, stopped) == ("completed", "tokens")
    spent = progress["tokens"] + progress["prompt_tokens"]
    assert 12 * CHAIN <= spent <= (12 + MICRO_BATCH) * CHAIN
    assert scene.pairs(id) == scene.chains(id) == spent / CHAIN
    told = scene.rows("SELECT message FROM event WHERE level = 'warn' AND subject = :id", id=id)
    assert [row.message for row in told] == [
        "The budget of tokens is used up; no further chain is begun. What is finished is kept."
    ]


def test_a_budget_of_money_counts_by_the_operators_prices(beats: Beats) -> None:
    usd = 3 * (20 * 1000 + 5 * 5000) / 1e6  # of one chain
    id = make(beats, budget={"usd": 8 * usd})
    state, stopped, progress = shown(id)
    assert (state, stopped) == ("completed", "usd")
    assert 8 * usd <= progress["usd"] + 1e-9
    assert progress["usd"] <= (8 + MICRO_BATCH) * usd + 1e-9


def test_a_budget_of_seconds_that_are_over_begins_nothing_more(beats: Beats) -> None:
    id = make(beats, budget={"seconds": 1e-6})
    state, stopped, _ = shown(id)
    assert (state, stopped, scene.chains(id)) == ("failed", "seconds", 0)


def claimed() -> Claim:
    """A shard that a worker holds."""
    with transaction() as session:
        found = shards.claim(session, queue=Queue.generate, owner="a test")
    assert found is not None
    return found


def test_a_wait_and_a_pause_take_nothing_of_a_budget_of_seconds(beats: Beats) -> None:
    id = ask(budget={"seconds": 600})
    claim = claimed()
    with transaction() as session:
        recovery.wait(session, claim, pause=0, reason="The endpoint does not answer.")
    an_hour_passes()
    claimed()
    with transaction() as session:
        datasets.pause(session, DEFAULT_PROJECT, id)
    an_hour_passes()
    with transaction() as session:
        datasets.resume(session, DEFAULT_PROJECT, id)
    work(beats)
    assert shown(id)[:2] == ("completed", None)
    assert scene.pairs(id) == 30
    assert scene.number("SELECT worked_seconds < 600 AND working_since IS NULL FROM dataset") == 1


@pytest.mark.parametrize("end", ["release", "expire", "pause"])
def test_the_time_in_which_a_shard_was_held_counts_however_that_ended(beats: Beats, end: str) -> None:
    id = ask(budget={"seconds": 600})
    claim, other = claimed(), claimed()
    with transaction() as session:
        shards.hand_back(session, other)  # the time of the other one goes on
    an_hour_passes()
    scene.change("UPDATE shard SET lease_expires_at = now() - interval '1 second' WHERE state = 'running'")
    with transaction() as session:
        if end == "release":
            recovery.release(session, claim, error="gone")
        elif end == "expire":
            recovery.expire(session)
        else:
            datasets.pause(session, DEFAULT_PROJECT, id)
            datasets.resume(session, DEFAULT_PROJECT, id)
    assert 3600 <= scene.number("SELECT worked_seconds FROM dataset WHERE working_since IS NULL") < 3660
    scene.change("UPDATE shard SET available_at = now()")
    work(beats)
    assert (*shown(id)[:2], scene.chains(id)) == ("failed", "seconds", 0)


def test_chains_that_are_finished_when_the_seconds_are_over_are_kept_and_exported(
    beats: Beats, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter(range(1_000))

    def script(prompt: str, number: int) -> Turn:
        if next(answers) == 40:
            an_hour_passes()
        return plain(prompt, number)

    async def load_teacher(*_: object, **__: object) -> ScriptedTeacher:
        return ScriptedTeacher(script)

    monkeypatch.setattr(engine_slot, "load_teacher", load_teacher)
    monkeypatch.setenv("BURNISH_CHAINS_IN_FLIGHT", str(MICRO_BATCH))
    forget_settings()
    id = make(beats, budget={"seconds": 600})
    assert shown(id)[:2] == ("completed", "seconds")
    assert 10 <= scene.chains(id) < 30
    exported = b"".join(export.chunks(id, PairFilter(), "trl", Streams(1)))
    assert exported.count(b"\n") == scene.pairs(id) == scene.chains(id)


def test_a_budget_that_is_not_reached_changes_nothing(beats: Beats) -> None:
    id = make(beats, budget={"tokens": 10_000_000, "seconds": 3600, "usd": 1e6})
    assert shown(id)[:2] == ("completed", None)
    assert scene.pairs(id) == 30


def test_turns_from_the_cache_cost_no_budget(beats: Beats) -> None:
    make(beats)
    id = make(beats, budget={"tokens": 1})
    assert shown(id)[:2] == ("completed", None)
    assert scene.pairs(id) == 30


def test_the_mean_price_of_a_chain_is_that_of_chains_that_were_paid_for(beats: Beats) -> None:
    make(beats, n_prompts=20)
    id = make(beats, budget={"tokens": 10_000_000})
    with transaction() as session:
        assert datasets.progress(session, id)["hits"] == 20 * 3
        now = budgets.standing(session, id, datasets.frozen(session, id))
    assert now.chain is not None
    assert (now.chain.tokens, now.spent.tokens) == (CHAIN, 10 * CHAIN)


NOW = Standing(spent=Price(1_000, 1.0), seconds=10.0, chain=Price(100, 0.1), verdict=Price(0, 0), unjudged=0, begun=3)
MOST, NOTHING = Price(1_000, 1.0), Price(0, 0)


@pytest.mark.parametrize(
    ("budget", "now", "granted"),
    [
        ({"tokens": 101_000}, {}, Grant(100 - 3)),  # room for a hundred chains at their longest
        ({"tokens": 1_150}, {}, Grant(0)),  # worth two chains of the mean: three are under way
        ({"tokens": 1_600}, {}, Grant(1)),  # worth six, but no more than a micro-batch of four
        ({"tokens": 1_000}, {}, Grant(0, "tokens")),
        ({"usd": 1.0, "tokens": 10**9}, {}, Grant(0, "usd")),
        ({"usd": 1.35, "tokens": 10**9}, {}, Grant(1)),
        ({"seconds": 10.0}, {}, Grant(0, "seconds")),
        ({"tokens": 1_500}, {"chain": None, "begun": 0}, Grant(1)),  # nothing is known yet: one at its longest
        ({"tokens": 1_500}, {"verdict": Price(50, 0), "unjudged": 10}, Grant(0, "tokens")),  # owed to judges
    ],
)
def test_what_may_be_begun(small: None, budget: Any, now: Any, granted: Grant) -> None:
    standing = Standing(**{**NOW.__dict__, **now})
    assert budgets.decide(BudgetConfig(**budget), standing, bound=MOST, verdict=NOTHING) == granted
