"""Writes that go on through a restart of PostgreSQL, and commits of which nobody knows the fate."""

import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from core.database import CommitUnknown, transaction
from core.errors import LeaseLost, Unavailable
from core.queries import shards
from core.states import Queue
from local import postgres
from tests.conftest import forget_settings, migrate
from tests.core import invariants
from tests.factories import hands, scene
from tests.factories.servers import OwnServer
from workers.lease import Beats, Lease
from workers.persist import persist

PROMPTS = 400

# The first commit that wrote a chain loses its connection at the last moment. A sequence counts: it never rolls back.
CUT_ONCE = """
CREATE SEQUENCE cuts;
CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF nextval('cuts') = 1 THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER cut AFTER INSERT ON chain DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION cut();
"""


@pytest.fixture
def own_cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[postgres.Cluster]:
    """A PostgreSQL that a test may kill, not yet running; settings point at it.

    It is not in pytest's folder, which every session of pytest closes to other accounts when it begins.
    """
    with tempfile.TemporaryDirectory(prefix="burnish-test-") as folder:
        cluster = postgres.prepare(Path(folder) / "data")
        monkeypatch.setenv("BURNISH_DATABASE_URL", cluster.url())
        forget_settings()
        yield cluster
        forget_settings()


def write_all(lease: Lease, hand: hands.Hand) -> None:
    """Every row in batches of two, as a worker writes."""
    while hand.rows:
        batch = hand.rows[:2]
        persist(lease, lambda session, batch=batch: hand.store(session, batch))
        hand.rows = hand.rows[2:]
    persist(lease, lambda session: shards.finish(session, hand.claim))


def test_rows_are_stored_once_through_immediate_restarts(
    own_cluster: postgres.Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BURNISH_SHARD_PROMPTS", str(PROMPTS))
    monkeypatch.setenv("BURNISH_BEAT_SECONDS", "0.05")
    forget_settings()
    server = OwnServer(own_cluster)
    server.start()
    try:
        migrate(own_cluster.url())
        scene.watch(own_cluster.url())
        id = scene.ask(scene.Asked(prompts=PROMPTS))
        hand = hands.take(Queue.generate)
        assert hand is not None
        with Beats() as beats:
            lease = beats.open(hand.claim, stall_seconds=1000)
            writer = threading.Thread(target=write_all, args=(lease, hand))
            writer.start()
            for floor in (10, 60):
                while scene.chains(id) < floor:
                    assert writer.is_alive()
                server.stop_at_once()
                with pytest.raises(Unavailable):
                    scene.chains(id)
                server.start()
            writer.join(120)
            assert not writer.is_alive()
            lease.check()
        assert scene.chains(id) == PROMPTS
        assert scene.rows("SELECT state, completed FROM shard") == [("done", PROMPTS)]
        invariants.hold()
    finally:
        server.close()


@pytest.fixture
def hand(database: str) -> hands.Hand:
    """A claim on a shard of four rows."""
    scene.watch(database)
    scene.ask(scene.Asked(prompts=4))
    held = hands.take(Queue.generate)
    assert held is not None
    return held


def test_a_connection_cut_inside_commit_is_unknown(hand: hands.Hand, database: str) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(CUT_ONCE)
    with pytest.raises(CommitUnknown), transaction() as session:
        hand.store(session, hand.rows)
    assert scene.number("SELECT count(*) FROM chain") == 0


def test_a_write_whose_commit_was_cut_is_made_again(hand: hands.Hand, database: str) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(CUT_ONCE)
    persist(Lease(hand.claim, stall_seconds=100), lambda session: hand.store(session, hand.rows))
    assert scene.rows("SELECT completed, (SELECT count(*) FROM chain) FROM shard") == [(4, 4)]
    invariants.hold()


def test_a_write_whose_commit_came_through_unheard_counts_once(
    hand: hands.Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit, unheard = Session.commit, [True]

    def deaf(session: Session) -> None:
        commit(session)
        if unheard:
            unheard.clear()
            raise OperationalError("COMMIT", {}, Exception("the connection broke"))

    monkeypatch.setattr(Session, "commit", deaf)
    persist(Lease(hand.claim, stall_seconds=100), lambda session: hand.store(session, hand.rows))
    assert not unheard
    assert scene.rows("SELECT completed, (SELECT count(*) FROM chain) FROM shard") == [(4, 4)]
    invariants.hold()


def test_a_lost_lease_ends_the_trying(hand: hands.Hand, monkeypatch: pytest.MonkeyPatch) -> None:
    lease = Lease(hand.claim, stall_seconds=100)

    def away(_session: Session) -> None:
        lease.lost.set()
        raise Unavailable("The database does not answer.")

    with pytest.raises(LeaseLost):
        persist(lease, away)


def test_a_server_that_is_not_there_is_unavailable(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BURNISH_DATABASE_URL", "postgresql:///none?host=/nowhere")
    forget_settings()
    with pytest.raises(Unavailable, match="does not answer"), transaction() as session:
        shards.claim(session, queue=Queue.generate, owner="a test")


def end_sessions(database: str) -> None:
    """Cut every session of the database but our own."""
    with psycopg.connect(database, autocommit=True) as connection:
        others = "pid <> pg_backend_pid() AND datname = current_database()"
        connection.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}")


def test_a_session_ended_by_the_server_is_unavailable_once(hand: hands.Hand, database: str) -> None:
    def guard_twice() -> None:
        with transaction() as session:
            shards.guard(session, hand.claim)
            end_sessions(database)
            shards.guard(session, hand.claim)

    with pytest.raises(Unavailable):
        guard_twice()
    assert scene.number("SELECT count(*) FROM shard") == 1
