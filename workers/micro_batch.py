"""Rows that end at any moment, gathered into small batches bounded by count and by time."""

import asyncio
from collections.abc import AsyncIterator
from typing import TypeVar

from core.settings import settings

Row = TypeVar("Row")


async def batches(rows: "asyncio.Queue[Row | None]") -> AsyncIterator[list[Row]]:
    """Yield lists of rows: as many as `micro_batch_rows`, or what came in `micro_batch_seconds`; None ends.

    The time begins with the last list, so a row waits half of it on the average. A list is empty when nothing came for
    so long: whoever writes may have more to write than rows.
    """
    limits = settings()
    ended = False
    while not ended:
        batch: list[Row] = []
        deadline = asyncio.get_running_loop().time() + limits.micro_batch_seconds
        while len(batch) < limits.micro_batch_rows:
            try:
                row = await _next(rows, deadline)
            except TimeoutError:
                break
            if row is None:
                ended = True
                break
            batch.append(row)
        if batch or not ended:
            yield batch


async def _next(rows: "asyncio.Queue[Row | None]", deadline: float) -> Row | None:
    """The row that is there, or comes until then; a timer for rows that are there costs more than they do."""
    if not rows.empty():
        return rows.get_nowait()
    async with asyncio.timeout_at(deadline):
        return await rows.get()
