"""F7 and F16: doorbells that are lost, doubled, unknown or malformed cost time and nothing else."""

import json
import signal
from collections.abc import Iterator
from typing import Any

import psutil
import pytest
import redis

from core import doorbell
from core.settings import reread, settings
from core.states import Queue
from tests.core import invariants
from tests.factories import scene
from tests.faults.crew import Crew, Worker
from workers import sweep

DEAF = 3600  # seconds between two looks of a worker that is not rung
MANY = 10_000  # doorbells that wait


@pytest.fixture
def valkey(broker: str) -> Iterator[redis.Redis]:
    with redis.Redis(unix_socket_path=broker.removeprefix("redis+socket://")) as client:
        yield client


def listening(crew: Crew) -> Worker:
    """A worker that found nothing to do and now waits for the bell, which is all that can wake it."""
    worker = crew.start("victim", "generate", poll_seconds=DEAF, log_level="DEBUG")
    crew.until(worker.said("waits to be rung"))
    return worker


def test_doorbells_that_were_flushed_are_rung_again(crew: Crew, valkey: redis.Redis) -> None:
    worker = listening(crew)
    worker.signal(signal.SIGSTOP)
    crew.until(lambda: psutil.Process(worker.pid).status() == psutil.STATUS_STOPPED)
    id = scene.ask(scene.Asked(prompts=120))
    valkey.lpush("generate", *[json.dumps(a_message(valkey))] * MANY)
    while sweep.relay():
        pass
    assert scene.number("SELECT count(*) FROM shard WHERE rung_at IS NULL") == 0
    assert lying(valkey) > MANY
    valkey.flushall()
    assert lying(valkey) == 0
    flushed = scene.rows("SELECT clock_timestamp()")[0][0]
    sweep.sweep()
    sweep.relay()
    scene.change("UPDATE shard SET rung_at = rung_at - make_interval(secs => :s)", s=settings().sweep_seconds)
    sweep.sweep()  # the next one, a pause later by the ledger's clock
    sweep.relay()
    rung_again = "SELECT count(*) FROM shard WHERE state = 'queued' AND rung_at > :flushed"
    assert scene.number(rung_again, flushed=flushed) == 20
    assert lying(valkey) > 0
    worker.signal(signal.SIGCONT)
    crew.until(lambda: scene.chains(id) == 120)
    invariants.hold()


def test_an_unrung_worker_stays_asleep_until_the_sweep_rings_for_what_the_relay_lost(crew: Crew) -> None:
    listening(crew)
    id = scene.ask(scene.Asked(prompts=12))
    scene.change("UPDATE shard SET rung_at = clock_timestamp() - interval '1 hour'")  # rung, and the bell was lost
    assert sweep.relay() == 0
    sweep.sweep()
    assert sweep.relay() == 2
    crew.until(lambda: scene.chains(id) == 12)


def test_doubled_unknown_and_odd_doorbells_change_nothing(crew: Crew, valkey: redis.Redis) -> None:
    worker = listening(crew)
    for _ in range(3):
        doorbell.ring(Queue.generate, [10**15, -1, 0])
    doorbell.app().send_task("burnish.unknown", args=[1], queue="generate")
    doorbell.app().send_task("burnish.look.generate", args=[{"a": [None]}, "x"], kwargs={"k": 1}, queue="generate")
    message = a_message(valkey)
    for odd in ({"body": "bm90IGpzb24="}, {"content-type": "application/x-python-serialize"}, {"headers": {}}):
        valkey.lpush("generate", json.dumps(message | odd))
    id = scene.ask(scene.Asked(prompts=12))
    for _ in range(3):
        doorbell.ring(Queue.generate, scene.rows("SELECT id FROM shard")[0])
    crew.until(lambda: scene.chains(id) == 12)
    crew.until(lambda: valkey.llen("generate") == 0)
    assert worker.wait(0) is None, worker.log.read_text()
    invariants.hold()


def test_a_doorbell_that_is_no_message_costs_a_restart(crew: Crew, valkey: redis.Redis) -> None:
    worker = listening(crew)
    message = a_message(valkey)
    id = scene.ask(scene.Asked(prompts=12))
    valkey.lpush("generate", json.dumps(message | {"body": "%%% not base64 %%%"}))
    assert worker.wait() not in (0, None)  # Celery gives up; whoever supervises the process starts it again
    assert scene.number("SELECT count(*) FROM shard WHERE state = 'running'") == 0
    crew.hands()
    crew.until(scene.is_in(id, "completed"))
    assert scene.pairs(id) == 12
    invariants.hold()


def lying(valkey: redis.Redis) -> int:
    """Doorbells that wait for a generating worker."""
    number = valkey.llen("generate")
    assert isinstance(number, int)
    return number


def a_message(valkey: redis.Redis) -> dict[str, Any]:
    """A doorbell as it lies in the broker; nobody listens to this one."""
    doorbell.ring(Queue.train, [1])
    bell = valkey.lindex("train", 0)
    assert isinstance(bell, bytes)
    message: dict[str, Any] = json.loads(bell)
    return message


def test_without_any_broker_workers_look_by_themselves(crew: Crew, monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = "redis+socket:///nowhere/valkey.sock"
    id = scene.ask(scene.Asked(prompts=12))
    workers = [
        crew.start("victim", "generate", broker_url=nowhere),
        crew.start("victim", "score", broker_url=nowhere),
        crew.start("sweep", broker_url=nowhere),
    ]
    crew.until(scene.is_in(id, "completed"))
    crew.until(workers[2].said("doorbell not rung"))
    assert scene.pairs(id) == 12
    assert [worker.wait(0) for worker in workers] == [None] * 3
    for worker in workers:
        worker.signal(signal.SIGTERM)
    assert [worker.wait() for worker in workers] == [0, 0, 0]
    invariants.hold()


def test_a_ring_that_fails_is_taken_back(crew: Crew, monkeypatch: pytest.MonkeyPatch) -> None:
    scene.ask(scene.Asked(prompts=12))
    monkeypatch.setenv("BURNISH_BROKER_URL", "redis+socket:///nowhere/valkey.sock")
    doorbell.app.cache_clear()
    reread()
    assert sweep.relay() == 2
    assert scene.number("SELECT count(*) FROM shard WHERE rung_at IS NULL") == 2
