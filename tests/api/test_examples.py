"""Every example of the OpenAPI document is accepted as it stands."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from api import examples
from core.database import transaction
from core.queries import behaviors, files, secrets
from core.settings import ROOT, reread, settings
from core.tables import DEFAULT_PROJECT
from tests.factories import ledger

EXAMPLES: dict[str, tuple[dict[str, Any], int]] = {
    "/behaviors": (examples.BEHAVIOR, 201),
    "/cache/trim": (examples.TRIM, 200),
    "/datasets": (examples.DATASET, 202),
    "/datasets/preview": (examples.DATASET, 202),
    "/datasets/import": (examples.IMPORT, 202),
    "/datasets/{id}/push": (examples.PUSH, 202),
    "/estimates": (examples.DATASET, 200),
    "/runs": (examples.RUN, 202),
    "/distillations": (examples.DISTILLATION, 202),
    "/keys": (examples.KEY, 201),
    "/secrets": (examples.SECRET, 201),
}
FORMS = {"/files"}  # a form with a file in it: tests/api/test_files.py sends them
MADE = examples.RUN["rdpo"]["value"]["dataset"]
CASES = [
    pytest.param(path, example["value"], status, id=f"{path} {name}")
    for path, (named, status) in EXAMPLES.items()
    for name, example in named.items()
]


@pytest.fixture
def furnished(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> TestClient:
    """The door of a ledger with what examples name: behaviors, tiny models, a completed dataset, a file, a secret."""
    with transaction() as session:
        for name in ("sycophancy", "safety"):
            behaviors.store(session, DEFAULT_PROJECT, ledger.behavior(name, prompts=200))
        with monkeypatch.context() as patch:
            patch.setattr("core.queries.datasets.new_id", lambda kind: MADE)
            ledger.made_dataset(session)
        files.store(
            session, id=examples.IMPORT["smallest"]["value"]["file"], project_id=DEFAULT_PROJECT, purpose="pairs",
            format="jsonl", name="pairs.jsonl", bytes=1, rows=1, sha256="0" * 64, path="files/none",
        )  # fmt: skip
        secrets.store(session, DEFAULT_PROJECT, examples.PUSH["private"]["value"]["secret"], "a token")
    monkeypatch.setenv("BURNISH_MODEL_ROOTS", f'["{settings().model_roots[0]}", "{ROOT / "tiny" / "models"}"]')
    reread()
    return client


@pytest.mark.parametrize(("path", "body", "status"), CASES)
def test_an_example_is_accepted_as_it_stands(path: str, body: Any, status: int, furnished: TestClient) -> None:
    answer = furnished.post(path.replace("{id}", MADE), json=body)
    assert answer.status_code == status, answer.text
    if status != 200:
        assert furnished.get(answer.headers["location"]).status_code == 200


def test_every_body_of_the_document_has_examples(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    asked = {path for path, operations in paths.items() if "requestBody" in operations.get("post", {})}
    exampled = EXAMPLES | {"/datasets/{id}/filters": (examples.FILTERS, 202)}  # tested where there is a dataset
    assert asked == set(exampled) | FORMS
    for path, (named, _) in exampled.items():
        content = paths[path]["post"]["requestBody"]["content"]["application/json"]
        assert set(content["examples"]) == set(named)
