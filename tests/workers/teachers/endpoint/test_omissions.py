"""What an endpoint does not take of the sampling is told: of the dataset once, and of every pair."""

import threading
from typing import Any

import pytest

from core.database import transaction
from core.provenance import ground, trace
from core.queries import exports
from core.queries.pairs import PairFilter
from tests.conftest import forget_settings
from tests.factories import scene
from tests.fakes.endpoint import Act, Asked, Endpoint, completion, says
from tests.workers.teachers.endpoint.hosted import PROMPTS, ask, drain
from tests.workers.teachers.endpoint.misdeeds import UNKNOWN_FIELDS
from workers.lease import Beats
from workers.scoring import ScoringDesk

pytestmark = pytest.mark.usefixtures("short_waits")
TOLD = "SELECT level, message, data FROM event WHERE subject = :id AND data ->> 'omitted' IS NOT NULL ORDER BY id"


def script(asked: Asked) -> Act | None:
    """The teacher takes no seed, the judge no temperature."""
    if asked.body["model"] == "hosted":
        return UNKNOWN_FIELDS["FastAPI"][1] if "seed" in asked.body else None
    return UNKNOWN_FIELDS["OpenAI's value"][1] if "temperature" in asked.body else says(completion("Score: 0.5"))


def made(beats: Beats, endpoint: Endpoint) -> str:
    """A dataset of several shards, made and scored by workers that know nothing of the endpoint yet; its id."""
    judge = {"kind": "judge", "engine": "openai", "model": "judge", "base_url": endpoint.url}
    id = ask(endpoint, reward=[judge, {"kind": "rule", "rule": "length"}])
    drain(beats)
    scorer = ScoringDesk(beats, "a test")
    scorer.drain(threading.Event())
    scorer.close()
    assert scene.number("SELECT count(*) FROM shard WHERE dataset_id = :id AND stage = 'generate'", id=id) > 1
    return id


def provenance(id: str) -> list[dict[str, Any]]:
    """What is told about each pair of a dataset."""
    with transaction() as session:
        common = ground(session, id)
        rows = exports.page(session, id, PairFilter(), after="", traced=True)
        scores = exports.scores_of(session, [row.chain_id for row in rows])
    return [trace(row, scores[row.chain_id], common) for row in rows]


def test_a_field_that_was_refused_is_told_once_by_model_and_with_every_pair(
    beats: Beats, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second dataset takes all of its turns from the cache: its workers meet no refusal."""
    monkeypatch.setenv("BURNISH_SHARD_PROMPTS", "2")
    forget_settings()
    endpoint.script = script
    expected = [(f"hosted@{endpoint.door}", "seed"), (f"judge@{endpoint.door}", "temperature")]
    for _ in range(2):
        endpoint.asked.clear()
        id = made(beats, endpoint)
        told = scene.rows(TOLD, id=id)
        assert sorted((row.data["model"], row.data["omitted"]) for row in told) == expected
        assert {row.level for row in told} == {"warn"}
        assert all(row.data["omitted"] in row.message and row.data["model"] in row.message for row in told)
        pairs = provenance(id)
        assert len(pairs) == PROMPTS
        assert all(turn["omitted"] == ["seed"] for pair in pairs for turn in pair["turns"])
        scores = {(score["scorer"], *score["omitted"]) for pair in pairs for score in pair["scores"]}
        assert scores == {("judge:judge", "temperature"), ("rule:length",)}
    assert endpoint.asked == []


def test_a_field_that_the_operator_omits_is_told_where_it_was_asked_for(
    beats: Beats, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BURNISH_MODELS", '{"hosted": {"omit": ["temperature", "top_k"]}}')
    forget_settings()
    id = ask(endpoint, cache=False)
    drain(beats)
    assert [row.data["omitted"] for row in scene.rows(TOLD, id=id)] == ["temperature"]
