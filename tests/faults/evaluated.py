"""Runs that wait for their evaluation, made without a model; and questions about what became of them."""

from core.configs.run import RunConfig
from core.database import transaction
from core.queries import datasets, evaluations, runs, shards
from core.queries.moves import move
from core.states import Queue, RunState
from core.tables import DEFAULT_PROJECT, Dataset, Run
from tests.factories import hands, scene

STUDENT = "a-student"


def completed_dataset(asked: scene.Asked) -> str:
    """A dataset that went through all its stages under claims of its own; returns its id."""
    id = scene.ask(asked)
    for queue in (Queue.generate, Queue.score):
        while (hand := hands.take(queue)) is not None:
            hand.write(asked.prompts * asked.samples)
            hand.finish()
    with transaction() as session:
        assert datasets.advance(session, id)
    return id


def trained_run(dataset_id: str) -> str:
    """A run whose tuned model is there, and whose base and tuned answers are all to be given; returns its id."""
    with transaction() as session:
        config = RunConfig.model_validate({"dataset": dataset_id, "student": STUDENT})
        dataset = session.get_one(Dataset, dataset_id)
        id = runs.create(session, project_id=DEFAULT_PROJECT, config=config, dataset=dataset).id
    with transaction() as session:
        claim = shards.claim(session, queue=Queue.train, owner="a test")
        assert claim is not None
        move(session, Run, id, RunState.preparing)
        move(session, Run, id, RunState.running)
        runs.advance(session, id, artifact="runs/tuned")
        shards.finish(session, claim)
        evaluations.tuned_ready(session, id)
    assert state(id) == ("succeeded" if scene.number("SELECT count(*) FROM evaluation") == 0 else "evaluating")
    return id


def state(run_id: str) -> str:
    """The run's state."""
    return str(scene.rows("SELECT state FROM run WHERE id = :id", id=run_id)[0][0])
