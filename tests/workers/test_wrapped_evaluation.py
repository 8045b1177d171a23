"""Prompts in templates from the dataset to the before/after table: real Postgres, the real desks, scripted models."""

from collections.abc import Iterator

import pytest

from client.comparison import changes
from client.models import Evaluation
from tests.factories import judged, scene
from tests.factories.judged import JUDGE, Bench
from tests.fakes.teacher import turn
from tests.faults import evaluated
from workers.lease import Beats
from workers.teachers.teacher import Turn

WRAPPERS = {
    "training": [{"name": "pirate", "template": "Ahoy: {prompt}"}],
    "held_out": [{"name": "robot", "template": "BEEP {prompt}"}],
}


def says(question: str) -> Turn:
    """What stands in a held-out template was answered badly."""
    return turn(f"Score: {-3 if 'BEEP' in question else 4}")


@pytest.fixture
def beats(database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Beats]:
    Bench(says).seat(monkeypatch)
    with Beats() as thread:
        yield thread


def test_an_evaluation_tells_templates_of_training_and_held_out_ones_apart(beats: Beats) -> None:
    behavior = judged.behavior(prompts=4, wrappers=WRAPPERS)
    dataset = judged.ask(behavior, reward=JUDGE, wrappers=True, split={"validation": 0})
    judged.work(beats)
    run = evaluated.trained_run(dataset)
    judged.work(beats)
    assert evaluated.state(run) == "succeeded"
    [row] = scene.rows("SELECT summary FROM evaluation")
    found = row.summary["scorers"]["judge:a-judge"]
    tests = len(behavior.evaluation_prompts)
    told = {name: (one["n"], one["base"]["mean"], one["tuned"]["mean"]) for name, one in found["distributions"].items()}
    assert told == {"in": (tests, 4.0, 4.0), "out": (tests, -3.0, -3.0)}
    assert (found["overall"]["n"], found["overall"]["base"]["mean"]) == (2 * tests, 0.5)
    shown = Evaluation.model_construct(summary=row.summary)
    lines = [(line.name, line.n, line.after) for line in changes(shown)]
    assert lines == [
        ("polite", 2 * tests, 0.5),
        ("in templates of training", tests, 4.0),
        ("in held-out templates", tests, -3.0),
        ("overall", 2 * tests, 0.5),
    ]
