"""From the fields of the form to the request, and from a refusal back to the field it is about."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from api.dashboard import asked, scorer_rows
from api.dashboard.fields import Fields
from core.configs.dataset import DatasetConfig
from tests.api.dashboard.conftest import send

ROW = "dataset.reward"
CLASSIFIER, JUDGE, RULE = ({f"{ROW}.{n}.kind": kind} for n, kind in enumerate(("classifier", "judge", "rule")))


def dataset_of(**fields: str) -> dict[str, Any]:
    """The part of the request behind the behavior; `__` in a name stands for a dot."""
    sent = tuple((name.replace("__", "."), value) for name, value in fields.items())
    body = asked.body_of(Fields((("dataset.behavior", "polite"), *sent)))["dataset"]
    assert body.pop("behavior") == ["polite"]
    return body  # type: ignore[no-any-return]


def test_a_form_that_says_nothing_asks_for_the_defaults() -> None:
    assert dataset_of() == {}
    assert dataset_of(**CLASSIFIER, dataset__from="behavior", dataset__prompts="not chosen") == {}


def test_the_name_alone_may_say_what_a_scorer_is() -> None:
    name = f"{ROW}.0.model"
    assert dataset_of(**{name: "rule:length"}) == {"reward": {"kind": "rule", "rule": "length"}}
    assert dataset_of(**{name: "judge:a-judge"}) == {"reward": {"kind": "judge", "model": "a-judge"}}
    assert dataset_of(**{name: "a-reward"}) == {"reward": {"kind": "classifier", "model": "a-reward"}}


def test_each_row_is_a_scorer_with_the_fields_of_its_kind() -> None:
    endpoint = {"engine": "openai", "base_url": "https://x.example/v1", "secret": "hosted", "model": "big"}
    said = {f"{ROW}.1.{name}": value for name, value in (endpoint | {"label": "harm", "purpose": "cost"}).items()}
    said |= {f"{ROW}.2.rule": "length", f"{ROW}.2.model": "of another kind", f"{ROW}.2.pairwise": "true"}
    assert dataset_of(**CLASSIFIER, **JUDGE, **RULE, **said)["reward"] == [
        {"kind": "classifier"},
        {"kind": "judge", "label": "harm", "purpose": "cost"} | endpoint,
        {"kind": "rule", "rule": "length"},
    ]


def test_a_judge_is_sampled_as_the_form_says_and_as_surely_as_ever_where_it_says_nothing() -> None:
    row = {f"{ROW}.0.kind": "judge"}
    warm, long = {f"{ROW}.0.sampling.temperature": "0.3"}, {f"{ROW}.0.sampling.max_tokens": "99"}
    assert dataset_of(**row, **warm)["reward"] == {"kind": "judge", "sampling": {"temperature": 0.3}}
    assert dataset_of(**row, **long)["reward"] == {"kind": "judge", "sampling": {"temperature": 0.0, "max_tokens": 99}}
    defaults = {f"{ROW}.0.sampling.temperature": "0.0", f"{ROW}.0.sampling.max_tokens": "512"}
    assert dataset_of(**row, **defaults)["reward"] == {"kind": "judge"}
    assert dataset_of(**{f"{ROW}.0.kind": "rule", f"{ROW}.0.rule": "length"}, **warm)["reward"] == {
        "kind": "rule",
        "rule": "length",
    }


OWN = "dataset__counterfactual__"


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({f"{OWN}style": "Be kind.", f"{OWN}negative": "Be rude."},
         {"style": "Be kind.", "negative": "Be rude."}),
        ({f"{OWN}variant": "enc", f"{OWN}style": "Be kind.", f"{OWN}negative": "Be rude."},
         {"variant": "enc", "style": "Be kind."}),
        ({f"{OWN}variant": "dis", f"{OWN}style": "Be kind.", f"{OWN}negative": "Be rude."},
         {"variant": "dis", "negative": "Be rude."}),
    ],
    ids=["contrastive", "enc", "dis"],
)  # fmt: skip
def test_counterfactual_pairs_are_asked_for_with_the_instructions_of_their_variant(
    fields: dict[str, str], told: dict[str, str]
) -> None:
    rounds = {"dataset__rounds": "2", "dataset__best_of": "3", "dataset__seed": "7"}
    found = dataset_of(dataset__strategy="counterfactual", **fields, **rounds)
    assert found == {"strategy": "counterfactual", "counterfactual": told, "seed": 7}
    assert DatasetConfig.model_validate({"behavior": "polite"} | found).strategy == "counterfactual"
    assert dataset_of(dataset__strategy="self_critique", **fields) == {}


def test_a_row_is_added_behind_the_others_and_those_behind_a_removed_one_move_up() -> None:
    fields = scorer_rows.changed(Fields((("add", "scorer"), ("student", "a"))), ROW)
    fields = scorer_rows.changed(Fields((*fields.pairs, (f"{ROW}.1.label", "second"), ("add", "scorer"))), ROW)
    fields = Fields((*(pair for pair in fields.pairs if pair[0] != "add"), (f"{ROW}.2.label", "third")))
    assert [row.place for row in scorer_rows.rows_of(fields, ROW)] == [0, 1, 2]
    left = scorer_rows.changed(Fields((*fields.pairs, ("remove", "1"))), ROW)
    assert [row.place for row in scorer_rows.rows_of(left, ROW)] == [0, 1]
    assert (left.get(f"{ROW}.1.label"), left.get("student")) == ("third", "a")
    assert scorer_rows.changed(Fields((("remove", "x"),)), ROW).get("remove") == "x"


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"dataset__from": "prompts", "dataset__prompts": " One?\n\nTwo? \n"},
         {"prompts": [{"text": "One?"}, {"text": "Two?"}]}),
        ({"dataset__from": "file", "file__file": "file-1", "hub__repo": "a/b"},
         {"source": {"kind": "file", "file": "file-1"}}),
        ({"dataset__from": "dataset", "dataset__dataset": "ds_1", "dataset__kept": "true"},
         {"source": {"kind": "dataset", "dataset": "ds_1", "kept": True}}),
        ({"dataset__from": "hub", "hub__repo": "a/b", "hub__split": "train", "hub__column": "question"},
         {"source": {"kind": "hub", "repo": "a/b", "column": "question"}}),
        ({"dataset__from": "parquet", "parquet__path": "x.parquet"},
         {"source": {"kind": "parquet", "path": "x.parquet"}}),
        ({"dataset__from": "topics", "topics__topics": "medicine\nlaw", "topics__per_topic": "5"},
         {"source": {"kind": "topics", "topics": ["medicine", "law"], "per_topic": 5}}),
    ],
)  # fmt: skip
def test_prompts_come_from_what_is_chosen_and_the_rest_is_left_out(fields: dict[str, str], told: Any) -> None:
    assert dataset_of(**fields) == told


REFUSED: tuple[tuple[dict[str, str], str, str], ...] = (
    ({"dataset__from": "hub", "hub__repo": "no-owner"}, "hub.repo", 'value="no-owner"'),
    ({"dataset__from": "hub"}, "hub.repo", "the Hugging Face hub"),
    ({"dataset__from": "hub", "hub__repo": "a/b", "hub__secret": "gone"}, "hub.secret", 'value="gone"'),
    ({"dataset__from": "file", "file__file": "file-1"}, "file.file", 'value="file-1" selected'),
    ({"dataset__from": "dataset", "dataset__dataset": "ds_1"}, "dataset.dataset", 'value="ds_1" selected'),
    ({"dataset__from": "parquet", "parquet__path": "../x.parquet"}, "parquet.path", 'value="../x.parquet"'),
    ({"dataset__from": "topics", "topics__topics": ""}, "topics.topics", "topics.near"),
    ({"dataset__from": "prompts", "dataset__prompts": "\n"}, "dataset.prompts", "dataset.prompts"),
    ({f"{ROW}.0.model": "rule:none"}, f"{ROW}.0.model", 'value="rule:none"'),
    ({f"{ROW}.0.model": "../x"}, f"{ROW}.0.model", 'value="../x"'),
    ({**CLASSIFIER, **JUDGE, f"{ROW}.1.label": "No Label"}, f"{ROW}.1.label", 'value="No Label"'),
    ({**CLASSIFIER, **JUDGE, f"{ROW}.1.engine": "openai"}, f"{ROW}.1.kind", 'value="openai" selected'),
    ({f"{ROW}.0.kind": "judge", f"{ROW}.0.sampling.temperature": "9"}, f"{ROW}.0.sampling.temperature", 'value="9"'),
    ({"dataset__strategy": "counterfactual", f"{OWN}style": "Be kind."}, "dataset.counterfactual.variant", "Be kind."),
    ({"dataset__strategy": "counterfactual", f"{OWN}variant": "none"}, "dataset.counterfactual.variant", "contrastive"),
    ({f"{ROW}.0.kind": "rule", f"{ROW}.0.rule": "none"}, f"{ROW}.0.rule", "Scorer 1"),
)


def test_a_refusal_stands_beside_the_field_it_names_and_nothing_written_is_lost(signed_in: TestClient) -> None:
    for fields, field, kept in REFUSED:
        answer = send(signed_in, "/dashboard/distillations", dataset__behavior="polite", student="mine", **fields)
        id = field.replace(".", "-")
        assert answer.status_code in (400, 422), fields
        assert f'id="{id}-flaw"' in answer.text, fields
        assert f'aria-invalid="true" aria-describedby="{id}-flaw"' in answer.text, fields
        assert kept in answer.text, fields
        assert 'value="mine"' in answer.text, fields


def test_the_form_makes_a_dataset_alone_and_a_distillation_apart_from_it(signed_in: TestClient) -> None:
    fields = {"dataset__behavior": "polite", "dataset__n_prompts": "2", "once": "form_1"}
    made = send(signed_in, "/dashboard/distillations/dataset", **fields)
    started = send(signed_in, "/dashboard/distillations", **fields)
    assert made.headers["location"].startswith("/dashboard/datasets/ds_")
    assert started.headers["location"].startswith("/dashboard/distillations/dist_")
    assert send(signed_in, "/dashboard/distillations/dataset", **fields).headers["location"] == made.headers["location"]


def test_a_link_chooses_a_source(signed_in: TestClient) -> None:
    page = signed_in.get("/dashboard/distillations/new?source=dataset:ds_1").text
    assert 'value="dataset" selected' in page
    assert 'value="ds_1" selected' in page
    assert 'value="behavior" selected' in signed_in.get("/dashboard/distillations/new?source=moon:1").text
