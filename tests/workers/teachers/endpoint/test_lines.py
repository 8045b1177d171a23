"""What a worker knows of an endpoint outlasts the teacher that it learned it with."""

import asyncio
import json
import threading
import time
from collections.abc import Callable

import pytest

from core.configs.model import ModelSettings
from core.configs.sampling import Sampling
from core.configs.teacher import ModelConfig
from core.errors import Unavailable
from core.outgoing.guard import Guard
from tests.conftest import forget_settings
from tests.factories import scene
from tests.fakes.endpoint import Endpoint, completion, says, serving
from tests.workers.teachers.endpoint.hosted import PROMPTS, ask
from tests.workers.teachers.endpoint.misdeeds import UNKNOWN_FIELDS
from workers.generation import GeneratingDesk
from workers.lease import Beats
from workers.scoring import ScoringDesk
from workers.teachers.endpoint.lines import KNOWN, Acquaintance, Lines, Party
from workers.teachers.endpoint.patience import Patience
from workers.teachers.endpoint.rates import BURST_SECONDS
from workers.teachers.endpoint.teacher import EndpointTeacher

URL = "https://api.example.com/v1"
CHAT = [{"role": "user", "content": "Why?"}]
PATIENCE = Patience(connect=5.0, answer=20.0, retry=0.0, tries=1, whole=60.0)


def to(lines: Lines, model: str = "hosted", api_key: str | None = None, *, url: str = URL) -> Acquaintance:
    return lines.to(Party(url, model, api_key), ModelSettings(), retry_seconds=0.5)


def ask_once(endpoint: Endpoint, lines: Lines, *, api_key: str | None = None) -> None:
    """A teacher that is loaded, asked for one answer, and let go."""

    async def work() -> None:
        config = ModelConfig(engine="openai", model="hosted", base_url=endpoint.url)
        guard = Guard(allowed=[endpoint.door])
        teacher = EndpointTeacher(config, api_key=api_key, guard=guard, patience=PATIENCE, lines=lines)
        try:
            await teacher.answer(teacher.open(CHAT), sampling=Sampling(max_tokens=1), seed=0)
        finally:
            await teacher.close()

    asyncio.run(work())


def test_the_same_endpoint_and_model_with_the_same_key_is_one_line() -> None:
    lines = Lines()
    first = to(lines, api_key="sk-1")
    assert to(lines, api_key="sk-1") is first
    others = [to(lines, api_key="sk-2"), to(lines), to(lines, "other"), to(lines, url="https://api.example.com/v2")]
    assert len({id(one) for one in (first, *others)}) == 5


def test_few_lines_are_remembered_and_those_in_use_are_among_them() -> None:
    lines = Lines()
    used, unused = to(lines), to(lines, "unused")
    for number in range(KNOWN - 1):
        to(lines, str(number))
        assert to(lines) is used
    assert to(lines, "unused") is not unused


def test_an_endpoint_that_asked_for_time_is_left_alone_by_the_next_teacher_too(endpoint: Endpoint) -> None:
    endpoint.script = lambda asked: says({}, status=429, retry_after="3000")
    lines = Lines()
    for _ in range(3):
        with pytest.raises(Unavailable, match="429"):
            ask_once(endpoint, lines)
    assert len(endpoint.asked) == 1


def test_what_one_key_used_up_is_nothing_to_the_owner_of_another(endpoint: Endpoint) -> None:
    busy = says({}, status=429, retry_after="3000")
    endpoint.script = lambda asked: busy if asked.headers["authorization"] == "Bearer sk-1" else None
    lines = Lines()
    with pytest.raises(Unavailable, match="429"):
        ask_once(endpoint, lines, api_key="sk-1")
    ask_once(endpoint, lines, api_key="sk-2")
    assert len(endpoint.asked) == 2


def test_the_operators_rate_holds_over_a_change_of_teachers_and_for_all_keys_together(
    endpoint: Endpoint, of_hosted: Callable[..., None]
) -> None:
    of_hosted(requests_per_minute=60 * 4)
    lines, burst = Lines(), int(4 * BURST_SECONDS)
    begun = time.monotonic()
    for number in range(burst + 2):
        ask_once(endpoint, lines, api_key=f"sk-{number % 2}")
    assert time.monotonic() - begun >= 2 / 4 - 0.1


def test_a_field_that_was_refused_is_not_sent_by_the_next_teacher(endpoint: Endpoint) -> None:
    field, act = UNKNOWN_FIELDS["FastAPI"]
    endpoint.script = lambda asked: act if field in asked.body else None
    lines = Lines()
    for _ in range(2):
        ask_once(endpoint, lines)
    assert [field in asked.body for asked in endpoint.asked] == [True, False, False]


@pytest.mark.usefixtures("short_waits")
def test_an_endpoint_has_the_time_it_asks_for_though_the_worker_turns_to_another_one_meanwhile(
    beats: Beats, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A teacher's endpoint, then a judge's, in workers that go back and forth between two."""
    endpoint.script = lambda asked: says({}, status=429, retry_after="3000")
    verdict = says(completion("Score: 0.5"))
    with serving(Endpoint(lambda asked: verdict if asked.body["model"] == "judge" else None)) as other:
        monkeypatch.setenv("BURNISH_RETRY_SECONDS", "1000")
        monkeypatch.setenv("BURNISH_ALLOWED_ENDPOINTS", json.dumps([endpoint.door, other.door]))
        forget_settings()
        judge = {"kind": "judge", "engine": "openai", "model": "judge"}
        judges = [judge | {"base_url": one.url, "label": name} for one, name in ((endpoint, "busy"), (other, "free"))]
        busy, free = ask(endpoint), ask(other, reward=judges)
        for desk in (GeneratingDesk(beats, "a test"), ScoringDesk(beats, "a test")):
            endpoint.asked.clear()
            desk.drain(threading.Event())
            first = len(endpoint.asked)
            assert 0 < first <= 2 * PROMPTS
            for _ in range(2):
                scene.change("UPDATE shard SET available_at = clock_timestamp() WHERE state = 'queued'")
                desk.drain(threading.Event())
            assert len(endpoint.asked) == first
            desk.close()
    assert (scene.chains(busy), scene.chains(free)) == (0, PROMPTS)
    scored = scene.rows("SELECT scorer, count(value) AS number FROM score GROUP BY scorer")
    assert [tuple(row) for row in scored] == [("free", 2 * PROMPTS)]
