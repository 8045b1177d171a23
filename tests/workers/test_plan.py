"""What a plan's store counts when the same rows come twice, as after a COMMIT of unknown fate."""

import asyncio

import pytest

from core.database import transaction
from core.ledger import Claim
from core.queries import shards
from core.states import Queue
from tests.factories import scene, trainings
from tests.fakes.teacher import ScriptedTeacher
from workers.plan import plan


def claim() -> Claim:
    """Take a shard to generate or to answer."""
    with transaction() as session:
        found = shards.claim(session, queue=Queue.generate, owner="a test")
    assert found is not None
    return found


@pytest.mark.parametrize("stage", ["generate", "answer"])
def test_rows_that_are_stored_twice_count_once_with_their_tokens(stage: str, database: str) -> None:
    if stage == "generate":
        scene.ask(scene.Asked(prompts=3))
    else:
        trainings.ask(trainings.made_pairs(), evaluation={"enabled": True})
    held = claim()
    assert held.stage == stage
    with transaction() as session:
        work = plan(session, held)

    async def nobody(_row: dict[str, object]) -> None:
        raise AssertionError("drafts are not scored early here")

    async def make() -> list[dict[str, object]]:
        teacher = ScriptedTeacher()
        return [await each(teacher, nobody) for each in work.make]

    rows = asyncio.run(make())
    counted = "SELECT completed, tokens FROM shard WHERE id = :id"
    with transaction() as session:
        work.store(session, rows)
    once = scene.rows(counted, id=held.shard_id)
    with transaction() as session:
        work.store(session, rows)
    assert scene.rows(counted, id=held.shard_id) == once
    assert once[0].completed == 3
    assert once[0].tokens > 0
