"""What keeps the calls to an endpoint few: the gate, the rates, the breaker, the retry budget, Retry-After."""

import asyncio
import time
from datetime import UTC, datetime
from itertools import pairwise

import pytest

from core.errors import Unavailable
from workers.teachers.endpoint.breaker import FAILURES, LONGEST, Breaker
from workers.teachers.endpoint.fault import Fault, quoted
from workers.teachers.endpoint.gate import START, Gate
from workers.teachers.endpoint.patience import Patience
from workers.teachers.endpoint.rates import BURST_SECONDS, Rate
from workers.teachers.endpoint.retries import Retries
from workers.teachers.endpoint.retry_after import MOST, seconds_in
from workers.teachers.endpoint.retry_budget import RESERVE, SHARE, RetryBudget
from workers.teachers.endpoint.suspects import KNOWN, ROUNDS, Suspects

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
PATIENT = Patience(connect=1.0, answer=1.0, retry=0.5, tries=8, whole=60.0)


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_the_gate_opens_with_success_and_halves_once_for_each_round() -> None:
    async def work() -> None:
        gate = Gate(100)
        places = [gate.inside() for _ in range(100)]
        pressing = [asyncio.create_task(place.__aenter__()) for place in places]
        await asyncio.sleep(0)
        for _ in range(8):
            gate.well()
        assert gate.limit == START + 8
        begun = time.monotonic()
        for _ in range(5):
            gate.overrun(begun)
        assert gate.limit == (START + 8) // 2
        gate.well()
        assert gate.limit == (START + 8) // 2  # from now on one more for each round, not for each answer
        gate.overrun(time.monotonic())
        assert gate.limit == (START + 8) // 4
        for one in pressing:
            one.cancel()

    asyncio.run(work())


def test_the_gate_never_opens_further_than_the_operator_says_nor_closes_wholly() -> None:
    gate = Gate(3)
    assert gate.limit == 3
    for _ in range(10):
        gate.well()
    assert gate.limit == 3
    for _ in range(10):
        gate.overrun(time.monotonic())
    assert gate.limit == 1


def test_a_gate_that_nobody_presses_against_does_not_open() -> None:
    gate = Gate(100)
    for _ in range(50):
        gate.well()
    assert gate.limit == START


def test_who_waits_at_the_gate_is_let_in_in_order_and_may_go_away() -> None:
    async def work() -> None:
        gate, entered = Gate(1), list[int]()

        async def enter(number: int) -> None:
            async with gate.inside():
                entered.append(number)
                await asyncio.sleep(0)

        async with gate.inside():
            tasks = [asyncio.create_task(enter(number)) for number in range(5)]
            await asyncio.sleep(0)
            tasks[0].cancel()
            tasks[3].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert entered == [1, 2, 4]
        async with asyncio.timeout(1), gate.inside():
            pass

    asyncio.run(work())


def test_conversations_that_were_begun_end_before_others_begin() -> None:
    async def work() -> None:
        gate, entered = Gate(1), list[str]()

        async def enter(name: str, messages: int) -> None:
            async with gate.inside(messages):
                entered.append(name)

        async with gate.inside():
            waiting = [("draft", 1), ("critique", 3), ("draft again", 1), ("revision", 5), ("critique again", 3)]
            tasks = [asyncio.create_task(enter(*one)) for one in waiting]
            await asyncio.sleep(0)
        await asyncio.gather(*tasks)
        assert entered == ["revision", "critique", "critique again", "draft", "draft again"]

    asyncio.run(work())


def test_one_that_is_cancelled_just_as_it_is_let_in_leaves_its_place() -> None:
    async def work() -> None:
        gate = Gate(1)
        held, wanted = gate.inside(), gate.inside()
        await held.__aenter__()
        waiting = asyncio.create_task(wanted.__aenter__())
        await asyncio.sleep(0)
        await held.__aexit__(None, None, None)  # its turn has come
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        async with asyncio.timeout(1), gate.inside():
            pass

    asyncio.run(work())


def test_a_rate_lets_a_burst_through_and_then_one_after_the_other() -> None:
    clock = Clock()
    rate = Rate(60 * 2, now=clock)  # two a second
    waits = [rate.take(1) for _ in range(20)]
    burst = int(2 * BURST_SECONDS)
    assert waits[:burst] == [0.0] * burst
    assert [later - earlier for earlier, later in pairwise(waits[burst:])] == pytest.approx([0.5] * (19 - burst))
    clock.now += 1000
    assert [rate.take(1) for _ in range(burst + 1)][-2:] == [0.0, 0.5]


def test_what_was_not_used_of_a_rate_is_given_back_and_one_that_is_larger_than_all_passes_late() -> None:
    clock = Clock()
    rate = Rate(60 * 100, now=clock)
    rate.take(500)
    rate.give(400)
    assert rate.take(400) == 0.0
    assert rate.take(5000) == pytest.approx(50.0)


async def passed(breaker: Breaker) -> None:
    """A request that passes and whose outcome stays open."""
    async with breaker.passing():
        pass


def test_the_breaker_opens_after_failures_in_a_row_and_lets_one_through_for_each_pause() -> None:
    async def work() -> None:
        clock = Clock()
        breaker = Breaker(5.0, now=clock)
        for _ in range(FAILURES - 1):
            breaker.failed("down")
        breaker.well()
        for _ in range(FAILURES):
            async with breaker.passing():
                breaker.failed("down")
        with pytest.raises(Unavailable, match="down"):
            await passed(breaker)
        for pause in (5, 10, 20, 40, 5 * LONGEST, 5 * LONGEST):
            clock.now += pause - 0.1
            with pytest.raises(Unavailable):
                await passed(breaker)
            clock.now += 0.2
            async with breaker.passing():
                breaker.failed("still down")
        clock.now += 5 * LONGEST + 1
        async with breaker.passing():
            breaker.well()
        await passed(breaker)

    asyncio.run(work())


@pytest.mark.parametrize("outcome", ["well", "down", "cancelled"])
def test_while_one_tries_the_others_wait_for_what_becomes_of_it(outcome: str) -> None:
    async def work() -> None:
        clock, answer = Clock(), asyncio.Event()
        breaker, met = Breaker(5.0, now=clock), list[str]()
        breaker.rest(5.0, "down")
        clock.now += 5.1

        async def ask(name: str) -> None:
            async with breaker.passing():
                met.append(name)
                if name == "first":
                    await answer.wait()
                    breaker.well() if outcome == "well" else breaker.failed("still down")

        first = asyncio.create_task(ask("first"))
        others = [asyncio.create_task(ask(f"other {number}")) for number in range(3)]
        for _ in range(3):
            await asyncio.sleep(0)
        assert met == ["first"]
        first.cancel() if outcome == "cancelled" else answer.set()
        ends = await asyncio.gather(*others, return_exceptions=True)
        if outcome == "down":
            assert [type(end) for end in ends] == [Unavailable] * 3
        else:  # after a cancel the next one tries, then the next
            assert ends == [None] * 3
            assert len(met) == 4

    asyncio.run(work())


def test_failures_that_were_under_way_when_it_opened_do_not_double_the_pause() -> None:
    clock = Clock()
    breaker = Breaker(5.0, now=clock)
    for _ in range(10 * FAILURES):
        breaker.failed("down")
    clock.now += 5.1
    asyncio.run(passed(breaker))


def test_second_tries_are_a_share_of_first_ones() -> None:
    budget = RetryBudget()
    assert sum(budget.take() for _ in range(100)) == RESERVE
    for _ in range(100):
        budget.asked()
    assert sum(budget.take() for _ in range(100)) == RESERVE
    for _ in range(20):
        budget.asked()
    assert sum(budget.take() for _ in range(100)) == pytest.approx(20 * SHARE, abs=1)


def test_pauses_are_drawn_below_a_limit_that_doubles() -> None:
    rounds = [Retries(PATIENT, RetryBudget()) for _ in range(300)]
    for limit in (0.5, 1.0, 2.0, 4.0):
        pauses = [retries(Fault("no", kind="broken")) for retries in rounds]
        assert all(0 <= pause <= limit for pause in pauses)
        assert min(pauses) < limit / 10
        assert max(pauses) > limit * 0.9


def test_a_time_that_the_endpoint_names_comes_before_the_pause_and_a_long_one_ends_the_tries() -> None:
    retries = Retries(PATIENT, RetryBudget())
    assert 3.0 <= retries(Fault("no", kind="busy", after=3.0)) <= 3.5
    assert retries(Fault("no", kind="busy", after=3000.0)) is False
    assert retries.fair is False


@pytest.mark.parametrize(
    "error", [Fault("no", kind="refused"), Fault("no", kind="rejected"), ValueError(), Unavailable("no")]
)
def test_what_another_try_would_not_change_is_not_tried_again(error: Exception) -> None:
    assert Retries(PATIENT, RetryBudget())(error) is False


def test_tries_end_after_so_many_and_after_so_long() -> None:
    retries = Retries(PATIENT, RetryBudget())
    assert [retries(Fault("no", kind="broken")) is not False for _ in range(9)] == [True] * 7 + [False] * 2
    assert retries.fair
    slow = Fault("no", kind="broken")
    slow.seconds = PATIENT.whole / 2
    retries = Retries(PATIENT, RetryBudget())
    assert [retries(slow) is not False for _ in range(3)] == [True, False, False]


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None), ("", None), ("soon", None), ("-1", None), ("nan", None), ("inf", None), ("1e3", None),
        ("0", 0.0), ("7", 7.0), (" 2.5 ", 2.5), ("999999999", MOST),
        ("Sun, 01 Mar 2026 12:01:30 GMT", 90.0), ("Sun, 01 Mar 2026 11:00:00 GMT", 0.0),
        ("Sun, 01 Mar 2026 13:00:30 +0100", 30.0), ("Mon, 01 Mar 2100 12:00:00 GMT", MOST),
        ("Sun, 01 Mar 2026 12:01:30", 90.0), ("Sun, 99 Mar 2026 12:01:30 GMT", None),
    ],
)  # fmt: skip
def test_retry_after_is_read_as_seconds_or_as_a_date(header: str | None, seconds: float | None) -> None:
    assert seconds_in(header, now=NOW) == seconds


def test_a_suspect_is_given_up_after_its_rounds_and_few_are_remembered() -> None:
    suspects = Suspects()
    assert [suspects.failed(b"one") for _ in range(ROUNDS)] == [False] * (ROUNDS - 1) + [True]
    assert not suspects.failed(b"one")
    for number in range(KNOWN):
        suspects.failed(str(number).encode())
    assert [suspects.failed(b"one") for _ in range(ROUNDS - 1)] == [False] * (ROUNDS - 1)


def test_an_endpoints_words_are_one_short_line() -> None:
    assert quoted("two\nlines\x00\x1b[31m and\ttabs") == "two lines [31m and tabs"
    assert len(quoted("x" * 10_000)) == 300
    assert quoted(None) == quoted({"a": 1}) == ""
