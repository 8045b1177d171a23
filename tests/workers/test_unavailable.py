"""A model hub that does not answer: the shard waits, burns no attempt, and is worked on when it answers again."""

import threading
from collections.abc import Callable, Iterator

import pytest

from core.configs.reward import RewardConfig
from core.configs.teacher import ModelConfig
from core.database import transaction
from core.errors import Unavailable
from core.queries import shards
from core.states import Queue
from tests.conftest import forget_settings
from tests.factories import ledger, scene, trainings
from tests.fakes.reward import ScriptedReward
from tests.fakes.teacher import ScriptedTeacher, identify, plain
from workers import engine_slot, generation, scoring, training
from workers.generation import GeneratingDesk
from workers.lease import Beats
from workers.scoring import ScoringDesk
from workers.teachers.teacher import Turn

WAITING = "SELECT state, attempts, token, available_at > clock_timestamp() AS later FROM shard ORDER BY id"
SILENT = 2  # tries before the hub answers


def silent_at_first() -> Callable[[], None]:
    """Raises Unavailable the first times it is called."""
    tries = iter(range(SILENT))

    def fetch() -> None:
        if next(tries, None) is not None:
            raise Unavailable("The hub does not answer.")

    return fetch


@pytest.fixture(autouse=True)
def long_pauses(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BURNISH_RETRY_SECONDS", "1000")
    monkeypatch.setenv("BURNISH_MAX_ATTEMPTS", "2")
    forget_settings()


@pytest.fixture
def beats() -> Iterator[Beats]:
    with Beats() as thread:
        yield thread


def assert_waits() -> None:
    """The one open shard was given back without blame, for later; then its time comes."""
    open_ones = [row for row in scene.rows(WAITING) if row.state != "done"]
    assert [tuple(row) for row in open_ones] == [("queued", 0, None, True)]
    scene.change("UPDATE shard SET available_at = clock_timestamp()")


def test_a_teacher_that_cannot_be_fetched_now_costs_its_shard_nothing(
    beats: Beats, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch = silent_at_first()

    async def load_teacher(config: ModelConfig, **_: object) -> ScriptedTeacher:
        fetch()
        return ScriptedTeacher(model=str(config.model))

    monkeypatch.setattr(engine_slot, "load_teacher", load_teacher)
    monkeypatch.setattr(generation, "identify", identify)
    id = scene.ask(scene.Asked(prompts=4))
    desk = GeneratingDesk(beats, "a test")
    for _ in range(SILENT):
        desk.drain(threading.Event())
        assert beats.held() == []
        assert_waits()
    desk.drain(threading.Event())
    desk.close()
    assert scene.chains(id) == 4
    assert scene.number("SELECT count(*) FROM prompt WHERE quarantined_at IS NOT NULL") == 0


def test_a_teacher_that_falls_silent_amid_a_shard_costs_nothing_and_what_it_said_is_kept(
    beats: Beats, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []

    def script(prompt: str, number: int) -> Turn:
        calls.append(number)
        if len(calls) in (6, 11):
            raise Unavailable("The endpoint does not answer.")
        return plain(prompt, number)

    async def load_teacher(config: ModelConfig, **_: object) -> ScriptedTeacher:
        return ScriptedTeacher(script, model=str(config.model))

    monkeypatch.setattr(engine_slot, "load_teacher", load_teacher)
    monkeypatch.setattr(generation, "identify", identify)
    id = scene.ask(scene.Asked(prompts=4))
    desk = GeneratingDesk(beats, "a test")
    for _ in range(2):
        desk.drain(threading.Event())
        assert scene.rows("SELECT max(waiting) FROM shard")[0][0] == "The endpoint does not answer."
        assert_waits()
    desk.drain(threading.Event())
    desk.close()
    assert scene.chains(id) == 4
    assert len(calls) == 4 * 3 + 2
    told = scene.rows("SELECT message FROM event WHERE message LIKE 'Waiting%'")
    assert [row.message for row in told] == ["Waiting: The endpoint does not answer."]


def test_a_scorer_that_cannot_be_fetched_now_costs_its_shard_nothing(
    beats: Beats, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch = silent_at_first()

    def load_reward(config: RewardConfig) -> ScriptedReward:
        fetch()
        return ScriptedReward(config.scorer)

    async def load_teacher(config: ModelConfig, **_: object) -> ScriptedTeacher:
        return ScriptedTeacher(model=str(config.model))

    monkeypatch.setattr(scoring, "load_reward", load_reward)
    monkeypatch.setattr(engine_slot, "load_teacher", load_teacher)
    monkeypatch.setattr(generation, "identify", identify)
    id = scene.ask(scene.Asked(prompts=4))
    teacher, scorer = GeneratingDesk(beats, "a test"), ScoringDesk(beats, "a test")
    teacher.drain(threading.Event())
    teacher.close()
    for _ in range(SILENT):
        scorer.drain(threading.Event())
        assert_waits()
    scorer.drain(threading.Event())
    assert scene.state(id) == "completed"


def test_a_student_that_cannot_be_fetched_now_costs_its_run_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    fetch = silent_at_first()
    monkeypatch.setattr(training, "model_folder", lambda _name, *, param: fetch())
    with transaction() as session:
        dataset_id = ledger.made_dataset(session).id
    trainings.ask(dataset_id)
    for _ in range(SILENT):
        with transaction() as session:
            claim = shards.claim(session, queue=Queue.train, owner="a test")
        assert claim is not None
        training.train(claim, threading.Event())
        assert_waits()
