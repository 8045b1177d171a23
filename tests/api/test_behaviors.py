"""Behaviors: versions, and files that are loaded at start-up."""

from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from api import recipes
from core.errors import BadInput
from core.settings import ROOT, settings
from tests.factories import ledger


def spec(**changes: Any) -> dict[str, Any]:
    """A behavior as JSON."""
    body: dict[str, Any] = ledger.behavior("brave", prompts=2).model_dump(mode="json")
    return body | changes


def test_the_same_text_is_the_same_version_and_another_is_the_next(client: TestClient) -> None:
    first = client.post("/behaviors", json=spec())
    assert (first.status_code, first.json()["version"], first.json()["prompts"]) == (201, 1, 2)
    assert first.headers["location"] == "/behaviors/brave?version=1"
    same = client.post("/behaviors", json=spec())
    assert (same.status_code, same.json()) == (200, first.json())
    second = client.post("/behaviors", json=spec(title="Braver"))
    assert (second.status_code, second.json()["version"]) == (201, 2)
    assert client.get("/behaviors/brave").json()["version"] == 2
    assert client.get("/behaviors/brave", params={"version": 1}).json()["spec"]["title"] == "Brave"
    assert client.get("/behaviors/brave", params={"version": 3}).status_code == 404
    listed = client.get("/behaviors").json()["data"]
    assert (len(listed), listed[0]["name"]) == (3, "brave")


def test_a_dataset_keeps_the_version_it_was_made_with(client: TestClient) -> None:
    client.post("/behaviors", json=spec())
    made = client.post("/datasets", json={"behavior": "brave"}).json()
    client.post("/behaviors", json=spec(title="Braver"))
    assert client.get(f"/datasets/{made['id']}").json()["behaviors"][0]["version"] == 1


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"name": "Not A Name"}, "name"),
        ({"prompts": []}, "prompts"),
        ({"prompts": [{"text": "a", "messages": [{"role": "user", "content": "b"}]}]}, "prompts.0"),
        ({"principle": "  "}, "principle"),
        ({"rubric": {"instruction": "x", "minimum": 1, "maximum": 0}}, "rubric"),
        ({"secret": 1}, "secret"),
        ({"rule": "luck"}, "rule"),
    ],
)
def test_a_behavior_that_is_none_is_refused_by_field(client: TestClient, changes: Any, param: str) -> None:
    answer = client.post("/behaviors", json=spec(**changes))
    assert answer.status_code in (400, 422)
    assert answer.json()["error"]["param"] == param
    assert client.get("/behaviors/brave").status_code == 404


def test_text_of_every_kind_is_kept_as_it_is(client: TestClient) -> None:
    odd = (
        "<script>alert(1)</script> {{7*7}} ../.. \u202e \U0001f469\u200d\U0001f680 \r\n e\u0301 \ufeff '; DROP TABLE--"
    )
    client.post("/behaviors", json=spec(principle="x" + odd + "x", prompts=[{"text": odd}]))
    found = client.get("/behaviors/brave").json()["spec"]
    assert found["principle"] == "x" + odd + "x"
    assert found["prompts"][0]["text"] == odd


def test_loading_the_files_again_changes_nothing(client: TestClient, world: Path) -> None:
    before = client.get("/behaviors").json()
    assert sorted(recipes.load(settings().behavior_dirs)) == ["brief", "polite"]
    assert client.get("/behaviors").json() == before


def test_a_file_that_is_no_behavior_is_left_out_and_named(world: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("name: [1")
    with pytest.raises(BadInput, match=r"bad\.yaml"):
        recipes.read(bad)
    assert recipes.load([tmp_path]) == []


def test_every_file_that_comes_with_burnish_is_a_behavior() -> None:
    files = sorted((ROOT / "behaviors").glob("*.yaml")) + sorted((ROOT / "tiny" / "behaviors").glob("*.yaml"))
    assert {recipes.read(file).name for file in files} >= {"safety", "sycophancy", "roleplay"}
