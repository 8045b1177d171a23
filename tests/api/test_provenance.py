"""A pair tells where it comes from, at its route and in its file."""

import json
from typing import Any

import pytest
from starlette.testclient import TestClient

from core.configs.behavior import BehaviorSpec
from core.configs.dataset import DatasetConfig
from core.database import transaction
from core.queries import behaviors, datasets, events
from core.seeds import derive_seed
from core.tables import DEFAULT_PROJECT, Behavior
from tests.factories import ledger, scene

URL = "https://models.example.org/v1"
ENDPOINT = {"engine": "openai", "model": "big-model", "base_url": URL, "secret": "key"}
JUDGE = ENDPOINT | {"kind": "judge", "label": "harm", "purpose": "cost", "sampling": {"temperature": 0.25}}
WRAPPERS = {"training": [{"name": "pirate", "template": "Arr! {prompt}"}]}


def made(**asked: Any) -> tuple[str, Behavior]:
    """A dataset of two pairs from wrapped prompts, and the second version of its behavior."""
    body = ledger.behavior().model_dump(mode="json") | {"wrappers": WRAPPERS, "description": "The second version."}
    config = {"behavior": "polite", "n_prompts": 2, "wrappers": True, "split": {"validation": 0}}
    local = {"teacher": {"model": ledger.TEACHER}, "reward": {"model": ledger.REWARD, "label": "harm"}}
    with transaction() as session:
        behaviors.store(session, DEFAULT_PROJECT, ledger.behavior())
        row = behaviors.store(session, DEFAULT_PROJECT, BehaviorSpec.model_validate(body))
        given = DatasetConfig.model_validate(config | local | asked)
        id = datasets.create(session, project_id=DEFAULT_PROJECT, config=given, behaviors=[row]).id
        ledger.work_off(session)
    return id, row


def ask_for(dataset: str, **config: Any) -> None:
    """Change what was asked, as if other models had made the same pairs."""
    scene.change("UPDATE dataset SET config = config || :asked WHERE id = :id", id=dataset, asked=json.dumps(config))


def told(client: TestClient, dataset: str) -> dict[str, Any]:
    """The provenance of a dataset's first pair; its file says the same."""
    line = json.loads(client.get(f"/datasets/{dataset}/export", params={"format": "jsonl"}).text.splitlines()[0])
    found: dict[str, Any] = client.get(f"/pairs/{line['id']}").json()["provenance"]
    assert line["provenance"] == found
    return found


def test_a_pair_carries_its_turns_and_everything_that_decided_them(client: TestClient) -> None:
    id, behavior = made(rounds=2)
    more = [{"name": "critique.r1", "text": "c1", "finish": "stop", "tokens": 2, "hit": True}]
    scene.change(
        "UPDATE chain SET more = CAST(:more AS jsonb), attempt = 3, hits = 2, critique_tokens = 5, prompt_tokens = 90,"
        " cached_tokens = 40, paid_prompt_tokens = 50, paid_tokens = 9, usd = 0.5, seconds = 1.25, cleaned_chars = 1,"
        " draft_finish = 'stop', created_at = '2026-01-02T03:04:05Z' WHERE dataset_id = :id",
        more=json.dumps(more),
        id=id,
    )
    found = told(client, id)
    turns = {turn["name"]: turn for turn in found["turns"]}
    assert list(turns) == ["draft", "critique.r1", "critique", "revision"]
    assert turns["draft"]["messages"] == found["context"]
    assert [(turn["after"], turn["user"]) for turn in found["turns"]] == [
        (None, None),
        ("draft", "Say what was rude."),
        ("revision.r1", "Say what was rude."),
        ("critique", "Say it politely."),
    ]
    assert [turn["hit"] for turn in found["turns"]] == [True, True, False, False]
    assert (turns["draft"]["finish"], turns["draft"]["tokens"], turns["critique"]["tokens"]) == ("stop", 4, 5)
    assert all(turn["seed"] == derive_seed(found["seed"], name) for name, turn in turns.items())
    assert {turn["sampling"]["temperature"] for turn in turns.values()} == {0.7}
    assert (found["engine"], found["model"], found["endpoint"]) == ("transformers", ledger.TEACHER, None)
    assert (found["model_fingerprint"], found["template_hash"], found["seed"]) == ("f", "t", 1)
    assert (found["strategy"], found["variant"], found["origin"]) == ("self_critique", None, None)
    of = {"id": behavior.id, "name": "polite", "version": 2, "digest": behavior.digest}
    assert (found["behavior"], behavior.version) == (of, 2)
    assert (found["wrapper"], found["distribution"]) == ("pirate", "in")
    assert found["context"][-1]["content"] == f"Arr! {found['plain'][-1]['content']}"
    assert (found["attempt"], found["usd"], found["seconds"], found["hits"]) == (3, 0.5, 1.25, 2)
    assert (found["prompt_tokens"], found["cached_tokens"], found["cleaned_chars"]) == (90, 40, 1)
    assert (found["paid_prompt_tokens"], found["paid_tokens"]) == (50, 9)
    assert found["created_at"] == "2026-01-02T03:04:05Z"
    assert (found["chosen_answer"], found["rejected_answer"]) == ("revision", "draft")


def test_each_score_says_who_gave_it(client: TestClient) -> None:
    id, _ = made()
    scene.change("UPDATE score SET raw = 'Fine.', created_at = '2026-01-02T03:04:05Z'")
    found = {score["answer"]: score for score in told(client, id)["scores"]}
    assert set(found) == {"draft", "revision"}
    assert found["revision"]["value"] > found["draft"]["value"]
    del found["draft"]["value"]
    assert found["draft"] == {
        "scorer": "harm", "purpose": "reward", "kind": "classifier", "engine": "auto", "model": ledger.REWARD,
        "endpoint": None, "rule": None, "pairwise": False, "sampling": None, "omitted": [], "answer": "draft",
        "missing": None, "raw": "Fine.", "fingerprint": "f", "created_at": "2026-01-02T03:04:05Z",
    }  # fmt: skip


def test_teachers_and_judges_behind_endpoints_are_told_with_address_and_model_and_without_secret(
    client: TestClient,
) -> None:
    id, _ = made()
    ask_for(id, teacher=ENDPOINT, reward=[{"kind": "rule", "rule": "length"}, JUDGE])
    found = told(client, id)
    assert (found["endpoint"], found["model"]) == (URL, "big-model")
    for score in found["scores"]:
        assert (score["kind"], score["engine"], score["endpoint"], score["model"]) == (
            "judge",
            "openai",
            URL,
            "big-model",
        )
        assert (score["purpose"], score["sampling"]["temperature"]) == ("cost", 0.25)
    assert "secret" not in json.dumps(found)


def test_what_an_endpoint_does_not_take_stands_beside_the_sampling_that_asked_for_it(client: TestClient) -> None:
    id, _ = made()
    cooler = {"temperature": 0.25, "top_k": 7}
    ask_for(id, teacher=ENDPOINT | {"turns": {"revision": cooler}}, reward=[{"kind": "rule", "rule": "length"}, JUDGE])
    assert {tuple(turn["omitted"]) for turn in told(client, id)["turns"]} == {()}
    for field in ("seed", "top_k"):
        data = {"omitted": field, "model": "big-model@models.example.org"}
        with transaction() as session:
            events.tell(session, project_id=DEFAULT_PROJECT, subject=id, message="It is not sent.", data=data)
    found = told(client, id)
    omitted = {turn["name"]: turn["omitted"] for turn in found["turns"]}
    assert omitted == {"draft": ["seed"], "critique": ["seed"], "revision": ["seed", "top_k"]}
    assert {tuple(score["omitted"]) for score in found["scores"]} == {("seed",)}


@pytest.mark.parametrize(
    ("variant", "chosen", "rejected"),
    [
        ("enc", "Be kind.", None),
        ("dis", None, "Be rude."),
        ("contrastive", "Be kind.", "Be rude."),
        ("negation", None, "Be kind."),
    ],
)
def test_a_counterfactual_pair_shows_what_each_side_answered(
    client: TestClient, variant: str, chosen: str | None, rejected: str | None
) -> None:
    words = {
        "style": "Be kind." if variant != "dis" else None,
        "negative": "Be rude." if rejected == "Be rude." else None,
    }
    id, _ = made(strategy="counterfactual", counterfactual={"variant": variant} | words)
    scene.change("UPDATE chain SET critique = NULL")
    pair = client.get(f"/datasets/{id}/pairs").json()["data"][-1]
    words_of_user = pair["prompt"][-1]["content"]
    found = told(client, id)
    assert (found["strategy"], found["variant"]) == ("counterfactual", variant)
    assert [turn["name"] for turn in found["turns"]] == ["draft", "revision"]
    for turn, style in zip(found["turns"], (rejected, chosen), strict=True):
        assert turn["messages"][-1]["content"] == words_of_user + (f"\n\n{style}" if style else "")
        assert (turn["after"], turn["user"]) == (None, None)


@pytest.mark.parametrize(("hits", "known"), [(0, [False, False]), (1, [True, False]), (2, [True, True])])
def test_a_counterfactual_pair_tells_which_of_its_two_turns_the_cache_gave(
    client: TestClient, hits: int, known: list[bool]
) -> None:
    id, _ = made(strategy="counterfactual", counterfactual={"variant": "enc", "style": "Be kind."})
    scene.change("UPDATE chain SET critique = NULL, hits = :hits", hits=hits)
    assert [turn["hit"] for turn in told(client, id)["turns"]] == known
