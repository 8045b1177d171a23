"""The teacher behind an endpoint, on a scripted one: what is sent, what comes back, and every way it can go wrong."""

import asyncio
import tracemalloc
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any, TypeVar

import pytest
from stamina import instrumentation

from core.configs.sampling import Sampling
from core.configs.teacher import ModelConfig
from core.errors import BadInput, Refused, Unanswered, Unavailable
from core.outgoing.guard import Guard
from tests.fakes.endpoint import Act, Asked, Endpoint, completion, says, serving
from tests.workers.teachers.endpoint.misdeeds import NEWER_NAME, PASSING, REFUSING, REJECTING, UNKNOWN_FIELDS
from workers.teachers import load_teacher
from workers.teachers.endpoint.gate import START
from workers.teachers.endpoint.patience import Patience
from workers.teachers.endpoint.teacher import REJECTIONS, EndpointTeacher
from workers.teachers.identity import identify
from workers.teachers.teacher import Shape, Turn

Result = TypeVar("Result")
TRIES = 3
STEADY = Patience(connect=5.0, answer=20.0, retry=0.005, tries=TRIES, whole=60.0)
HASTY = Patience(connect=5.0, answer=0.3, retry=0.005, tries=TRIES, whole=60.0)
SLOW = ("hang", "one byte at a time", "silent after the head")
CHAT = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Why?"}]
SAMPLING = Sampling(temperature=0.5, max_tokens=64)
MOST_BYTES = 48 << 20  # of memory that any answer may take: a few times the most that is read of one


def config(endpoint: Endpoint) -> ModelConfig:
    return ModelConfig(engine="openai", model="hosted", base_url=endpoint.url)


def using(
    endpoint: Endpoint,
    work: Callable[[EndpointTeacher], Awaitable[Result]],
    *,
    patience: Patience = STEADY,
    api_key: str | None = None,
) -> Result:
    """What the work gives with a teacher at this endpoint."""

    async def run() -> Result:
        guard = Guard(allowed=[endpoint.door])
        teacher = EndpointTeacher(config(endpoint), api_key=api_key, guard=guard, patience=patience)
        try:
            return await work(teacher)
        finally:
            await teacher.close()

    return asyncio.run(run())


def answer(endpoint: Endpoint, sampling: Sampling = SAMPLING, **how: Any) -> Turn:
    """One answer to the chat."""
    return using(endpoint, lambda teacher: teacher.answer(teacher.open(CHAT), sampling=sampling, seed=7), **how)


def once(act: Act) -> Callable[[Asked], Act | None]:
    """The act for the first request, good answers for the others."""
    calls = count()
    return lambda asked: act if next(calls) == 0 else None


def always(act: Act) -> Callable[[Asked], Act | None]:
    return lambda asked: act


async def crowd(teacher: EndpointTeacher, many: int, sampling: Sampling = SAMPLING) -> list[Turn]:
    """So many answers that are asked for at once."""
    asks = (teacher.answer(teacher.open(CHAT), sampling=sampling, seed=seed) for seed in range(many))
    return list(await asyncio.gather(*asks))


@contextmanager
def little_memory() -> Iterator[None]:
    """What is done inside takes no more memory than a few answers do."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < MOST_BYTES
    finally:
        tracemalloc.stop()


def test_a_request_holds_the_messages_the_sampling_and_nothing_else(endpoint: Endpoint) -> None:
    answer(endpoint, api_key="sk-1234567")
    answer(endpoint, Sampling(temperature=1, top_p=0.5, top_k=40, max_tokens=9, stop=("END",)))
    first, second = endpoint.asked
    common = {"model": "hosted", "messages": CHAT, "seed": 7}
    assert first.path == "/v1/chat/completions"
    assert first.headers["authorization"] == "Bearer sk-1234567"
    assert first.body == common | {"temperature": 0.5, "top_p": 1.0, "max_tokens": 64}
    assert "authorization" not in second.headers
    assert second.body == common | {"temperature": 1.0, "top_p": 0.5, "top_k": 40, "max_tokens": 9, "stop": ["END"]}


def test_a_retry_is_logged_under_the_model_and_its_endpoint(endpoint: Endpoint) -> None:
    names: list[str] = []
    before = instrumentation.get_on_retry_hooks()
    instrumentation.set_on_retry_hooks([lambda details: names.append(details.name)])
    try:
        endpoint.script = once(PASSING["503"])
        answer(endpoint)
    finally:
        instrumentation.set_on_retry_hooks(before)
    assert names == [f"hosted at {endpoint.url}"]


def test_a_seed_is_sent_in_the_bits_that_every_endpoint_takes(endpoint: Endpoint) -> None:
    using(endpoint, lambda teacher: teacher.answer(teacher.open(CHAT), sampling=SAMPLING, seed=(5 << 40) + 3))
    assert endpoint.asked[0].body["seed"] == 3


def test_a_shape_binds_an_answer_of_a_vllm_server_and_is_kept_from_others(
    endpoint: Endpoint, of_hosted: Callable[..., None]
) -> None:
    schema = {"type": "object", "properties": {"score": {"type": "number"}}}
    for bound in (True, False):
        of_hosted(structured_outputs=bound)
        for shape in (Shape(regex="[0-9]+"), Shape(schema=schema)):
            using(
                endpoint,
                lambda teacher, shape=shape: teacher.answer(teacher.open(CHAT), sampling=SAMPLING, seed=0, shape=shape),
            )
    sent = [asked.body.get("structured_outputs") for asked in endpoint.asked]
    assert sent == [{"regex": "[0-9]+"}, {"json": schema}, None, None]


def test_the_turn_says_what_it_took(endpoint: Endpoint) -> None:
    turn = answer(endpoint)
    assert (turn.text, turn.finish, turn.token_ids) == ("draft of Why?", "stop", ())
    assert (turn.prompt_tokens, turn.tokens, turn.cached_tokens) == (20, 5, 10)


@pytest.mark.parametrize(
    "usage", [None, {}, "many", {"prompt_tokens": -1, "completion_tokens": True}, {"prompt_tokens": 1e99}]
)
def test_counts_that_are_missing_or_cannot_be_are_estimated(endpoint: Endpoint, usage: Any) -> None:
    endpoint.script = always(says(completion("twelve chars", usage=usage)))
    turn = answer(endpoint)
    assert (turn.prompt_tokens, turn.tokens, turn.cached_tokens) == (3 + 1, 3, 0)


@pytest.mark.parametrize(
    ("told", "finish"),
    [
        ("stop", "stop"), (None, "stop"), ("eos", "stop"), ("length", "length"), ("max_tokens", "length"),
        ("content_filter", "content_filter"), ("tool_calls", "tool_calls"), ("function_call", "tool_calls"),
    ],
)  # fmt: skip
def test_every_end_of_an_answer_has_one_name(endpoint: Endpoint, told: str | None, finish: str) -> None:
    endpoint.script = always(says(completion("words", finish=told)))
    assert answer(endpoint).finish == finish
    assert len(endpoint.asked) == 1


def test_a_refusal_and_an_answer_that_was_all_thought_are_no_faults(endpoint: Endpoint) -> None:
    message = {"role": "assistant", "content": None, "refusal": "I will not."}
    endpoint.script = always(says(completion(None) | {"choices": [{"message": message, "finish_reason": "stop"}]}))
    assert answer(endpoint).finish == "refusal"
    endpoint.script = always(says(completion(None, finish="length")))
    assert (answer(endpoint).finish, answer(endpoint).text) == ("length", "")


def test_an_answer_is_cut_before_a_stop_string_that_the_endpoint_overlooked(endpoint: Endpoint) -> None:
    endpoint.script = always(says(completion("Yes. END and more", finish="length")))
    turn = answer(endpoint, Sampling(stop=("END",)))
    assert (turn.text, turn.finish) == ("Yes.", "stop")


def test_no_more_stop_strings_are_sent_than_endpoints_take_and_all_are_heeded(endpoint: Endpoint) -> None:
    endpoint.script = always(says(completion("Yes. F and more", finish="length")))
    turn = answer(endpoint, Sampling(stop=("A", "B", "C", "D", "E", "F")))
    assert (turn.text, turn.finish) == ("Yes.", "stop")
    assert endpoint.asked[0].body["stop"] == ["A", "B", "C", "D"]


def test_a_conversation_goes_on_in_messages_that_hold_nothing_unspeakable(endpoint: Endpoint) -> None:
    endpoint.script = once(says(completion("nul \x00 half \ud800 done")))

    async def talk(teacher: EndpointTeacher) -> Turn:
        opened = teacher.open(CHAT)
        turn = await teacher.answer(opened, sampling=SAMPLING, seed=0)
        await teacher.answer(teacher.follow(opened, turn, "Again."), sampling=SAMPLING, seed=0)
        return turn

    assert using(endpoint, talk).text == "nul \x00 half \ud800 done"  # it is counted where it is written
    said = {"role": "assistant", "content": "nul \ufffd half \ufffd done"}
    assert endpoint.asked[1].body["messages"] == [*CHAT, said, {"role": "user", "content": "Again."}]


@pytest.mark.parametrize("name", PASSING)
def test_a_fault_that_passes_costs_one_more_call(endpoint: Endpoint, name: str) -> None:
    endpoint.script = once(PASSING[name])
    with little_memory():
        assert answer(endpoint, patience=HASTY if name in SLOW else STEADY).text == "draft of Why?"
    assert len(endpoint.asked) == 2


@pytest.mark.parametrize("name", PASSING)
def test_a_fault_that_stays_is_waited_for_after_a_few_calls(endpoint: Endpoint, name: str) -> None:
    endpoint.script = always(PASSING[name])
    with little_memory(), pytest.raises(Unavailable, match=r"The endpoint http://127.0.0.1:\d+/v1 does not answer: "):
        answer(endpoint, patience=HASTY if name in SLOW else STEADY)
    assert TRIES <= len(endpoint.asked) <= TRIES + 1  # and perhaps the question whether it answers at all


@pytest.mark.parametrize("name", REFUSING)
def test_an_endpoint_that_does_not_take_us_is_asked_once(endpoint: Endpoint, name: str) -> None:
    endpoint.script = always(REFUSING[name])
    with pytest.raises(Refused, match=r"The endpoint http://127.0.0.1:\d+/v1 does not take the request: it answers"):
        answer(endpoint)
    assert len(endpoint.asked) == 1


@pytest.mark.parametrize("name", REJECTING)
def test_a_conversation_that_is_not_taken_is_asked_once_and_told_from_others(endpoint: Endpoint, name: str) -> None:
    act, reason = REJECTING[name]
    endpoint.script = always(act)
    with pytest.raises(Unanswered) as told:
        answer(endpoint)
    assert told.value.reason == reason
    assert len(endpoint.asked) == 1


def test_rejections_without_end_are_no_matter_of_the_conversations(endpoint: Endpoint) -> None:
    endpoint.script = always(REJECTING["bad request"][0])

    async def insist(teacher: EndpointTeacher) -> int:
        for number in range(2 * REJECTIONS):
            try:
                await teacher.answer(teacher.open(CHAT), sampling=SAMPLING, seed=number)
            except Unanswered:
                continue
            except Refused:
                return number + 1
        return 0

    assert using(endpoint, insist) == REJECTIONS


def test_the_newer_name_of_the_token_limit_is_learned_once(endpoint: Endpoint) -> None:
    endpoint.script = lambda asked: NEWER_NAME if "max_tokens" in asked.body else None

    async def twice(teacher: EndpointTeacher) -> None:
        for seed in range(2):
            await teacher.answer(teacher.open(CHAT), sampling=SAMPLING, seed=seed)

    using(endpoint, twice)
    assert ["max_completion_tokens" in asked.body for asked in endpoint.asked] == [False, True, True]


def test_requests_that_were_under_way_when_a_name_was_learned_are_asked_again_too(endpoint: Endpoint) -> None:
    endpoint.script = lambda asked: NEWER_NAME if "max_tokens" in asked.body else None
    turns = using(endpoint, lambda teacher: crowd(teacher, 8))
    assert [turn.text for turn in turns] == ["draft of Why?"] * 8
    assert sum("max_tokens" in asked.body for asked in endpoint.asked) > 1  # it was a burst


@pytest.mark.parametrize("name", UNKNOWN_FIELDS)
def test_a_field_that_the_endpoint_does_not_take_is_left_out_and_remembered(
    endpoint: Endpoint, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    field, act = UNKNOWN_FIELDS[name]
    endpoint.script = lambda asked: act if field in asked.body else None
    sampling = Sampling(temperature=0.5, top_k=40)

    async def twice(teacher: EndpointTeacher) -> list[Turn]:
        turns = await crowd(teacher, 8, sampling)
        endpoint.asked.clear()
        return [*turns, *await crowd(teacher, 1, sampling)]

    assert [turn.omitted for turn in using(endpoint, twice)] == [(field,)] * 9
    [last] = endpoint.asked
    everything = {"model", "messages", "temperature", "top_p", "top_k", "max_tokens", "seed"}
    assert last.body.keys() == everything - {field}
    assert capsys.readouterr().out.count("field left out from now on") == 1


def test_fields_that_the_operator_says_to_omit_are_never_sent(
    endpoint: Endpoint, of_hosted: Callable[..., None]
) -> None:
    assert answer(endpoint).omitted == ()
    endpoint.asked.clear()
    of_hosted(omit=["seed", "temperature", "top_k"])
    assert answer(endpoint).omitted == ("temperature", "seed")
    assert endpoint.asked[0].body.keys() == {"model", "messages", "top_p", "max_tokens"}


def test_a_field_that_cannot_be_left_out_is_named(endpoint: Endpoint) -> None:
    forbidden = {"type": "extra_forbidden", "loc": ["body", "messages", 0, "role"], "msg": "Not permitted"}
    endpoint.script = always(says({"detail": [forbidden]}, status=422))
    with pytest.raises(Refused, match=r"it answers 422: messages\.0\.role: Not permitted\. Set right what it names"):
        answer(endpoint)
    assert len(endpoint.asked) == 1


def test_a_request_that_nobody_can_answer_is_given_up_when_others_are_answered(endpoint: Endpoint) -> None:
    endpoint.script = lambda asked: PASSING["500"] if asked.prompt == "Why?" else None

    async def rounds(teacher: EndpointTeacher) -> list[type[Exception]]:
        met: list[type[Exception]] = []
        for _ in range(3):
            try:
                await teacher.answer(teacher.open(CHAT), sampling=SAMPLING, seed=0)
            except (Unavailable, Unanswered) as error:
                met.append(type(error))
        return met

    assert using(endpoint, rounds) == [Unavailable, Unavailable, Unanswered]
    assert len(endpoint.asked) == 3 * (TRIES + 1)


def test_an_endpoint_that_asks_for_much_time_is_left_alone_for_it(endpoint: Endpoint) -> None:
    endpoint.script = always(says({}, status=429, retry_after="3000"))

    async def ask(teacher: EndpointTeacher) -> None:
        for _ in range(5):
            with pytest.raises(Unavailable, match="429"):
                await teacher.answer(teacher.open(CHAT), sampling=SAMPLING, seed=0)

    using(endpoint, ask)
    assert len(endpoint.asked) == 1


def test_an_endpoint_that_is_down_is_asked_ever_less_often_and_used_again_when_it_is_back(endpoint: Endpoint) -> None:
    endpoint.script = always(PASSING["503"])
    patience = Patience(connect=5.0, answer=20.0, retry=0.02, tries=TRIES, whole=60.0)

    async def live(teacher: EndpointTeacher) -> None:
        begun = asyncio.get_running_loop().time()
        refused = 0
        while asyncio.get_running_loop().time() - begun < 1.5:
            with pytest.raises(Unavailable, match="503"):
                await teacher.answer(teacher.open(CHAT), sampling=SAMPLING, seed=0)
            refused += 1
            await asyncio.sleep(0.002)
        assert refused > 100
        assert len(endpoint.asked) < 30
        endpoint.script = lambda asked: None
        async with asyncio.timeout(10):
            while True:
                try:
                    await teacher.answer(teacher.open(CHAT), sampling=SAMPLING, seed=0)
                except Unavailable:
                    await asyncio.sleep(0.01)
                else:
                    return

    using(endpoint, live, patience=patience)


def test_an_endpoint_that_takes_few_at_once_is_soon_asked_for_few_at_once(endpoint: Endpoint) -> None:
    busy = PASSING["429"]

    def script(_asked: Asked) -> Act | None:
        return busy if endpoint._at_once > 4 else slowly

    async def slowly(asked: Asked, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.01)
        await says(completion(asked.text))(asked, writer)

    endpoint.script = script
    patient = Patience(connect=5.0, answer=20.0, retry=0.02, tries=30, whole=60.0)

    async def crowd(teacher: EndpointTeacher) -> list[Turn | BaseException]:
        asks = (teacher.answer(teacher.open(CHAT), sampling=SAMPLING, seed=seed) for seed in range(200))
        return list(await asyncio.gather(*asks, return_exceptions=True))

    turns = using(endpoint, crowd, patience=patient)
    answered = sum(isinstance(turn, Turn) for turn in turns)
    refused = len(endpoint.asked) - answered
    assert answered > 150
    assert refused < 100
    assert endpoint.most_at_once <= 2 * START


def test_an_endpoint_that_nobody_can_reach_is_waited_for() -> None:
    with serving(Endpoint()) as gone:
        pass
    with pytest.raises(Unavailable, match="cannot be reached"):
        answer(gone)


@pytest.mark.parametrize("key", ["sk-with\nnewline", "sk-with\x00", "clé"])
def test_a_key_that_no_header_can_carry_is_refused_without_being_shown(endpoint: Endpoint, key: str) -> None:
    with pytest.raises(BadInput) as told:
        answer(endpoint, api_key=key)
    assert told.value.param == "teacher.secret"
    assert key not in told.value.message


def test_an_endpoint_is_known_before_it_is_asked() -> None:
    def who(url: str, model: str = "hosted") -> str:
        return identify(ModelConfig(engine="openai", model=model, base_url=url)).fingerprint

    one = ModelConfig(engine="openai", model="hosted", base_url="https://api.example.com/v1")
    assert identify(one).engine == "openai"
    assert who("https://api.example.com/v1") == who("https://API.example.com:443/v1/")
    others = ["https://api.example.com/v2", "http://api.example.com/v1", "https://api.example.com:8443/v1"]
    assert len({who(url) for url in (*others, "https://api.example.com/v1")} | {who(others[0], "other")}) == 5
    loaded = asyncio.run(load_teacher(one, api_key=None))
    assert (loaded.engine, loaded.fingerprint, loaded.template_hash) == identify(one)
    asyncio.run(loaded.close())
