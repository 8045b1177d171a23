"""Leases: renewed while the work moves, and known to be lost when they are."""

import threading

import pytest

from core.database import transaction
from core.errors import LeaseLost
from core.queries import shards
from core.settings import settings
from core.states import Queue
from tests.conftest import forget_settings
from tests.factories import hands, scene
from workers.lease import Beats, Lease


@pytest.fixture
def hand(database: str, monkeypatch: pytest.MonkeyPatch) -> hands.Hand:
    """A claim on a shard."""
    monkeypatch.setenv("BURNISH_BEAT_SECONDS", "0.02")
    forget_settings()
    scene.ask()
    held = hands.take(Queue.generate)
    assert held is not None
    return held


def left() -> float:
    """Seconds until the lease runs out."""
    told = scene.rows("SELECT extract(epoch FROM lease_expires_at - clock_timestamp()) FROM shard ORDER BY id LIMIT 1")
    return float(told[0][0])


def soon_over() -> None:
    """The lease has five seconds left."""
    scene.change("UPDATE shard SET lease_expires_at = clock_timestamp() + interval '5 s' WHERE state = 'running'")


def test_a_beat_renews_the_lease_for_its_whole_length(hand: hands.Hand) -> None:
    soon_over()
    lease = Lease(hand.claim, stall_seconds=100)
    lease.beat()
    assert left() > settings().lease_seconds - 20
    lease.check()


def test_a_lease_that_somebody_else_has_is_lost(hand: hands.Hand) -> None:
    scene.change("UPDATE shard SET token = nextval('fencing_token') WHERE state = 'running'")
    lease = Lease(hand.claim, stall_seconds=100)
    lease.beat()
    with pytest.raises(LeaseLost):
        lease.check()


def test_without_progress_it_is_not_renewed(hand: hands.Hand) -> None:
    soon_over()
    lease = Lease(hand.claim, stall_seconds=-1)
    lease.beat()
    assert left() < 10
    lease.stall_seconds = 100
    lease.moved()
    lease.beat()
    assert left() > 10


def test_a_worker_that_cannot_beat_for_a_whole_lease_stops_itself(
    hand: hands.Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    lease = Lease(hand.claim, stall_seconds=100)
    monkeypatch.setenv("BURNISH_DATABASE_URL", "postgresql:///none?host=/nowhere")
    forget_settings()
    lease.beat()
    lease.check()  # one beat that fails is no loss
    monkeypatch.setenv("BURNISH_LEASE_SECONDS", "1e-9")
    forget_settings()
    lease.beat()
    with pytest.raises(LeaseLost):
        lease.check()


def test_the_thread_beats_for_all_and_notes_a_loss(hand: hands.Hand) -> None:
    with Beats() as beats:
        lease = beats.open(hand.claim, stall_seconds=100)
        assert beats.held() == [hand.claim.shard_id]
        scene.change("UPDATE shard SET state = 'cancelled', lease_expires_at = NULL, token = NULL")
        assert lease.lost.wait(60)
        beats.close(lease)
        assert beats.held() == []
    assert not [thread for thread in threading.enumerate() if thread.name == "beats"]


def test_closing_an_old_lease_leaves_a_newer_one_on_the_same_shard(hand: hands.Hand) -> None:
    with Beats() as beats:
        old = beats.open(hand.claim, stall_seconds=100)
        with transaction() as session:
            shards.hand_back(session, hand.claim)
        again = hands.take(Queue.generate)
        assert again is not None
        assert again.claim.shard_id == hand.claim.shard_id
        beats.open(again.claim, stall_seconds=100)
        beats.close(old)
        assert beats.held() == [hand.claim.shard_id]
