"""What is refused, with which status and `param`, and that nothing of it is left behind."""

import json
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from starlette.testclient import TestClient

from core.database import transaction
from core.tables import Dataset, Distillation, Event, IdempotencyKey, Prompt, Run, Shard
from tests.factories import ledger

WORK = (Dataset, Run, Distillation, Prompt, Shard, Event, IdempotencyKey)


def counts() -> dict[str, int]:
    """Rows of every table that a request for work writes to."""
    with transaction() as session:
        return {table.__tablename__: session.scalar(select(func.count()).select_from(table)) or 0 for table in WORK}


def refused(client: TestClient, path: str, body: Any, *, status: int, param: str | None) -> dict[str, Any]:
    """Post a body that must be refused, and look that the ledger is as it was."""
    before = counts()
    headers = {"idempotency-key": "refused", "content-type": "application/json"}
    answer = client.post(path, content=json.dumps(body).encode(), headers=headers)
    error: dict[str, Any] = answer.json()["error"]
    assert (answer.status_code, error["param"]) == (status, param), answer.text
    assert set(error) == {"message", "type", "param", "code"}
    assert answer.headers["x-request-id"].startswith("req_")
    assert counts() == before
    return error


DATASETS: list[tuple[Any, int, str]] = [
    ({"behavior": "rude"}, 400, "behavior"),
    ({"behavior": []}, 422, "behavior"),
    ({"behavior": ["polite", "polite"]}, 422, "behavior"),
    ({"behavior": 7}, 422, "behavior"),
    ({}, 422, "behavior"),
    ({"behavior": "polite", "n_prompts": 0}, 422, "n_prompts"),
    ({"behavior": "polite", "n_prompts": 10_000_000}, 400, "n_prompts"),
    ({"behavior": ["polite", "brief"], "n_prompts": 25}, 400, "n_prompts"),
    ({"behavior": "polite", "n_prompts": "many"}, 422, "n_prompts"),
    ({"behavior": "polite", "colour": "red"}, 422, "colour"),
    ({"behavior": "polite", "teacher": {"model": "nobody"}}, 400, "teacher.model"),
    ({"behavior": "polite", "teacher": {"model": "/etc"}}, 400, "teacher.model"),
    ({"behavior": "polite", "teacher": {"model": "../../etc"}}, 400, "teacher.model"),
    ({"behavior": "polite", "teacher": {"model": "/no/such/folder"}}, 400, "teacher.model"),
    ({"behavior": "polite", "teacher": {"model": "models/none"}}, 400, "teacher.model"),
    ({"behavior": "polite", "teacher": {"model": "./none"}}, 400, "teacher.model"),
    ({"behavior": "polite", "teacher": {"model": "tests/none"}}, 400, "teacher.model"),
    ({"behavior": "polite", "teacher": {"model": "a model/none"}}, 400, "teacher.model"),
    ({"behavior": "polite", "teacher": {"model": "a" * 400}}, 400, "teacher.model"),
    ({"behavior": "polite", "teacher": {"model": ledger.REWARD}}, 400, "teacher.model"),
    ({"behavior": "polite", "teacher": {"sampling": {"temperature": -1}}}, 422, "teacher.sampling.temperature"),
    ({"behavior": "polite", "teacher": {"sampling": {"logits": 1}}}, 422, "teacher.sampling.logits"),
    ({"behavior": "polite", "reward": {"model": ledger.TEACHER}}, 400, "reward.model"),
    ({"behavior": "polite", "reward": {"kind": "rule", "rule": "luck"}}, 400, "reward.rule"),
    ({"behavior": "polite", "reward": {"kind": "rule"}}, 422, "reward"),
    ({"behavior": "polite", "prompts": [{"text": ""}]}, 422, "prompts.0.text"),
    ({"behavior": "polite", "prompts": [{"messages": [{"role": "user"}]}]}, 422, "prompts.0.messages.0.content"),
    ({"behavior": "polite", "metadata": {"a": 1}}, 422, "metadata.a"),
    ({"behavior": "polite", "prompts": [{"text": "nul \x00"}]}, 422, "prompts.0.text"),
    ({"behavior": "polite", "prompts": [{"text": "half \ud800"}]}, 422, "prompts.0.text"),
]


def test_a_dataset_that_cannot_be_made_is_refused_by_field(client: TestClient) -> None:
    for body, status, param in DATASETS:
        refused(client, "/datasets", body, status=status, param=param)


def test_a_distillation_names_the_field_inside_its_dataset(client: TestClient) -> None:
    for dataset, param in (
        ({"behavior": "rude"}, "dataset.behavior"),
        ({"behavior": "polite", "n_prompts": 13}, "dataset.n_prompts"),
        ({"behavior": "polite", "teacher": {"model": "nobody"}}, "dataset.teacher.model"),
    ):
        refused(client, "/distillations", {"dataset": dataset}, status=400, param=param)
    refused(client, "/distillations", {"dataset": {"behavior": "polite"}, "student": "x"}, status=400, param="student")


def test_too_few_prompts_says_how_many_there_are(client: TestClient) -> None:
    body = {"behavior": ["polite", "brief"], "n_prompts": 25}
    message = refused(client, "/datasets", body, status=400, param="n_prompts")["message"]
    assert "has 12" in message
    assert "at most 24" in message


def test_an_unknown_name_lists_what_there_is(client: TestClient) -> None:
    error = refused(client, "/datasets", {"behavior": "rude"}, status=400, param="behavior")
    assert error["code"] == "unknown_name"
    assert "brief, polite" in error["message"]


def test_a_model_folder_with_forbidden_files_is_refused_by_name(client: TestClient, world: Path) -> None:
    (world / ledger.TEACHER / "pytorch_model.bin").write_bytes(b"x")
    error = refused(client, "/datasets", {"behavior": "polite"}, status=400, param="teacher.model")
    assert error["code"] == "forbidden_model"
    assert "pytorch_model.bin" in error["message"]


def test_a_model_config_that_names_code_is_refused(client: TestClient, world: Path) -> None:
    (world / ledger.STUDENT / "config.json").write_text(json.dumps({"auto_map": {"AutoModel": "evil.Model"}}))
    refused(client, "/distillations", {"dataset": {"behavior": "polite"}}, status=400, param="student")


def test_a_run_on_an_unfinished_dataset_is_a_conflict(client: TestClient) -> None:
    with transaction() as session:
        id = ledger.dataset(session).id
    assert refused(client, "/runs", {"dataset": id}, status=409, param="dataset")["type"] == "conflict_error"


def test_a_run_on_a_dataset_without_training_pairs_is_refused(client: TestClient) -> None:
    with transaction() as session:
        row = ledger.made_dataset(session)
        for pair in ledger.pairs_of(session, row.id):
            pair.split = "validation"
    refused(client, "/runs", {"dataset": row.id}, status=400, param="dataset")


def test_a_run_on_no_dataset_is_refused(client: TestClient) -> None:
    refused(client, "/runs", {"dataset": "ds_nothing"}, status=400, param="dataset")


def test_a_method_without_its_column_is_refused_with_the_columns_name(client: TestClient) -> None:
    with transaction() as session:
        id = ledger.made_dataset(session, made=ledger.Made(scored=False)).id
    error = refused(client, "/runs", {"dataset": id, "method": {"type": "rdpo"}}, status=400, param="method.type")
    assert error["code"] == "missing_column"
    assert "score_chosen" in error["message"]
    assert client.post("/runs", json={"dataset": id, "method": {"type": "dpo"}}).status_code == 202


METHODS: list[tuple[Any, str]] = [
    ({"type": "magic"}, "method.type"),
    ({"type": "rdpo", "rdpo": {"tau": -1}}, "method.rdpo.tau"),
    ({"type": "rdpo", "rdpo": {"beta": 0}}, "method.rdpo.beta"),
    ({"type": "rdpo", "rdpo": {"form": "loud"}}, "method.rdpo.form"),
    ({"type": "rdpo", "rdpo": {"eps": 1}}, "method.rdpo.eps"),
    ({"type": "dpo", "rdpo": {"beta": 1}}, "method"),
    ({"type": "sft", "sft": {"beta": 1}}, "method.sft.beta"),
    ({"type": "robust_dpo", "robust_dpo": {"epsilon": 0.5}}, "method.robust_dpo.epsilon"),
    ({"type": "conservative_dpo", "conservative_dpo": {"epsilon": -0.1}}, "method.conservative_dpo.epsilon"),
    ({"type": "alpha_dpo", "alpha_dpo": {"alpha": -1}}, "method.alpha_dpo.alpha"),
    ({"type": "simpo", "simpo": {"gamma": 1}}, "method.simpo.gamma"),
    ({"type": "reward_distillation", "reward_distillation": {"tau": 0}}, "method.reward_distillation.tau"),
    ({"type": "reward_distillation", "reward_distillation": {"scorers": "some"}}, "method.reward_distillation.scorers"),
    ({"type": "reward_distillation", "reward_distillation": {"scorers": []}}, "method.reward_distillation.scorers"),
    (
        {"type": "reward_distillation", "reward_distillation": {"scorers": ["a", "a"]}},
        "method.reward_distillation.scorers",
    ),
]


def test_a_method_is_refused_by_the_path_of_its_hyperparameter(client: TestClient) -> None:
    for method, param in METHODS:
        body = {"dataset": {"behavior": "polite"}, "method": method}
        refused(client, "/distillations", body, status=422, param=param)


MALFORMED: list[tuple[bytes, int]] = [
    (b"", 422),
    (b"{", 400),
    (b'{"behavior": "polite",}', 400),
    (b'{"behavior": NaN}', 400),
    (b'{"behavior": "polite", "seed": Infinity}', 400),
    (b'{"behavior": "polite", "split": {"validation": 1e999}}', 422),
    (b'{"behavior": "polite", "behavior": "brief"}', 400),
    (b'{"behavior": "\xff"}', 400),
    (b'\xef\xbb\xbf{"behavior": "polite"}', 400),
    (b"[" * 100_000, 400),
    (b'{"a":' * 500 + b"1" + b"}" * 500, 400),
    (b"1" * 5000, 400),
    (b'"text"', 422),
    (b"null", 422),
    (b"[]", 422),
]


def test_a_body_that_is_not_json_is_refused_before_anything_reads_it(client: TestClient) -> None:
    before = counts()
    for raw, status in MALFORMED:
        answer = client.post("/datasets", content=raw, headers={"content-type": "application/json"})
        assert answer.status_code == status, (raw[:40], answer.text)
        assert set(answer.json()["error"]) == {"message", "type", "param", "code"}
    assert counts() == before


def test_a_body_of_another_kind_is_refused(client: TestClient) -> None:
    answer = client.post("/datasets", content=b"behavior: polite", headers={"content-type": "application/yaml"})
    assert answer.status_code == 415
    assert "application/json" in answer.json()["error"]["message"]


def test_a_page_that_cannot_be_is_refused(client: TestClient) -> None:
    for query in ("limit=0", "limit=101", "limit=x", "after=%00", "after=a%20b"):
        answer = client.get(f"/datasets?{query}")
        assert answer.status_code == 422
        assert answer.json()["error"]["param"] == query.partition("=")[0]


def test_an_id_of_nothing_is_not_found(client: TestClient) -> None:
    for id in ("ds_nothing", "%00", "%ff%fe", "%2e%2e", "a" * 3000, "ds_%F0%9F%92%A3", "{{7*7}}"):
        for path in (f"/datasets/{id}/pairs", f"/runs/{id}/metrics", f"/distillations/{id}/events"):
            answer = client.get(path)
            assert answer.status_code == 404, (path, answer.text)
            assert answer.json()["error"]["type"] == "not_found_error"
