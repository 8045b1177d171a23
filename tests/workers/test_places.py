"""Places for chains: how many are under way, and when the next shard is due."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from workers.places import Places


async def settle() -> None:
    """Let everything that can go on do so."""
    for _ in range(10):
        await asyncio.sleep(0)


def run(work: Coroutine[Any, Any, None]) -> None:
    """Run a scene."""
    asyncio.run(work)


def test_a_bounded_number_of_chains_is_under_way_and_more_than_the_engine_answers_at_once() -> None:
    async def scene() -> None:
        places, on, inside = Places(16), asyncio.Event(), 0

        async def chain() -> None:
            nonlocal inside
            async with places.take(1):
                inside += 1
                await on.wait()
                inside -= 1

        places.begin(1, 40)
        chains = [asyncio.create_task(chain()) for _ in range(40)]
        await settle()
        assert inside == places.number == 18
        on.set()
        await asyncio.gather(*chains)

    run(scene())


def test_the_next_shard_is_due_while_there_are_still_chains_to_begin_with() -> None:
    async def scene() -> None:
        places = Places(8)  # nine places: a shard is due when fewer than 13 chains have not ended
        places.begin(1, 16)
        due = asyncio.create_task(places.shard_due())
        for _ in range(3):
            places.made(1)
            await settle()
        assert not due.done()
        places.made(1)
        assert await due

    run(scene())


def test_a_shard_is_due_at_once_when_those_in_work_fill_too_few_places() -> None:
    async def scene() -> None:
        places = Places(8)
        places.begin(1, 4)
        assert await places.shard_due()
        places.begin(2, 4)
        assert await places.shard_due()

    run(scene())


def test_the_end_of_a_shard_is_a_reason_to_look_for_another() -> None:
    async def scene() -> None:
        places = Places(8)
        places.begin(1, 100)
        places.begin(2, 100)
        due, ended = (asyncio.create_task(wait()) for wait in (places.shard_due, places.shard_ended))
        await settle()
        assert not due.done()
        assert not ended.done()
        places.end(1)
        assert await due
        assert await ended

    run(scene())


def test_without_a_shard_in_work_nothing_is_waited_for() -> None:
    async def scene() -> None:
        places = Places(8)
        assert not await places.shard_due()
        assert not await places.shard_ended()
        places.begin(1, 5)
        places.end(1)
        assert not await places.shard_ended()

    run(scene())


def test_a_chain_that_fails_gives_its_place_back() -> None:
    async def scene() -> None:
        places = Places(1)
        places.begin(1, 2)
        for _ in range(2):
            try:
                async with places.take(1):
                    raise ValueError
            except ValueError:
                pass
        async with asyncio.timeout(10):
            assert await places.shard_due()

    run(scene())
