"""How long one waits for an endpoint that says nothing, and how long the shard behind it is kept meanwhile."""

from collections.abc import Callable, Iterator
from itertools import count

import pytest

from core.settings import Settings, settings
from tests.conftest import forget_settings
from tests.factories import scene
from tests.fakes.endpoint import Act, Asked, Endpoint
from tests.workers.teachers.endpoint.hosted import ask, drain
from tests.workers.teachers.endpoint.misdeeds import PASSING
from workers.lease import Beats
from workers.teachers.endpoint.fault import Fault
from workers.teachers.endpoint.patience import Patience, still
from workers.teachers.endpoint.retries import Retries
from workers.teachers.endpoint.retry_budget import RetryBudget


@pytest.fixture
def answers_take(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[float, float], None]]:
    """Sets the longest answers of an endpoint and of an engine; all else is as nobody set it."""

    def take(endpoint: float, engine: float) -> None:
        monkeypatch.setenv("BURNISH_ENDPOINT_ANSWER_SECONDS", str(endpoint))
        monkeypatch.setenv("BURNISH_ENGINE_ANSWER_SECONDS", str(engine))
        forget_settings()

    yield take
    forget_settings()


def silences(patience: Patience) -> list[float]:
    """The seconds that went by at the end of each try of an answer that never comes."""
    retries, spent, ends = Retries(patience, RetryBudget()), 0.0, list[float]()
    silent = Fault("it gave no answer", kind="slow")
    silent.seconds = patience.answer + 0.1
    pause: float | bool = 0.0
    while pause is not False:
        spent += pause + silent.seconds
        ends.append(spent)
        pause = retries(silent)
    return ends


def test_by_default_a_silent_endpoint_is_asked_three_times_while_its_shard_is_kept() -> None:
    ends = silences(Patience())
    assert len(ends) == 3
    assert ends[-1] < Patience().longest < Settings.model_fields["engine_answer_seconds"].default
    assert still("openai") == still("vllm") == settings().engine_answer_seconds


@pytest.mark.parametrize(("endpoint", "engine"), [(300, 600), (900, 600), (120, 60), (1, 10_000)])
def test_whatever_is_set_silence_is_met_with_a_second_try_while_the_shard_is_kept(
    endpoint: int, engine: int, answers_take: Callable[[float, float], None]
) -> None:
    answers_take(endpoint, engine)
    ends = silences(Patience())
    assert len(ends) > 1
    assert ends[-1] < Patience().longest <= still("openai")
    assert still("vllm") == engine


@pytest.mark.usefixtures("short_waits")
@pytest.mark.parametrize("name", ["hang", "one byte at a time", "silent after the head"])
def test_an_answer_that_does_not_come_is_asked_for_again_before_the_shard_waits(
    name: str, beats: Beats, endpoint: Endpoint, answers_take: Callable[[float, float], None]
) -> None:
    """As it comes an engine's longest answer is a few times that of an endpoint, so no test has to wait for either."""
    calls = count()

    def script(_asked: Asked) -> Act | None:
        return PASSING[name] if next(calls) == 0 else None

    endpoint.script = script
    answers_take(0.3, 0.6)
    id = ask(endpoint, prompts=1)
    drain(beats)
    assert scene.chains(id) == 1
    assert len(endpoint.asked) == 4
    assert scene.rows("SELECT message FROM event WHERE message LIKE 'Waiting%'") == []
