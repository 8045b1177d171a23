"""States and their legal moves, in the table and in the ledger."""

from enum import StrEnum
from typing import Any

import pytest
from sqlalchemy.orm import Session

from core.configs.run import RunConfig
from core.queries import runs
from core.queries.moves import STATES, move
from core.states import ENDED, LEGAL, DatasetState, RunState, ShardState, of_sweep
from core.tables import DEFAULT_PROJECT, Dataset, Run
from tests.factories import ledger


@pytest.mark.parametrize("kind", LEGAL)
def test_every_state_has_its_moves_written_down(kind: type[StrEnum]) -> None:
    assert set(LEGAL[kind]) == set(kind)
    assert all(set(targets) <= set(kind) for targets in LEGAL[kind].values())
    assert all(state not in targets for state, targets in LEGAL[kind].items())


@pytest.mark.parametrize("kind", LEGAL)
def test_every_state_can_be_left_unless_it_is_an_end(kind: type[StrEnum]) -> None:
    assert all(targets or state in ENDED for state, targets in LEGAL[kind].items())


@pytest.mark.parametrize("kind", LEGAL)
def test_every_state_leads_to_an_end(kind: type[StrEnum]) -> None:
    reach = {state for state in kind if state in ENDED}
    for _ in kind:
        reach |= {state for state, targets in LEGAL[kind].items() if targets & reach}
    assert reach == set(kind)


def test_a_completed_dataset_is_worked_on_again_only_to_run_its_filters_again() -> None:
    assert LEGAL[DatasetState][DatasetState.completed] == {DatasetState.in_progress}


def test_what_succeeded_or_was_halved_is_final() -> None:
    final = (RunState.succeeded, ShardState.halved)
    assert not any(LEGAL[type(state)][state] for state in final)


@pytest.mark.parametrize(
    ("runs", "state"),
    [
        ({"queued": 3}, "queued"),
        ({"queued": 2, "running": 1}, "running"),
        ({"queued": 2, "succeeded": 1}, "running"),
        ({"evaluating": 1, "succeeded": 2}, "running"),
        ({"paused": 1, "running": 1}, "running"),
        ({"paused": 2, "failed": 1}, "paused"),
        ({"paused": 1, "queued": 1}, "queued"),
        ({"succeeded": 2, "failed": 1, "cancelled": 1, "queued": 0}, "failed"),
        ({"succeeded": 2, "cancelled": 1}, "cancelled"),
        ({"succeeded": 3}, "succeeded"),
    ],
)
def test_a_sweep_stands_where_its_runs_stand(runs: dict[str, int], state: str) -> None:
    assert of_sweep(runs) == state


def put(session: Session, row: Any, state: StrEnum) -> None:
    """Set a state behind everybody's back."""
    row.state = str(state)
    session.flush()


@pytest.mark.parametrize("table", [Dataset, Run])
def test_a_move_happens_when_it_is_legal_and_else_does_not(table: type[Any], session: Session) -> None:
    dataset = ledger.made_dataset(session)
    config = RunConfig.model_validate({"dataset": dataset.id, "student": ledger.STUDENT})
    row = dataset
    if table is Run:
        row = runs.create(session, project_id=DEFAULT_PROJECT, config=config, dataset=dataset)  # type: ignore[assignment]
    kind = STATES[table]
    for begin in kind:
        for to in kind:
            put(session, row, begin)
            moved = move(session, table, row.id, to)
            session.refresh(row)
            assert moved == (to in LEGAL[kind][begin])
            assert row.state == (to if moved else begin)


def test_the_moment_of_a_state_is_that_of_its_first_entry(session: Session) -> None:
    dataset = ledger.dataset(session)
    entered = dataset.in_progress_at
    assert entered is not None
    assert dataset.paused_at is None
    move(session, Dataset, dataset.id, DatasetState.paused)
    move(session, Dataset, dataset.id, DatasetState.in_progress)
    session.refresh(dataset)
    assert dataset.in_progress_at == entered
    assert dataset.paused_at is not None
    assert dataset.paused_at > entered
