"""The limits that the operator sets for a model, as its endpoint sees them."""

import asyncio
import time
from collections.abc import Callable

import pytest

from core.configs.sampling import Sampling
from core.configs.teacher import ModelConfig
from core.errors import Unavailable
from core.outgoing.guard import Guard
from tests.fakes.endpoint import Act, Asked, Endpoint, completion, hang, says
from tests.workers.teachers.endpoint.misdeeds import PASSING
from workers.teachers.endpoint.patience import Patience
from workers.teachers.endpoint.rates import BURST_SECONDS
from workers.teachers.endpoint.teacher import EndpointTeacher

CHAT = [{"role": "user", "content": "Why?"}]
SHORT = Sampling(max_tokens=1)  # with the chat two tokens, as they are estimated
DEADLINE = 30.0  # seconds after which what should happen counts as never happening
PATIENCE = Patience(connect=5.0, answer=20.0, retry=0.0, tries=1, whole=60.0)

Limits = Callable[..., None]


def teacher_at(endpoint: Endpoint) -> EndpointTeacher:
    """A teacher that gives each request one try."""
    config = ModelConfig(engine="openai", model="hosted", base_url=endpoint.url)
    return EndpointTeacher(config, api_key=None, guard=Guard(allowed=[endpoint.door]), patience=PATIENCE)


async def answer(teacher: EndpointTeacher) -> None:
    await teacher.answer(teacher.open(CHAT), sampling=SHORT, seed=0)


def asked_at(endpoint: Endpoint, many: int, *, used: int) -> list[float]:
    """When, in monotonic seconds, the endpoint was asked for answers that took so many tokens each."""
    moments: list[float] = []
    usage = {"prompt_tokens": used - 1, "completion_tokens": 1}

    def script(_asked: Asked) -> Act:
        moments.append(time.monotonic())
        return says(completion("Yes", usage=usage))

    async def one_after_the_other() -> None:
        teacher = teacher_at(endpoint)
        for _ in range(many):
            await answer(teacher)
        await teacher.close()

    endpoint.script = script
    asyncio.run(one_after_the_other())
    return moments


def test_no_more_requests_are_under_way_than_the_model_may_have(endpoint: Endpoint, of_hosted: Limits) -> None:
    async def slowly(_asked: Asked, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.02)
        await says(completion("Yes"))(_asked, writer)

    async def crowd() -> None:
        teacher = teacher_at(endpoint)
        await asyncio.gather(*(answer(teacher) for _ in range(12)))
        await teacher.close()

    endpoint.script = lambda asked: slowly
    of_hosted(max_concurrency=2)
    asyncio.run(crowd())
    assert (len(endpoint.asked), endpoint.most_at_once) == (12, 2)


def test_requests_beyond_a_burst_wait_for_the_models_rate(endpoint: Endpoint, of_hosted: Limits) -> None:
    of_hosted(requests_per_minute=60 * 4)
    burst = int(4 * BURST_SECONDS)
    moments = asked_at(endpoint, burst + 2, used=2)
    assert moments[-1] - moments[0] >= 2 / 4 - 0.1


def test_tokens_that_answers_took_are_held_against_the_models_rate(endpoint: Endpoint, of_hosted: Limits) -> None:
    of_hosted(tokens_per_minute=60 * 100)
    burst = int(100 * BURST_SECONDS)
    moments = asked_at(endpoint, 12, used=burst // 10)
    assert moments[-1] - moments[0] >= burst / 10 / 100 - 0.1


def test_requests_that_fail_take_no_tokens_of_the_rate(endpoint: Endpoint, of_hosted: Limits) -> None:
    async def insist() -> None:
        teacher = teacher_at(endpoint)
        for _ in range(20):
            with pytest.raises(Unavailable):
                await answer(teacher)
        endpoint.script = lambda asked: None
        await answer(teacher)
        await teacher.close()

    endpoint.script = lambda asked: PASSING["429"]
    of_hosted(tokens_per_minute=2 * 60 / BURST_SECONDS)  # one request's worth at once
    asyncio.run(asyncio.wait_for(insist(), DEADLINE))


def test_requests_that_are_cancelled_take_nothing_of_the_rates(endpoint: Endpoint, of_hosted: Limits) -> None:
    async def change_ones_mind() -> None:
        teacher = teacher_at(endpoint)
        going = [asyncio.create_task(answer(teacher)) for _ in range(16)]
        while not endpoint.asked:
            await asyncio.sleep(0.01)
        for one in going:  # one was sent, the others wait for the rates
            one.cancel()
        await asyncio.gather(*going, return_exceptions=True)
        endpoint.script = lambda asked: None
        await answer(teacher)
        await teacher.close()

    endpoint.script = lambda asked: hang
    of_hosted(tokens_per_minute=2 * 60 / BURST_SECONDS, requests_per_minute=2 * 60 / BURST_SECONDS)
    asyncio.run(asyncio.wait_for(change_ones_mind(), DEADLINE))
