"""Rows gathered into small batches."""

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

from core.settings import Settings
from workers import micro_batch
from workers.micro_batch import batches

Rows = list[list[dict[str, Any]]]


@pytest.fixture(autouse=True)
def limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four rows, or a hundredth of a second."""
    asked = Settings(micro_batch_rows=4, micro_batch_seconds=0.01)
    monkeypatch.setattr(micro_batch, "settings", lambda: asked)


async def gathered(pauses: list[float]) -> Rows:
    """The batches of rows that come after these pauses."""
    queue: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()

    async def come() -> None:
        for number, pause in enumerate(pauses):
            await asyncio.sleep(pause)
            await queue.put({"n": number})
        await queue.put(None)

    coming = asyncio.create_task(come())
    found = [batch async for batch in batches(queue)]
    await coming
    return found


@effort(max_examples=30)
@given(st.lists(st.sampled_from([0.0, 0.0, 0.0, 0.002, 0.015]), max_size=14))
def test_every_row_comes_once_in_order_and_no_batch_is_too_large(pauses: list[float]) -> None:
    found = asyncio.run(gathered(pauses))
    assert [row["n"] for batch in found for row in batch] == list(range(len(pauses)))
    assert all(len(batch) <= 4 for batch in found)


def test_rows_that_are_there_already_fill_whole_batches() -> None:
    assert [len(batch) for batch in asyncio.run(gathered([0.0] * 10))] == [4, 4, 2]


def test_a_row_does_not_wait_for_a_neighbour_that_does_not_come() -> None:
    async def first() -> int:
        queue: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        await queue.put({"n": 0})
        async for batch in batches(queue):
            return len(batch)  # though the queue never ends
        return 0

    assert asyncio.run(asyncio.wait_for(first(), 30)) == 1


def test_no_rows_make_no_batch() -> None:
    assert asyncio.run(gathered([])) == []


def test_a_silence_is_told_by_an_empty_batch_and_then_rows_come_as_ever() -> None:
    found = asyncio.run(gathered([0.2, 0.0]))
    assert found[0] == []
    assert [batch for batch in found if batch] == [[{"n": 0}, {"n": 1}]]
