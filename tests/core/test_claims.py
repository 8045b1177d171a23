"""Claims one statement at a time: what is taken, in which order, and what the table itself refuses."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from core.database import transaction
from core.errors import LeaseLost
from core.ledger import Claim
from core.queries import datasets, recovery, scores, shards
from core.states import Queue
from core.tables import DEFAULT_PROJECT, Chain
from tests.conftest import forget_settings
from tests.core import invariants
from tests.factories import hands, scene


@pytest.fixture(autouse=True)
def small_shards(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BURNISH_SHARD_PROMPTS", "4")
    monkeypatch.setenv("BURNISH_RETRY_SECONDS", "0")
    monkeypatch.setenv("BURNISH_MAX_ATTEMPTS", "2")
    forget_settings()
    scene.watch(database)


def claim(**asked: Any) -> Claim | None:
    """Take a shard to generate."""
    with transaction() as session:
        return shards.claim(session, queue=Queue.generate, owner="a test", **asked)


def fail(held: Claim | None) -> None:
    """Give it back with an error."""
    assert held is not None
    with transaction() as session:
        recovery.release(session, held, error="The engine died.")


def test_the_oldest_shard_is_taken_first_and_none_twice() -> None:
    scene.ask(scene.Asked(prompts=12))
    found = [claim() for _ in range(4)]
    assert found[3] is None
    spans = [(held.first, held.last, held.total) for held in found if held is not None]
    assert spans == [(0, 3, 4), (4, 7, 4), (8, 11, 4)]
    tokens = [held.token for held in found if held is not None]
    assert tokens == sorted(set(tokens))


def test_a_shard_of_the_loaded_model_goes_first() -> None:
    scene.ask(scene.Asked(prompts=12))
    scene.change("UPDATE shard SET model = 'loaded' WHERE first = 8")
    preferred, other = claim(model="loaded"), claim(model="loaded")
    assert preferred is not None
    assert other is not None
    assert (preferred.first, other.first) == (8, 0)
    assert claim(model="loaded", only=True) is None


def test_a_higher_priority_goes_before_the_loaded_model() -> None:
    scene.ask(scene.Asked(prompts=16))
    scene.change("UPDATE shard SET model = 'loaded' WHERE first >= 8")
    scene.change("UPDATE shard SET priority = 1 WHERE first = 4")
    assert claim(model="loaded", only=True) is None  # so that the desk ends and takes what comes first
    found = [claim(model="loaded") for _ in range(4)]
    assert [held.first for held in found if held is not None] == [4, 8, 12, 0]


def test_a_higher_priority_that_waits_holds_up_nobody() -> None:
    scene.ask(scene.Asked(prompts=8))
    scene.change("UPDATE shard SET priority = 1, available_at = available_at + interval '1 hour' WHERE first = 0")
    held = claim(model=scene.TEACHER, only=True)
    assert held is not None
    assert held.first == 4


def test_the_halves_of_a_shard_keep_its_priority() -> None:
    scene.ask(scene.Asked(prompts=4))
    scene.change("UPDATE shard SET priority = 7")
    fail(claim())
    fail(claim())
    assert scene.rows("SELECT first, priority FROM shard WHERE state = 'queued' ORDER BY id") == [(0, 7), (2, 7)]


def test_claims_are_answered_from_an_index_whatever_the_length_of_the_queue() -> None:
    scene.ask(scene.Asked(prompts=4))
    scene.change(
        "INSERT INTO shard (project_id, dataset_id, stage, queue, model, first, last, state, total, available_at)"
        " SELECT project_id, dataset_id, stage, queue, 'model-' || n % 5, n, n, state, 1, available_at"
        " FROM shard, generate_series(1000, 3999) n"
    )
    scene.change("ANALYZE shard")
    for model in (None, "model-3"):
        told = {"from_queue": "generate", "by": "a test", "lease": timedelta(seconds=60)}
        told |= {"wanted": model} if model else {}
        with transaction() as session:
            connection = session.connection()
            statement = shards._claim_statement(preferring=model is not None, fresh=False).compile(connection)
            said = connection.exec_driver_sql(f"EXPLAIN {statement}", statement.construct_params(told))
            plan = [row[0] for row in said]
        assert not [line for line in plan if "Seq Scan on shard" in line or "Sort" in line], plan


def test_a_shard_that_failed_is_not_taken_beside_others() -> None:
    scene.ask(scene.Asked(prompts=4))
    fail(claim())
    assert claim(model=scene.TEACHER, only=True) is None
    held = claim(model=scene.TEACHER)
    assert held is not None
    assert held.attempts == 2


def test_a_shard_that_waits_is_not_taken() -> None:
    scene.ask(scene.Asked(prompts=4))
    scene.change("UPDATE shard SET available_at = clock_timestamp() + interval '1 hour'")
    assert claim() is None


def test_the_pause_before_a_shard_is_claimed_again_doubles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BURNISH_RETRY_SECONDS", "100")
    monkeypatch.setenv("BURNISH_MAX_ATTEMPTS", "9")
    forget_settings()
    scene.ask(scene.Asked(prompts=4))
    for pause in (100, 200, 400):
        fail(claim())
        waits = scene.rows("SELECT extract(epoch FROM available_at - clock_timestamp()) FROM shard")
        assert pause - 50 < waits[0][0] <= pause
        scene.change("UPDATE shard SET available_at = clock_timestamp()")


def test_handing_back_burns_no_attempt() -> None:
    scene.ask(scene.Asked(prompts=4))
    for _ in range(5):
        held = claim()
        assert held is not None
        assert held.attempts == 1
        with transaction() as session:
            shards.hand_back(session, held)
        with pytest.raises(LeaseLost), transaction() as session:
            shards.hand_back(session, held)


def test_a_shard_that_fails_too_often_is_halved_down_to_one_prompt() -> None:
    id = scene.ask(scene.Asked(prompts=4))
    fail(claim())
    fail(claim())
    assert scene.rows("SELECT first, last, state FROM shard ORDER BY id") == [
        (0, 3, "halved"),
        (0, 1, "queued"),
        (2, 3, "queued"),
    ]
    fail(claim())
    fail(claim())
    single = claim()
    assert single is not None
    assert (single.first, single.last) == (0, 0)
    fail(single)
    assert scene.rows("SELECT index, error FROM prompt WHERE quarantined_at IS NOT NULL") == [(0, "The engine died.")]
    invariants.hold()
    assert scene.state(id) == "in_progress"


def test_rows_given_up_count_as_failed_until_they_are_tried_again() -> None:
    id = scene.ask(scene.Asked(prompts=1, samples=2))
    first = hands.take(Queue.generate)
    assert first is not None
    first.write(1)
    fail(first.claim)
    fail(claim())
    assert scene.rows("SELECT state, completed, failed FROM shard") == [("quarantined", 1, 1), ("queued", 0, 0)]
    scored = hands.take(Queue.score)
    assert scored is not None
    scored.write(1)
    scored.finish()
    with transaction() as session:
        datasets.pause(session, DEFAULT_PROJECT, id)
    with transaction() as session:
        datasets.resume(session, DEFAULT_PROJECT, id)
    assert scene.rows("SELECT state, completed, failed FROM shard WHERE stage = 'generate'") == [("queued", 1, 0)]
    invariants.hold()
    for queue in (Queue.generate, Queue.score):
        while (hand := hands.take(queue)) is not None:
            hand.write(9)
            hand.finish()
    with transaction() as session:
        assert datasets.advance(session, id)
    assert scene.state(id) == "completed"
    assert scene.pairs(id) == 2  # the later chain was scored and paired too, though its shards had ended before
    invariants.hold()


def test_many_shards_are_queued_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BURNISH_SHARD_PROMPTS", "1")
    forget_settings()
    scene.ask(scene.Asked(prompts=6000))  # more values than one statement takes
    assert scene.number("SELECT count(*) FROM shard") == 6000


def test_the_table_refuses_a_second_chain_of_one_sample() -> None:
    """Without the unique key of `chain` this fails, and `hands.write_again` doubles rows."""
    scene.ask(scene.Asked(prompts=4))
    hand = hands.take(Queue.generate)
    assert hand is not None
    hand.write(4)
    row = hand.written[0] | {"dataset_id": hand.claim.dataset_id, "token": hand.claim.token}
    with pytest.raises(IntegrityError, match="uq_chain_prompt_id_sample"), transaction() as session:
        session.execute(insert(Chain).values(**row))
    hand.write_again()
    assert scene.number("SELECT count(*) FROM chain") == 4


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE shard SET state = 'running'",
        "UPDATE shard SET lease_expires_at = clock_timestamp()",
        "UPDATE shard SET state = 'unheard of'",
        "UPDATE shard SET first = last + 1",
        "UPDATE dataset SET state = 'unheard of'",
        "UPDATE prompt SET index = 0",
    ],
)
def test_the_tables_refuse_what_makes_no_sense(change: str) -> None:
    scene.ask(scene.Asked(prompts=4))
    with pytest.raises(IntegrityError):
        scene.change(change)


def test_a_fenced_worker_is_refused_everything() -> None:
    """Without the token in `shards._mine` this fails."""
    scene.ask(scene.Asked(prompts=4))
    old = hands.take(Queue.generate)
    assert old is not None
    scene.change("UPDATE shard SET lease_expires_at = clock_timestamp() - interval '1 s'")
    with transaction() as session:
        assert [taken.shard_id for taken in recovery.expire(session)] == [old.claim.shard_id]
    heir = hands.take(Queue.generate)
    assert heir is not None
    for act in (lambda: old.write(2), old.finish, lambda: fail(old.claim)):
        with pytest.raises(LeaseLost):
            act()
    with pytest.raises(LeaseLost), transaction() as session:
        shards.held(session, old.claim.shard_id, old.claim.token)
    assert scene.number("SELECT count(*) FROM chain") == 0
    heir.write(4)
    heir.finish()
    invariants.hold()


SCORER = f"classifier:{scene.REWARD}"


def scored_dataset(margins: list[tuple[float, float]]) -> str:
    """A dataset whose chains have these draft and revision scores."""
    id = scene.ask(scene.Asked(prompts=len(margins)))
    while (hand := hands.take(Queue.generate)) is not None:
        hand.write(99)
        hand.finish()
    chains = [row[0] for row in scene.rows("SELECT id FROM chain ORDER BY id")]
    values = [
        {"chain_id": chain, "answer": answer, "scorer": SCORER, "fingerprint": "f", "value": value}
        for chain, pair in zip(chains, margins, strict=True)
        for answer, value in zip(("draft", "revision"), pair, strict=True)
    ]
    with transaction() as session:
        scores.store(session, values)
    return id


def test_a_histogram_counts_scores_and_margins() -> None:
    id = scored_dataset([(0.0, 4.0), (1.0, 1.0), (3.9, 2.0), (0.5, 0.5)])
    with transaction() as session:
        found = scores.histogram(session, id, scorer=SCORER, bins=4)
    assert found["scores"]["edges"] == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert found["scores"]["draft"] == [2, 1, 0, 1]
    assert found["scores"]["revision"] == [1, 1, 1, 1]
    assert found["margins"]["edges"][0] == pytest.approx(-1.9)
    assert found["margins"]["edges"][-1] == pytest.approx(4.0)
    assert found["margins"]["counts"] == [1, 2, 0, 1]


def test_a_histogram_of_equal_scores_has_one_bar_and_of_none_none() -> None:
    with transaction() as session:
        empty = scores.histogram(session, scene.ask(), scorer="s", bins=4)
    assert empty == {"scores": {"edges": [], "draft": [], "revision": []}, "margins": {"edges": [], "counts": []}}
    scene.change("TRUNCATE dataset CASCADE")
    id = scored_dataset([(2.0, 2.0)] * 3)
    with transaction() as session:
        found = scores.histogram(session, id, scorer=SCORER, bins=4)
    assert found["scores"]["draft"] == [3, 0, 0, 0]
    assert found["margins"]["counts"] == [3, 0, 0, 0]
