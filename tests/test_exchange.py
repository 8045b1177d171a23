"""Pairs that leave and come back: real data in all four forms, without loss, and in other people's tools."""

import io
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from datasets import load_dataset
from sqlalchemy import update
from starlette.testclient import TestClient
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import DPOConfig, DPOTrainer

from core.database import transaction
from core.formats.pair import FilePair
from core.formats.read import read_pairs
from core.queries import trained_pairs
from core.settings import reread
from core.tables import Chain
from tests.core import invariants
from tests.factories import exchange, ledger, scene, trainings
from tests.factories.models import causal_model
from tests.factories.world import furnish
from workers.lease import Beats

FORMATS = ("trl", "openai", "parquet", "jsonl")
REFUSAL = {"kind": "rule", "rule": "refusal"}


@pytest.fixture
def client(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TestClient:
    furnish(tmp_path, monkeypatch)
    scene.watch(database)
    return exchange.door()


@pytest.fixture
def beats(database: str) -> Iterator[Beats]:
    with Beats() as thread:
        yield thread


def export(client: TestClient, id: str, format: str, **filter: str) -> bytes:
    """A dataset as a file."""
    answer = client.get(f"/datasets/{id}/export", params={"format": format} | filter)
    assert answer.status_code == 200, answer.text
    return answer.content


def told(pairs: list[FilePair], *, scored: bool = True) -> list[Any]:
    """Pairs without their order and their origin."""
    texts = [(json.dumps(pair.messages), pair.chosen, pair.rejected) for pair in pairs]
    scores = [(pair.score_chosen, pair.score_rejected, dict(pair.scores)) if scored else None for pair in pairs]
    return sorted(zip(texts, scores, strict=True), key=lambda pair: pair[0])


def read(content: bytes, format: str) -> list[FilePair]:
    return list(read_pairs(io.BytesIO(content), format))


def as_written(source: bytes) -> list[Any]:
    """Prompt, answers and scores of each pair by the file's own words, whatever our reader makes of it."""
    return ordered(
        (
            [
                {"role": role, "content": line[name]}
                for name, role in (("system", "system"), ("prompt", "user"))
                if name in line
            ],
            line.get("revision", line.get("chosen")),
            line.get("draft", line.get("rejected")),
            line.get("score_revision"),
            line.get("score_draft"),
        )
        for line in map(json.loads, source.splitlines())
    )


def ordered(pairs: Iterable[Sequence[Any]]) -> list[str]:
    """As JSON, in an order that does not depend on where each stood."""
    return sorted(json.dumps(pair) for pair in pairs)


@pytest.mark.parametrize("name", exchange.REAL)
def test_real_pairs_are_scored_filtered_exported_in_every_form_and_imported_back(
    client: TestClient, beats: Beats, name: str
) -> None:
    source = exchange.real(name).read_bytes()
    filters = {"duplicates": True, "refusal": "chosen", "length_ratio": 50}
    id = exchange.imported(client, beats, source, reward=[{"kind": "given"}, REFUSAL], filters=filters)
    row = client.get(f"/datasets/{id}").json()
    funnel = client.get(f"/datasets/{id}/funnel").json()
    assert row["status"] == "completed"
    assert funnel["asked"] == len(source.splitlines()) == funnel["kept"] + sum(funnel["dropped"].values())
    assert 0 < funnel["kept"] < funnel["asked"]
    whole = [json.loads(line) for line in export(client, id, "jsonl", verdict="all").splitlines()]
    names = ("chosen", "rejected", "score_chosen", "score_rejected")
    assert ordered((line["prompt"], *(line[name] for name in names)) for line in whole) == as_written(source)
    kept = told(read(export(client, id, "jsonl"), "jsonl"))
    for format in FORMATS:
        again = exchange.imported(client, beats, export(client, id, format), format)
        back = told(read(export(client, again, format, verdict="all"), format), scored=format != "openai")
        assert [texts for texts, _ in back] == [texts for texts, _ in kept], format
        if format != "openai":
            assert back == kept, format
    invariants_but_scores()


def invariants_but_scores() -> None:
    """All but the number of scores a chain has, which is the file's to say."""
    name = "I1: a completed dataset has a chain without scores or pair"
    statement = invariants.FINISHED.pop(name)
    invariants.ALWAYS.pop(name)
    try:
        invariants.hold()
    finally:
        invariants.FINISHED[name] = invariants.ALWAYS[name] = statement


def made() -> str:
    """A dataset with three pairs of validation."""
    return trainings.made_pairs(n_prompts=20, validation=3)


@pytest.mark.parametrize(("format", "kind"), [("jsonl", "json"), ("trl", "json"), ("parquet", "parquet")])
def test_an_export_is_loaded_by_the_library_datasets(
    client: TestClient, tmp_path: Path, format: str, kind: str
) -> None:
    id = made()
    path = tmp_path / f"pairs.{format}"
    path.write_bytes(export(client, id, format))
    found = load_dataset(kind, data_files=str(path), split="train", cache_dir=str(tmp_path / "cache"))
    assert len(found) == 20
    assert set(found[0]) >= {"prompt", "chosen", "rejected", "score_chosen", "score_rejected", "scores"}
    assert found[0]["prompt"][0]["content"].startswith("polite question")


@pytest.mark.parametrize(("format", "kind"), [("trl", "json"), ("parquet", "parquet")])
def test_an_export_is_trained_on_by_trl_as_it_is(client: TestClient, tmp_path: Path, format: str, kind: str) -> None:
    path = tmp_path / f"pairs.{format}"
    path.write_bytes(export(client, made(), format))
    pairs = load_dataset(kind, data_files=str(path), split="train", cache_dir=str(tmp_path / "cache"))
    folder = causal_model(tmp_path / "model", layers=1)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    before = model.lm_head.weight.detach().clone()
    config = DPOConfig(
        output_dir=str(tmp_path / "out"), max_steps=1, per_device_train_batch_size=4, learning_rate=1e-2, use_cpu=True,
        bf16=False, report_to=[], gradient_checkpointing=False, disable_tqdm=True, save_strategy="no",
    )  # fmt: skip
    tokenizer = AutoTokenizer.from_pretrained(folder)
    done = DPOTrainer(model, args=config, train_dataset=pairs, processing_class=tokenizer).train()
    assert done.global_step == 1
    assert not torch.equal(model.lm_head.weight, before)


def test_the_context_is_what_leaves_and_the_prompt_stands_beside_it(client: TestClient) -> None:
    id = made()
    context = [{"role": "user", "content": "Be rude."}]
    with transaction() as session:
        session.execute(update(Chain).where(Chain.dataset_id == id).values(context=context))
    for format in FORMATS:
        assert all(pair.messages == context for pair in read(export(client, id, format), format)), format
    line = json.loads(export(client, id, "jsonl").splitlines()[0])
    assert line["prompt"] == context
    assert line["original_prompt"][0]["content"].startswith("polite question")
    shown = client.get(f"/datasets/{id}/pairs").json()["data"][0]
    assert (shown["context"], shown["prompt"][0]["content"][:6]) == (context, "polite")


def test_jsonl_comes_back_with_all_it_said_of_its_pairs(client: TestClient, beats: Beats) -> None:
    content = export(client, made(), "jsonl")
    sent = {line["prompt"][0]["content"]: line for line in map(json.loads, content.splitlines())}
    again = exchange.imported(client, beats, content)
    texts = {"prompt", "chosen", "rejected", "score_chosen", "score_rejected", "scores"}
    back = [json.loads(line) for line in export(client, again, "jsonl").splitlines()]
    assert len(back) == len(sent) == 20
    for line in back:
        before = sent[line["prompt"][0]["content"]]
        came = line["provenance"]
        assert came["origin"] == {name: value for name, value in before.items() if name not in texts}
        assert came["origin"]["provenance"]["turns"][0]["text"] == before["rejected"]
        assert {name: line[name] for name in texts} == {name: before[name] for name in texts}
        assert line["critique"] == before["critique"]
        assert (came["engine"], came["model"], came["endpoint"], came["behavior"]) == ("import", None, None, None)
        unknown = [(turn["sampling"], turn["seed"], turn["hit"], turn["messages"]) for turn in came["turns"]]
        assert unknown == [(None, None, None, None)] * 3
    third = exchange.imported(client, beats, export(client, again, "jsonl"))
    assert told(read(export(client, third, "jsonl"), "jsonl")) == told(read(content, "jsonl"))


@pytest.mark.parametrize("format", ["jsonl", "trl", "parquet"])
def test_a_pair_keeps_its_weight_however_often_it_leaves_and_comes_back(
    client: TestClient, beats: Beats, format: str
) -> None:
    weights = [2.0, 0.25, 0.0, None]
    content = exchange.lines(
        {"prompt": f"Why {n}?", "chosen": f"Because {n}.", "rejected": "No.", "weight": weight}
        for n, weight in enumerate(weights)
    )
    id, first = exchange.imported(client, beats, content, split={"validation": 0}), None
    for _ in range(3):
        with transaction() as session:
            told = {row.chosen: row.weight for row in trained_pairs.for_training(session, id, "train")}
        assert told == {f"Because {n}.": weight for n, weight in enumerate(weights)}
        content = export(client, id, format)
        first = first or told_of(content, format)
        assert told_of(content, format) == first
        id = exchange.imported(client, beats, content, format, split={"validation": 0})


def told_of(content: bytes, format: str) -> list[Any]:
    """Texts, scores and weights of a file."""
    weights = {pair.chosen: pair.origin.get("weight") for pair in read(content, format)}
    return [told(read(content, format)), weights]


def test_an_export_keeps_to_its_filters(client: TestClient) -> None:
    id = made()
    for format in FORMATS:
        assert len(read(export(client, id, format, split="validation"), format)) == 3
    assert export(client, id, "trl", verdict="dropped") == b""
    answer = client.get(f"/datasets/{id}/export", params={"format": "parquet"})
    assert answer.headers["content-type"] == "application/vnd.apache.parquet"
    assert answer.headers["content-disposition"] == f'attachment; filename="{id}.parquet"'
    assert client.get(f"/datasets/{id}/export", params={"format": "csv"}).status_code == 422


def test_a_card_says_what_is_known_and_claims_no_licence(
    client: TestClient, beats: Beats, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BURNISH_MODELS", json.dumps({ledger.TEACHER: {"licence": "apache-2.0 | mine"}}))
    reread()
    id = made()
    answer = client.get(f"/datasets/{id}/card")
    assert answer.headers["content-type"].startswith("text/markdown")
    _, head, body = answer.text.split("---\n", 2)
    assert "license" not in yaml.safe_load(head)
    assert yaml.safe_load(head)["size_categories"] == ["n<1K"]
    assert "| pairs kept | 20 |" in body
    assert "| kept, validation | 3 |" in body
    assert f"| {ledger.TEACHER} | - | self_critique | 1 | 0 | apache-2.0 \\| mine |" in body
    assert f"| {ledger.REWARD} | not stated |" in body
    assert f"| classifier:{ledger.REWARD} | reward | not declared | 40 | 0 | -1 |" in body
    imported = exchange.imported(client, beats, exchange.numbered(3, score_chosen=1.5))
    told = client.get(f"/datasets/{imported}/card").text
    assert "Imported from a file of 3 pairs" in told
    assert "| given | reward | not declared | 3 | 3 | 1.5 |" in told
    assert client.get("/datasets/ds_none/card").status_code == 404
