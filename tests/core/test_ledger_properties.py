"""Whatever happens to its holders, in whatever order: nothing lost, nothing doubled, nothing written by the fenced.

Without the token in `shards._mine` these tests fail at I4; without the unique key of `chain` or `shard`, at I2; without
`recovery.expire` in the sweep, at I3 (`nothing_late`) and in the drain at the end of every example.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
from hypothesis import settings as effort
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from core.database import transaction
from core.errors import Conflict, LeaseLost
from core.queries import datasets, recovery, shards
from core.settings import settings
from core.states import Queue
from core.tables import DEFAULT_PROJECT
from tests.conftest import forget_settings
from tests.core import invariants
from tests.factories import hands, scene
from workers import sweep

QUEUES = st.sampled_from([Queue.generate, Queue.generate, Queue.score])
ENDED = ("completed", "failed")


class Ledger(RuleBasedStateMachine):
    """One dataset of four shards, and workers that live as long as they like."""

    def __init__(self) -> None:
        super().__init__()
        self.hands: list[hands.Hand] = []

    @initialize(samples=st.integers(1, 2))
    def ask(self, samples: int) -> None:
        scene.change("TRUNCATE dataset, stale_write CASCADE")
        self.id = scene.ask(scene.Asked(prompts=7, samples=samples))

    @rule(queue=QUEUES, fail_each=st.sampled_from([0, 0, 3]))
    def claim(self, queue: Queue, fail_each: int) -> None:
        hand = hands.take(queue, fail_each=fail_each)
        if hand is not None:
            assert self.is_held(hand)
            assert not [other for other in self.hands if other is not hand and self.same_right(other, hand)]
            self.hands.append(hand)

    @precondition(lambda self: self.hands)
    @rule(data=st.data(), number=st.integers(1, 4))
    def write(self, data: st.DataObject, number: int) -> None:
        hand = self.any_hand(data)
        self.held_or_refused(hand, lambda: hand.write(number))

    @precondition(lambda self: self.hands)
    @rule(data=st.data())
    def write_again_after_an_unknown_commit(self, data: st.DataObject) -> None:
        hand = self.any_hand(data)
        before = scene.chains(self.id)
        self.held_or_refused(hand, hand.write_again)
        assert scene.chains(self.id) == before

    @precondition(lambda self: self.hands)
    @rule(data=st.data(), number=st.integers(1, 4))
    def die_between_insert_and_commit(self, data: st.DataObject, number: int) -> None:
        hand = self.any_hand(data)
        with suppress(ZeroDivisionError, LeaseLost), transaction() as session:
            hand.store(session, hand.rows[:number])
            raise ZeroDivisionError
        self.hands.remove(hand)

    @precondition(lambda self: self.hands)
    @rule(data=st.data())
    def beat(self, data: st.DataObject) -> None:
        hand = self.any_hand(data)

        def beat() -> None:
            with transaction() as session:
                shards.beat(session, hand.claim)

        self.held_or_refused(hand, beat)

    @precondition(lambda self: self.hands)
    @rule(data=st.data())
    def finish(self, data: st.DataObject) -> None:
        hand = self.any_hand(data)

        def finish() -> None:
            hand.write(len(hand.rows))
            hand.finish()

        self.held_or_refused(hand, finish)

    @precondition(lambda self: self.hands)
    @rule(data=st.data())
    def fail(self, data: st.DataObject) -> None:
        hand = self.any_hand(data)

        def release() -> None:
            with transaction() as session:
                recovery.release(session, hand.claim, error="The engine died.")

        self.held_or_refused(hand, release)

    @precondition(lambda self: self.hands)
    @rule(data=st.data())
    def hand_back(self, data: st.DataObject) -> None:
        hand = self.any_hand(data)

        def give() -> None:
            with transaction() as session:
                shards.hand_back(session, hand.claim)

        self.held_or_refused(hand, give)

    @rule()
    def every_lease_runs_out(self) -> None:
        scene.change("UPDATE shard SET lease_expires_at = clock_timestamp() - interval '1 s' WHERE state = 'running'")

    @rule()
    def sweep(self) -> None:
        sweep.sweep()
        invariants.nothing_late()

    @rule()
    def ring_twice(self) -> None:
        with transaction() as session:
            ids = [row.id for row in recovery.unrung(session)]
            recovery.rung(session, ids)
        with transaction() as session:
            assert not recovery.unrung(session)
            recovery.unring_these(session, ids)

    @rule(what=st.sampled_from(["cancel", "pause", "resume"]))
    def ask_for(self, what: str) -> None:
        before = scene.state(self.id)
        try:
            with transaction() as session:
                {"cancel": datasets.cancel, "pause": datasets.pause, "resume": datasets.resume}[what](
                    session, DEFAULT_PROJECT, self.id
                )
        except Conflict:
            assert scene.state(self.id) == before
        if scene.state(self.id) in ("paused", "cancelled"):
            assert not any(self.is_held(hand) for hand in self.hands)

    @invariant()
    def everything_adds_up(self) -> None:
        invariants.hold()

    def teardown(self) -> None:
        """Honest workers end what is left, from wherever it stands."""
        if not hasattr(self, "id"):
            return
        self.every_lease_runs_out()
        self.sweep()
        if scene.state(self.id) not in ("in_progress", *ENDED):
            self.ask_for("resume")
        for queue in (Queue.generate, Queue.score):
            while (hand := hands.take(queue)) is not None:
                hand.write(len(hand.rows))
                hand.finish()
        sweep.sweep()
        assert scene.state(self.id) in ENDED, scene.rows("SELECT id, stage, state FROM shard")
        invariants.hold()

    def any_hand(self, data: st.DataObject) -> hands.Hand:
        """One of the workers, whether or not its claim still holds."""
        return self.hands[data.draw(st.integers(0, len(self.hands) - 1))]

    def is_held(self, hand: hands.Hand) -> bool:
        """Whether the ledger says that the shard is this worker's."""
        claim = hand.claim
        found = scene.rows("SELECT token FROM shard WHERE id = :id AND state = 'running'", id=claim.shard_id)
        return bool(found) and found[0][0] == claim.token

    def same_right(self, one: hands.Hand, other: hands.Hand) -> bool:
        """Whether two workers may write about the same shard at once."""
        return one.claim.shard_id == other.claim.shard_id and self.is_held(one)

    def held_or_refused(self, hand: hands.Hand, act: Callable[[], None]) -> None:
        """Do what the worker wants to: it comes through when the claim holds, and else changes nothing."""
        held = self.is_held(hand)
        before = scene.rows(SNAPSHOT)
        try:
            act()
        except LeaseLost:
            assert not held
            assert scene.rows(SNAPSHOT) == before
        else:
            assert held


SNAPSHOT = """
    SELECT id, state, token, completed, failed, attempts FROM shard
    UNION ALL SELECT id, 'chain', token, 0, 0, 0 FROM chain ORDER BY 1, 2
"""


@pytest.fixture
def small_shards(database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("BURNISH_SHARD_PROMPTS", "2")
    monkeypatch.setenv("BURNISH_MAX_ATTEMPTS", "2")
    monkeypatch.setenv("BURNISH_RETRY_SECONDS", "0")
    forget_settings()
    scene.watch(database)
    assert settings().shard_prompts == 2
    yield
    forget_settings()


@pytest.mark.usefixtures("small_shards")
def test_the_ledger_adds_up_whatever_its_holders_do() -> None:
    run_state_machine_as_test(Ledger, settings=effort(max_examples=20, stateful_step_count=30, deadline=None))
