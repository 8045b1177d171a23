"""Estimates leave out the turns that the cache holds, and say how many those are."""

import threading
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.factories import scene, scripted
from tests.fakes.teacher import ScriptedTeacher
from workers.generation import GeneratingDesk
from workers.lease import Beats

ASKED: dict[str, Any] = {"behavior": "polite", "n_prompts": 10}
WORDS = 5  # of each scripted answer, and as many tokens


@pytest.fixture
def teacher(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> ScriptedTeacher:
    """The one teacher of every desk; it counts what it is asked for."""
    return scripted.seated(monkeypatch)


def make(client: TestClient, **asked: Any) -> None:
    """All chains of a dataset."""
    answer = client.post("/datasets", json=ASKED | asked)
    assert answer.status_code == 202, answer.text
    with Beats() as beats:
        desk = GeneratingDesk(beats, "a test")
        desk.drain(threading.Event())
        desk.close()


def estimate(client: TestClient, **asked: Any) -> Any:
    """What a dataset would take."""
    answer = client.post("/estimates", json=ASKED | asked)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_dataset_that_was_made_before_takes_nothing(client: TestClient, teacher: ScriptedTeacher) -> None:
    before = estimate(client)
    assert before["cached"] == {"chains": 0, "turns": 0, "hits": 0}
    assert before["sampled_tokens"]["expected"] > 0
    make(client)
    told = estimate(client)
    assert told["cached"] == {"chains": 10, "turns": 30, "hits": 30}
    for name in ("prompt_tokens", "sampled_tokens"):
        assert told[name] == {"expected": 0.0, "low": 0.0, "high": 0.0}


@pytest.mark.parametrize(
    ("asked", "turns", "hits"),
    [
        ({"n_prompts": 12}, 36, 30),
        ({"samples_per_prompt": 2}, 60, 30),
        ({"best_of": 3}, 50, 30),
        ({"rounds": 2}, 50, 10),
        ({"teacher": {"turns": {"revision": {"temperature": 0.1}}}}, 30, 20),
        ({"seed": 1, "n_prompts": 12}, 36, 0),
    ],
    ids=["more prompts", "more samples", "candidates", "rounds", "other revisions", "another seed"],
)
def test_what_is_not_known_is_what_the_teacher_is_asked_for(
    client: TestClient, teacher: ScriptedTeacher, asked: dict[str, Any], turns: int, hits: int
) -> None:
    make(client)
    told = estimate(client, **asked)
    assert (told["cached"]["turns"], told["cached"]["hits"]) == (turns, hits)
    known = len(teacher.seeds)
    make(client, **asked)
    assert len(teacher.seeds) - known == turns - hits


def test_a_fifth_more_prompts_take_a_sixth_of_the_whole(client: TestClient, teacher: ScriptedTeacher) -> None:
    make(client)
    told, whole = estimate(client, n_prompts=12), estimate(client, n_prompts=12, cache=False)
    assert whole["cached"]["chains"] == 0
    for name in ("prompt_tokens", "sampled_tokens"):
        for bound in ("expected", "low", "high"):
            assert told[name][bound] <= whole[name][bound]
        assert told[name]["expected"] == pytest.approx(whole[name]["expected"] / 6)


def test_a_turn_is_left_out_with_its_own_length(client: TestClient, teacher: ScriptedTeacher) -> None:
    make(client)
    revised = {"teacher": {"turns": {"revision": {"temperature": 0.1}}}}
    told, whole = estimate(client, **revised), estimate(client, cache=False)
    assert told["sampled_tokens"]["expected"] == pytest.approx(10 * WORDS)
    # Revisions are read behind draft and critique: more than a third of all that is read.
    assert (
        whole["prompt_tokens"]["expected"] / 3 < told["prompt_tokens"]["expected"] < whole["prompt_tokens"]["expected"]
    )


def test_what_other_weights_said_is_no_turn_of_theirs(client: TestClient, teacher: ScriptedTeacher) -> None:
    make(client)
    scene.change("UPDATE chain SET model_fingerprint = 'another'")
    assert estimate(client)["cached"] == {"chains": 10, "turns": 30, "hits": 0}


def test_of_prompts_that_are_still_to_come_no_turn_is_looked_up(client: TestClient, teacher: ScriptedTeacher) -> None:
    make(client)
    topics = {"source": {"kind": "topics", "topics": ["sea"], "per_topic": 10}}
    assert estimate(client, **topics)["cached"]["chains"] == 0
