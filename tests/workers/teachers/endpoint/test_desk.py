"""A dataset made by a teacher behind an endpoint, through the desk and on the ledger."""

import asyncio
import json
import re
import threading
from collections import Counter
from dataclasses import replace

import pytest

from core.configs.behavior import Rubric
from core.configs.reward import RewardConfig
from core.database import transaction
from core.queries import datasets, estimates
from core.tables import DEFAULT_PROJECT
from tests.conftest import forget_settings
from tests.factories import ledger, scene
from tests.fakes.endpoint import Act, Asked, Endpoint, completion, says, serving
from tests.workers.teachers.endpoint.hosted import (
    CHAINS,
    PATIENCE,
    PROMPTS,
    ask,
    drain,
    store_secret,
    until_completed,
)
from tests.workers.teachers.endpoint.misdeeds import NEWER_NAME, PASSING, REFUSING, REJECTING, UNKNOWN_FIELDS
from workers.generation import GeneratingDesk
from workers.lease import Beats
from workers.rewards.judge import BLANK, load_judge
from workers.rewards.reward import Verdict
from workers.scoring import ScoringDesk
from workers.teachers.endpoint.breaker import FAILURES

pytestmark = pytest.mark.usefixtures("short_waits")
RIGHT, WRONG = "sk-the-right-key", "sk-the-wrong-key"


def test_every_turn_is_asked_for_over_http_and_stored_with_what_it_took(beats: Beats, endpoint: Endpoint) -> None:
    id = ask(endpoint)
    drain(beats)
    rows = scene.rows(CHAINS, id=id)
    assert [(row.state, row.draft, row.revision) for row in rows] == [
        ("done", f"draft of {row.prompt}", f"revision of {row.prompt}") for row in rows
    ]
    assert len(rows) == PROMPTS
    assert len(endpoint.asked) == 3 * PROMPTS
    assert {(row.prompt_tokens, row.cached_tokens, row.draft_tokens) for row in rows} == {(60, 30, 5)}
    assert {(row.engine, len(row.model_fingerprint), len(row.template_hash)) for row in rows} == {("openai", 64, 64)}


def test_what_the_endpoint_will_not_say_fails_its_chain_alone_and_says_why(beats: Beats, endpoint: Endpoint) -> None:
    acts = {
        "question 0": says(completion("half a", finish="length")),
        "question 1": says(completion(None, finish="content_filter")),
        "question 2": REJECTING["OpenAI's context"][0],
        "question 3": REJECTING["bad request"][0],
        "question 4": says(completion(" ")),
        "question 5": says(completion("a\x00b\ud800c")),
    }
    endpoint.script = lambda asked: acts.get(asked.prompt)
    id = ask(endpoint, prompts=7)
    drain(beats)
    rows = scene.rows(CHAINS, id=id)
    reasons = [row.failure_reason for row in rows]
    assert reasons == ["truncated", "filtered", "too_long", "rejected", "empty", None, None]
    assert (rows[5].draft, rows[5].cleaned_chars) == ("a\ufffdb\ufffdc", 6)
    assert len(endpoint.asked) == 5 + 2 * 3


def test_a_model_that_knows_the_limit_by_its_newer_name_alone_makes_the_dataset(
    beats: Beats, endpoint: Endpoint
) -> None:
    endpoint.script = lambda asked: NEWER_NAME if "max_tokens" in asked.body else None
    id = ask(endpoint, prompts=8)
    drain(beats)
    assert [row.state for row in scene.rows(CHAINS, id=id)] == ["done"] * 8


def test_a_prompt_that_cannot_be_answered_does_not_hold_the_others(beats: Beats, endpoint: Endpoint) -> None:
    endpoint.script = lambda asked: PASSING["500"] if asked.prompt == "question 1" else None
    id = ask(endpoint)
    until_completed(beats, id, chains=PROMPTS)
    assert [row.failure_reason for row in scene.rows(CHAINS, id=id)] == [None, "unanswerable", None, None]


def test_an_endpoint_that_is_down_for_long_is_waited_for(
    beats: Beats, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F13: no attempt is burnt and hardly anybody asks, however often the shard comes up; then all is made."""
    monkeypatch.setenv("BURNISH_RETRY_SECONDS", "1000")
    forget_settings()
    endpoint.script = lambda asked: PASSING["503"] if len(endpoint.asked) > 2 else None
    id = ask(endpoint)
    desk = GeneratingDesk(beats, "a test")
    for _ in range(40):
        desk.drain(threading.Event())
        scene.change("UPDATE shard SET available_at = clock_timestamp()")
        row = scene.rows("SELECT state, attempts, token, waiting FROM shard WHERE stage = 'generate'")[0]
        assert tuple(row)[:3] == ("queued", 0, None)
        assert row.waiting == f"The endpoint {endpoint.url} does not answer: it answers 503."
    assert len(endpoint.asked) < 40
    told = scene.rows("SELECT message FROM event WHERE message LIKE 'Waiting%'")
    assert len(told) == 1
    endpoint.script = lambda asked: None
    desk.close()
    monkeypatch.setenv("BURNISH_RETRY_SECONDS", "0")
    forget_settings()
    until_completed(beats, id, chains=PROMPTS)
    assert {row.state for row in scene.rows(CHAINS, id=id)} == {"done"}
    assert scene.number("SELECT max(attempts) FROM shard") <= 1


def test_one_worker_goes_on_by_itself_when_an_endpoint_is_back(beats: Beats, endpoint: Endpoint) -> None:
    """F13: the same worker, with many chains at once behind a breaker that has opened."""
    endpoint.script = lambda asked: PASSING["503"] if len(endpoint.asked) <= 2 * FAILURES else None
    id = ask(endpoint, prompts=4 * PROMPTS)
    desk, stop = GeneratingDesk(beats, "a test"), threading.Event()
    late = threading.Timer(PATIENCE, stop.set)
    late.start()
    desk.drain(stop)
    late.cancel()
    desk.close()
    assert not stop.is_set(), scene.rows("SELECT state, attempts, waiting, error FROM shard")
    assert [row.state for row in scene.rows(CHAINS, id=id)] == ["done"] * 4 * PROMPTS
    assert scene.number("SELECT max(attempts) FROM shard") <= 1


def test_a_wrong_key_ends_the_dataset_and_the_right_one_goes_on_where_it_stood(
    beats: Beats, endpoint: Endpoint
) -> None:
    endpoint.key = RIGHT
    store_secret(WRONG)
    id = ask(endpoint, secret="hosted")
    desk = GeneratingDesk(beats, "a test")
    desk.drain(threading.Event())
    row = scene.rows("SELECT state, error FROM dataset WHERE id = :id", id=id)[0]
    assert row.state == "failed"
    assert "it answers 401: Incorrect API key provided" in row.error
    assert WRONG not in row.error
    store_secret(RIGHT)
    with transaction() as session:
        datasets.resume(session, DEFAULT_PROJECT, id)
    desk.drain(threading.Event())
    desk.close()
    assert scene.chains(id) == PROMPTS


def test_a_key_is_its_projects_alone(beats: Beats, endpoint: Endpoint) -> None:
    """Two projects call their keys the same and ask the same endpoint; the engine stays loaded between them."""
    with transaction() as session:
        other = ledger.other_project(session)
    store_secret("sk-of-the-first")
    store_secret("sk-of-the-other", project_id=other)
    ids = [ask(endpoint, secret="hosted"), ask(endpoint, secret="hosted", project_id=other)]
    drain(beats)
    assert [scene.chains(id) for id in ids] == [PROMPTS, PROMPTS]
    keys = Counter(asked.headers["authorization"] for asked in endpoint.asked)
    assert keys == {"Bearer sk-of-the-first": 3 * PROMPTS, "Bearer sk-of-the-other": 3 * PROMPTS}


def test_an_address_that_is_closed_meanwhile_ends_the_dataset_before_anything_is_asked(
    beats: Beats, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = ask(endpoint)
    monkeypatch.setenv("BURNISH_ALLOWED_ENDPOINTS", "[]")
    forget_settings()
    drain(beats)
    row = scene.rows("SELECT state, error FROM dataset WHERE id = :id", id=id)[0]
    assert row.state == "failed"
    assert "BURNISH_ALLOWED_ENDPOINTS" in row.error
    assert endpoint.asked == []


def test_a_dataset_made_twice_asks_once_and_another_address_is_another_teacher(
    beats: Beats, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        ask(endpoint)
        drain(beats)
    assert len(endpoint.asked) == 3 * PROMPTS
    with serving(Endpoint()) as other:
        monkeypatch.setenv("BURNISH_ALLOWED_ENDPOINTS", json.dumps([other.door]))
        forget_settings()
        ask(other)
        drain(beats)
        assert len(other.asked) == 3 * PROMPTS


def test_a_cancelled_dataset_asks_for_nothing_more(beats: Beats, endpoint: Endpoint) -> None:
    cancelled = threading.Event()

    def script(asked: Asked) -> None:
        if asked.number == 1 and not cancelled.is_set():
            cancelled.set()
            with transaction() as session:
                datasets.cancel(session, DEFAULT_PROJECT, id)
            [lease] = list(beats._leases.values())  # the beat would find out within its seconds
            lease.beat()

    endpoint.script = script
    id = ask(endpoint)
    drain(beats)
    assert not [asked for asked in endpoint.asked if asked.number == 2]


def test_a_judge_whose_endpoint_takes_no_temperature_scores_the_dataset(beats: Beats, endpoint: Endpoint) -> None:
    def script(asked: Asked) -> Act | None:
        if asked.body["model"] != "judge":
            return None
        return UNKNOWN_FIELDS["OpenAI's value"][1] if "temperature" in asked.body else says(completion("Score: 0.5"))

    endpoint.script = script
    id = ask(endpoint, reward={"kind": "judge", "engine": "openai", "model": "judge", "base_url": endpoint.url})
    drain(beats)
    scorer = ScoringDesk(beats, "a test")
    scorer.drain(threading.Event())
    scorer.close()
    assert scene.number("SELECT count(value) FROM score") == 2 * PROMPTS
    assert scene.state(id) == "completed"


def test_a_judge_behind_a_vllm_server_is_bound_to_a_rating(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BURNISH_MODELS", '{"judge": {"structured_outputs": true}}')
    forget_settings()
    endpoint.script = lambda asked: says(completion("Score: 0.5"))
    judge = RewardConfig(kind="judge", engine="openai", model="judge", base_url=endpoint.url)

    async def rate() -> list[Verdict]:
        loaded = await load_judge(judge)
        try:
            return await loaded.score([replace(BLANK, rubric=Rubric(instruction="Is it polite?"))], seed=0)
        finally:
            await loaded.close()

    assert [verdict.value for verdict in asyncio.run(rate())] == [0.5]
    [asked] = endpoint.asked
    bound = asked.body["structured_outputs"]["regex"]
    assert re.fullmatch(bound, "It is as polite as can be, all in all.\nScore: 0.5")
    assert not re.fullmatch(bound, "I would rather not say.")


def test_prices_are_those_of_the_endpoints_name_for_the_model(
    beats: Beats, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BURNISH_MODELS", '{"hosted": {"price_input": 1.0, "price_output": 10.0}}')
    forget_settings()
    id = ask(endpoint)
    drain(beats)
    assert [row.usd for row in scene.rows(CHAINS, id=id)] == pytest.approx([(60 * 1 + 15 * 10) / 1e6] * PROMPTS)


def test_a_worker_that_is_to_stop_asks_for_no_further_turn_and_keeps_what_was_said(
    beats: Beats, endpoint: Endpoint
) -> None:
    stop = threading.Event()
    endpoint.script = lambda asked: stop.set()
    id = ask(endpoint)
    desk = GeneratingDesk(beats, "a test")
    desk.drain(stop)
    desk.close()
    drafts = len(endpoint.asked)
    assert {asked.number for asked in endpoint.asked} == {0}
    assert [tuple(row) for row in scene.rows("SELECT state, attempts FROM shard WHERE stage = 'generate'")] == [
        ("queued", 0)
    ]
    endpoint.script = lambda asked: None
    drain(beats)
    assert scene.chains(id) == PROMPTS
    assert len(endpoint.asked) == 3 * PROMPTS
    assert drafts <= PROMPTS


def test_a_past_of_one_endpoint_says_nothing_of_another(beats: Beats, endpoint: Endpoint) -> None:
    id = ask(endpoint)
    drain(beats)
    with transaction() as session:
        config = datasets.frozen(session, id)
        elsewhere = config.teacher.model_copy(update={"base_url": "https://api.example.com/v1"})
        other = config.model_copy(update={"teacher": elsewhere})
        same = estimates.past(session, DEFAULT_PROJECT, config)
        assert same is not None
        assert same.prompt_tokens[0] == 60
        assert estimates.past(session, DEFAULT_PROJECT, other) is None


def test_a_judge_behind_an_endpoint_is_waited_for_refused_and_resumed_as_a_teacher_is(
    beats: Beats, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge = {"kind": "judge", "engine": "openai", "model": "judge", "base_url": endpoint.url, "secret": "hosted"}
    acts: list[Act | None] = [PASSING["web page"]] * 5 + [REFUSING["wrong key"]]

    def script(asked: Asked) -> Act | None:
        if asked.body["model"] != "judge":
            return None
        return acts.pop(0) if acts else says(completion("Score: 0.5"))

    endpoint.script = script
    store_secret(RIGHT)
    id = ask(endpoint, reward=judge)
    drain(beats)
    scorer = ScoringDesk(beats, "a test")
    scorer.drain(threading.Event())
    row = scene.rows("SELECT state, error FROM dataset WHERE id = :id", id=id)[0]
    assert (row.state, "Incorrect API key" in row.error) == ("failed", True)
    with transaction() as session:
        datasets.resume(session, DEFAULT_PROJECT, id)
    scorer.drain(threading.Event())
    scorer.close()
    assert scene.number("SELECT count(value) FROM score") == 2 * PROMPTS
    assert scene.state(id) == "completed"
    assert scene.number("SELECT count(*) FROM shard WHERE state = 'quarantined'") == 0
