"""A dataset made by a teacher behind an endpoint, through the desk and on the ledger."""

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from core.configs.dataset import DatasetConfig
from core.database import transaction
from core.queries import behaviors, datasets
from core.tables import DEFAULT_PROJECT
from tests.conftest import forget_settings
from tests.factories import scene
from tests.fakes.endpoint import Endpoint
from workers.generation import GeneratingDesk
from workers.lease import Beats

PROMPTS = 4


@pytest.fixture(autouse=True)
def short_waits(database: str, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    """The endpoint is allowed; nobody waits for it long, and a shard that waits is tried again at once."""
    for name, value in {
        "ALLOWED_ENDPOINTS": json.dumps([endpoint.door]),
        "ENDPOINT_ANSWER_SECONDS": 0.5,
        "ENDPOINT_RETRY_SECONDS": 0.01,
        "RETRY_SECONDS": 0,
        "MAX_ATTEMPTS": 2,
    }.items():
        monkeypatch.setenv(f"BURNISH_{name}", str(value))
    forget_settings()


@pytest.fixture
def beats() -> Iterator[Beats]:
    with Beats() as thread:
        yield thread


def ask(endpoint: Endpoint, **asked: Any) -> str:
    """Ask for a dataset of this teacher as the door does; its id."""
    teacher = {"engine": "openai", "model": "hosted", "base_url": endpoint.url}
    config = {"behavior": "polite", "teacher": teacher, "reward": {"kind": "rule", "rule": "length"}} | asked
    with transaction() as session:
        row = behaviors.store(session, DEFAULT_PROJECT, scene.behavior(scene.Asked(prompts=PROMPTS)))
        checked = DatasetConfig.model_validate(config)
        return datasets.create(session, project_id=DEFAULT_PROJECT, config=checked, behaviors=[row]).id


def drain(beats: Beats, times: int = 1) -> None:
    """Let a worker do what it can."""
    desk = GeneratingDesk(beats, "a test")
    for _ in range(times):
        desk.drain(threading.Event())
    desk.close()


CHAINS = """
SELECT c.state, p.messages -> 0 ->> 'content' AS prompt, c.* FROM chain c JOIN prompt p ON p.id = c.prompt_id
WHERE c.dataset_id = :id ORDER BY p.index"""


def test_every_turn_is_asked_for_over_http_and_stored_with_what_it_took(beats: Beats, endpoint: Endpoint) -> None:
    id = ask(endpoint)
    drain(beats)
    rows = scene.rows(CHAINS, id=id)
    assert [(row.state, row.draft, row.revision) for row in rows] == [
        ("done", f"draft of {row.prompt}", f"revision of {row.prompt}") for row in rows
    ]
    assert len(rows) == PROMPTS
    assert len(endpoint.asked) == 3 * PROMPTS
    assert {(row.prompt_tokens, row.cached_tokens, row.draft_tokens) for row in rows} == {(60, 30, 5)}
    assert {(row.engine, len(row.model_fingerprint), len(row.template_hash)) for row in rows} == {("openai", 64, 64)}
