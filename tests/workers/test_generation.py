"""The generating worker takes up a further shard while others are in work: what is wrong with it is its own matter."""

import threading
from collections.abc import Iterator

import pytest

from core.configs.teacher import ModelConfig
from core.errors import Unavailable
from tests.conftest import forget_settings
from tests.factories import scene
from tests.fakes.teacher import ScriptedTeacher
from workers import generation
from workers.generation import GeneratingDesk
from workers.lease import Beats

PROMPTS = 4


@pytest.fixture
def beats(database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Beats]:
    """A shard that waits is not looked at again by the same test."""
    monkeypatch.setenv("BURNISH_RETRY_SECONDS", "1000")
    forget_settings()
    with Beats() as thread:
        yield thread


async def load(config: ModelConfig, **_: object) -> ScriptedTeacher:
    """The model in an engine that has it, though there is none of its name in the model roots."""
    return ScriptedTeacher(model=str(config.model))


def two() -> tuple[str, str]:
    """A dataset, and another one of the same model in an engine by name: its weights are looked for, and are not there.

    What is asked for without the cache is not looked at before it is loaded.
    """
    named = {"teacher": {"model": scene.TEACHER, "engine": "transformers"}}
    first = scene.ask(scene.Asked(prompts=PROMPTS, config={"cache": False}))
    return first, scene.ask(scene.Asked(prompts=PROMPTS, config=named))


def drain(beats: Beats) -> None:
    """Let one worker do what it can."""
    desk = GeneratingDesk(beats, "a test", load=load)
    desk.drain(threading.Event())
    desk.close()


SHARDS = "SELECT state, attempts, error, waiting FROM shard WHERE dataset_id = :id AND stage = 'generate'"


def test_a_request_that_cannot_be_loaded_fails_alone_and_the_one_in_work_goes_on(beats: Beats) -> None:
    good, bad = two()
    drain(beats)
    assert beats.held() == []
    assert scene.chains(good) == PROMPTS
    assert [(row.state, row.attempts) for row in scene.rows(SHARDS, id=good)] == [("done", 1)]
    row = scene.rows("SELECT state, error FROM dataset WHERE id = :id", id=bad)[0]
    assert row.state == "failed"
    assert scene.TEACHER in row.error
    assert scene.chains(bad) == 0


def test_a_hub_that_is_silent_about_one_request_costs_it_no_attempt_and_the_one_in_work_nothing(
    beats: Beats, monkeypatch: pytest.MonkeyPatch
) -> None:
    def identify(_config: ModelConfig) -> None:
        raise Unavailable("The hub does not answer.")

    monkeypatch.setattr(generation, "identify", identify)
    good, waiting = two()
    drain(beats)
    assert beats.held() == []
    assert scene.chains(good) == PROMPTS
    told = [tuple(row) for row in scene.rows(SHARDS, id=waiting)]
    assert [(state, attempts, why) for state, attempts, _, why in told] == [("queued", 0, "The hub does not answer.")]
