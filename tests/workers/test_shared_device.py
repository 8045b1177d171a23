"""Turns on a shared device: one worker at a time, in the order of waiting, whoever dies meanwhile."""

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from core.errors import LeaseLost
from core.settings import ROOT, reread
from core.states import Queue
from tests.conftest import forget_settings
from tests.factories import hands, scene
from tests.factories.processes import wait_until
from workers.lease import Lease
from workers.shared_device import SharedDevice

GPU = "gpu 0"
HOLDER = """
import sys, threading, time
from workers.shared_device import SharedDevice
class Claimed:
    def check(self): pass
    def moved(self): pass
assert SharedDevice(sys.argv[1]).take(Claimed(), threading.Event())
time.sleep(600)
"""
HELD = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted"
WAITING = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"


@pytest.fixture
def lease(database: str, monkeypatch: pytest.MonkeyPatch) -> Lease:
    """A claim that a worker holds while it waits; a turn ends as soon as somebody else waits."""
    monkeypatch.setenv("BURNISH_TURN_SECONDS", "0.001")
    forget_settings()
    scene.ask()
    held = hands.take(Queue.generate)
    assert held is not None
    return Lease(held.claim, stall_seconds=60)


@pytest.fixture
def stop() -> Iterator[threading.Event]:
    """Ends every waiter of a test."""
    event = threading.Event()
    yield event
    event.set()


class Waiter:
    """A worker that waits in a thread, and gives its turn back when it is told to."""

    def __init__(self, lease: Lease, stop: threading.Event, taken: list[str], name: str) -> None:
        self.device = SharedDevice(GPU)
        self.go = threading.Event()
        self._lease, self._stop, self._taken, self._name = lease, stop, taken, name
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self) -> None:
        if self.device.take(self._lease, self._stop):
            self._taken.append(self._name)
            self.go.wait(60)
            self.device.give()


def waiting(number: int) -> bool:
    """So many wait now (between two looks a waiter is not seen for a moment)."""
    return len(scene.rows(WAITING)) == number


def test_one_at_a_time_and_the_next_in_the_order_of_waiting(lease: Lease, stop: threading.Event) -> None:
    called, taken = threading.Event(), list[str]()
    first = SharedDevice(GPU, wanted=called.set)
    assert first.take(lease, stop)
    assert first.take(lease, stop)  # it has its turn already
    assert not first.due()
    assert not first.due(idle=True)
    others = [Waiter(lease, stop, taken, "second")]
    assert called.wait(30)
    assert wait_until(lambda: first.due(idle=True), seconds=30)
    assert first.due()
    assert not taken
    first.give()
    assert wait_until(lambda: taken == ["second"], seconds=30)
    assert not first.due(idle=True)  # it holds nothing that it could give
    others.append(Waiter(lease, stop, taken, "third"))
    assert wait_until(others[0].device.due, seconds=30)
    others[0].go.set()
    assert wait_until(lambda: taken == ["second", "third"], seconds=30)
    others[1].go.set()
    for other in others:
        other.thread.join()
    assert wait_until(lambda: not scene.rows(HELD), seconds=10)


def test_a_turn_that_has_just_begun_ends_only_for_an_idle_worker(
    lease: Lease, stop: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BURNISH_TURN_SECONDS", "600")
    reread()
    taken: list[str] = []
    with SharedDevice(GPU) as first:
        assert first.take(lease, stop)
        other = Waiter(lease, stop, taken, "second")
        assert wait_until(lambda: first.due(idle=True), seconds=30)
        assert not first.due()
    assert wait_until(lambda: taken == ["second"], seconds=30)
    other.go.set()
    other.thread.join()


def test_a_killed_worker_holds_nothing(lease: Lease, stop: threading.Event) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLDER, GPU], cwd=ROOT, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert "taken" in holder.stdout.readline()
        taken: list[str] = []
        other = Waiter(lease, stop, taken, "heir")
        assert wait_until(lambda: waiting(1), seconds=30)
        assert not taken
        holder.send_signal(signal.SIGKILL)
    assert holder.returncode == -signal.SIGKILL
    assert wait_until(lambda: taken == ["heir"], seconds=30)
    other.go.set()
    other.thread.join()


def test_a_holder_whose_connection_broke_comes_before_those_who_wait(lease: Lease, stop: threading.Event) -> None:
    taken: list[str] = []
    with SharedDevice(GPU) as first:
        assert first.take(lease, stop)
        other = Waiter(lease, stop, taken, "second")
        assert wait_until(lambda: waiting(1), seconds=30)
        before = scene.rows(HELD)
        scene.rows("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'")
        assert wait_until(lambda: len(scene.rows(HELD)) == 1 and scene.rows(HELD) != before, seconds=30)
        assert wait_until(lambda: waiting(1), seconds=30)
        assert not taken
        assert wait_until(first.due, seconds=30)
    assert wait_until(lambda: taken == ["second"], seconds=30)
    other.go.set()
    other.thread.join()


def test_a_device_that_went_to_somebody_else_meanwhile_is_let_go(lease: Lease, stop: threading.Event) -> None:
    first, thief = SharedDevice(GPU), SharedDevice(GPU)
    assert first.take(lease, stop)
    [holder] = scene.rows(HELD)
    taken: list[str] = []
    waiter = Waiter(lease, stop, taken, "quick")
    assert wait_until(lambda: waiting(1), seconds=30)
    scene.rows("SELECT pg_terminate_backend(:pid)", pid=holder.pid)  # the waiter's own connection is whole
    assert wait_until(lambda: taken == ["quick"], seconds=30)
    assert wait_until(first.due, seconds=30)
    first.give()
    waiter.go.set()
    waiter.thread.join()
    assert thief.take(lease, stop)
    thief.give()


def test_a_waiter_stops_when_it_is_told_to_or_its_claim_is_lost(lease: Lease, stop: threading.Event) -> None:
    second = SharedDevice(GPU)
    with SharedDevice(GPU) as first:
        assert first.take(lease, stop)
        lost = Lease(lease.claim, stall_seconds=60)
        lost.lost.set()
        with pytest.raises(LeaseLost):
            second.take(lost, stop)
        stop.set()
        assert not second.take(lease, stop)
        assert wait_until(lambda: waiting(0), seconds=10)
        second.give()


def test_without_a_name_nothing_is_shared(lease: Lease, stop: threading.Event) -> None:
    one, other = SharedDevice(), SharedDevice()
    assert one.take(lease, stop)
    assert other.take(lease, stop)
    assert not one.due(idle=True)
    assert scene.rows(HELD) == []
