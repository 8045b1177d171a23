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
                async with asyncio.timeout_at(deadline):
                    row = await rows.get()
            except TimeoutError:
                break
            if row is None:
                ended = True
                break
            batch.append(row)
        if batch or not ended:
            yield batch
