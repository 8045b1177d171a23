"""F1 for imports: a worker that is killed while it reads a file."""

import signal

import pytest

from tests.core import invariants
from tests.factories import exchange, scene
from tests.faults.crew import Crew, leases_run_out
from tests.faults.victim import IMPORT_POINTS

LINES = """
    SELECT p.index, p.messages->0->>'content', c.revision, c.draft, pair.chosen, s.value
    FROM prompt p JOIN chain c ON c.prompt_id = p.id JOIN pair ON pair.chain_id = c.id
    JOIN score s ON s.chain_id = c.id AND s.answer = 'revision' ORDER BY 1
"""


def whole(id: str, number: int) -> None:
    """Every line is a pair once, in its order."""
    rows = scene.rows(LINES)
    assert [tuple(row) for row in rows] == [
        (n, f"Why {n}?", f"Because {n}.", f"No {n}.", f"Because {n}.", 1.0) for n in range(number)
    ]
    assert (scene.chains(id), scene.pairs(id)) == (number, number)
    invariants.hold()
    invariants.nothing_late()


@pytest.mark.parametrize("point", IMPORT_POINTS)
def test_an_import_killed_at_a_named_point_loses_and_doubles_nothing(point: str, crew: Crew) -> None:
    client = exchange.door()
    id = exchange.ask(client, exchange.upload(client, exchange.numbered(200, score_chosen=1)))
    victim = crew.start("victim", "score", "--die", point)
    assert victim.wait() == -signal.SIGKILL
    leases_run_out()
    crew.start("victim", "score")
    crew.start("sweep")
    crew.until(scene.is_in(id, "completed"))
    whole(id, 200)


def test_an_import_killed_in_the_middle_goes_on_there(crew: Crew) -> None:
    client = exchange.door()
    id = exchange.ask(client, exchange.upload(client, exchange.numbered(3_000, score_chosen=1)))
    victim = crew.start("victim", "score")
    crew.until(lambda: scene.chains(id) >= 300)
    victim.kill()
    there = scene.chains(id)
    assert 300 <= there < 3_000
    assert there % 96 == 0  # whole chunks alone
    leases_run_out()
    crew.start("victim", "score")
    crew.start("victim", "score")
    crew.start("sweep")
    crew.until(scene.is_in(id, "completed"))
    whole(id, 3_000)
