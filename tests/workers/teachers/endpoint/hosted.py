"""Datasets whose teacher is the model `hosted` behind an endpoint, and the workers that make them."""

import threading
import time
from typing import Any

from core.configs.behavior import Rubric
from core.configs.dataset import DatasetConfig
from core.database import transaction
from core.queries import behaviors, datasets, secrets
from core.tables import DEFAULT_PROJECT
from tests.factories import scene
from tests.fakes.endpoint import Endpoint
from workers.generation import GeneratingDesk
from workers.lease import Beats
from workers.scoring import ScoringDesk

PROMPTS = 4
PATIENCE = 60.0  # seconds after which what should happen counts as never happening
CHAINS = """
SELECT c.state, p.messages -> 0 ->> 'content' AS prompt, c.* FROM chain c JOIN prompt p ON p.id = c.prompt_id
WHERE c.dataset_id = :id ORDER BY prompt"""


def ask(endpoint: Endpoint, *, prompts: int = PROMPTS, project_id: str = DEFAULT_PROJECT, **asked: Any) -> str:
    """Ask for a dataset of this teacher as the door does; its id."""
    teacher = {"engine": "openai", "model": "hosted", "base_url": endpoint.url, "secret": asked.pop("secret", None)}
    config = {"behavior": "polite", "teacher": teacher, "reward": {"kind": "rule", "rule": "length"}} | asked
    spec = scene.behavior(scene.Asked(prompts=prompts)).model_copy(
        update={"rubric": Rubric(instruction="Is it polite?")}
    )
    with transaction() as session:
        row = behaviors.store(session, project_id, spec)
        checked = DatasetConfig.model_validate(config)
        return datasets.create(session, project_id=project_id, config=checked, behaviors=[row]).id


def store_secret(value: str, *, project_id: str = DEFAULT_PROJECT) -> None:
    """The key called `hosted`."""
    with transaction() as session:
        secrets.store(session, project_id, "hosted", value)


def drain(beats: Beats) -> None:
    """Let a worker do what it can."""
    desk = GeneratingDesk(beats, "a test")
    desk.drain(threading.Event())
    desk.close()


def until_completed(beats: Beats, id: str, *, chains: int) -> None:
    """Let one worker look again and again until every chain has ended."""
    desk = GeneratingDesk(beats, "a test")
    ended = "SELECT count(*) FROM chain WHERE dataset_id = :id AND state <> 'open'"
    deadline = time.monotonic() + PATIENCE
    while scene.number(ended, id=id) < chains:
        assert time.monotonic() < deadline, scene.rows("SELECT state, attempts, waiting, error FROM shard")
        desk.drain(threading.Event())
    desk.close()


def until_scored(beats: Beats, id: str) -> None:
    """Let one scoring worker look again and again until the dataset is complete."""
    desk = ScoringDesk(beats, "a test")
    deadline = time.monotonic() + PATIENCE
    while scene.state(id) != "completed":
        assert time.monotonic() < deadline, scene.rows("SELECT stage, state, attempts, waiting, error FROM shard")
        desk.drain(threading.Event())
    desk.close()
