"""Cancelling at awkward moments: beside a worker that gives up, and between a dataset's end and its run's begin."""

import threading

import pytest

from core.database import transaction
from core.errors import BurnishError, Conflict
from core.queries import datasets, distillations, recovery, runs, shards
from core.states import Queue
from core.tables import DEFAULT_PROJECT, Distillation
from tests.factories import ledger, scene
from tests.factories.processes import wait_until

WAITS_FOR_A_LOCK = """
    SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


def test_a_cancel_beside_a_worker_that_gives_up_waits_for_it(database: str) -> None:
    """Both lock the shards first and the dataset after them; the other way round they would wait for each other."""
    id = scene.ask(scene.Asked(prompts=4))
    refused: list[BurnishError] = []

    def cancel() -> None:
        try:
            with transaction() as session:
                datasets.cancel(session, DEFAULT_PROJECT, id)
        except BurnishError as error:
            refused.append(error)

    other = threading.Thread(target=cancel)
    with transaction() as session:
        claim = shards.claim(session, queue=Queue.generate, owner="a test")
        assert claim is not None
        other.start()
        assert wait_until(lambda: scene.number(WAITS_FOR_A_LOCK) == 1, seconds=30)
        recovery.give_up(session, claim, error="The model is refused.")
    other.join()
    assert [type(error) for error in refused] == [Conflict]
    assert scene.state(id) == "failed"


def distillation_with_a_completed_dataset() -> Distillation:
    """Nobody has started its run yet."""
    with transaction() as session:
        id = ledger.distillation(session)
        ledger.work_off(session)
        found = distillations.get(session, DEFAULT_PROJECT, id)
    assert (scene.state(found.dataset_id), found.run_id) == ("completed", None)
    return found


def test_a_distillation_whose_dataset_has_completed_is_cancelled_before_its_run(database: str) -> None:
    asked = distillation_with_a_completed_dataset()
    for _ in range(2):
        with transaction() as session:
            assert distillations.cancel(session, DEFAULT_PROJECT, asked.id).state == "cancelled"
    with transaction() as session:
        distillations.follow(session, asked.id)
    assert scene.state(asked.dataset_id) == "completed"
    assert scene.number("SELECT count(*) FROM run") == 0


def test_a_distillation_that_is_read_before_its_run_begins_and_cancelled_after_takes_the_run_with_it(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = distillation_with_a_completed_dataset()
    read = distillations.get

    def read_and_be_overtaken(session: object, project_id: str, id: str) -> Distillation:
        found = read(session, project_id, id)  # type: ignore[arg-type]
        with transaction() as other:
            distillations.follow(other, id)
        return found

    monkeypatch.setattr(distillations, "get", read_and_be_overtaken)
    with transaction() as session:
        run_id = distillations.cancel(session, DEFAULT_PROJECT, asked.id).run_id
    assert run_id is not None
    with transaction() as session:
        assert runs.get(session, DEFAULT_PROJECT, run_id).state == "cancelled"
