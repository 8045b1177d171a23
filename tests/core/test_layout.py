"""Which prompts a dataset gets, in which order and split."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.configs.dataset import DatasetConfig
from core.errors import BadInput
from core.layout import lay_out
from tests.factories.ledger import behavior

POLITE, BRIEF = behavior("polite", prompts=40), behavior("brief", prompts=30)
SPECS = {"polite": POLITE, "brief": BRIEF}
IDS = {"polite": "beh_1", "brief": "beh_2"}


def laid_out(**asked: Any) -> list[dict[str, Any]]:
    """The rows for a config."""
    return lay_out(DatasetConfig.model_validate({"behavior": "polite"} | asked), SPECS, IDS)


def words(row: dict[str, Any]) -> str:
    """The prompt's text."""
    return str(row["messages"][-1]["content"])


def generated(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows the teacher answers."""
    return [row for row in rows if row["split"] != "evaluation"]


@given(seed=st.integers(0, 2**63 - 1), validation=st.floats(0, 0.9))
def test_no_prompt_is_in_two_splits(seed: int, validation: float) -> None:
    own = [{"text": f"question {n % 7}"} for n in range(30)]  # each comes several times
    rows = laid_out(prompts=own, seed=seed, split={"validation": validation})
    splits: dict[str, set[str]] = {}
    for row in rows:
        splits.setdefault(words(row), set()).add(row["split"])
    assert all(len(found) == 1 for found in splits.values())


@given(seed=st.integers(0, 2**63 - 1))
def test_the_same_seed_gives_the_same_layout(seed: int) -> None:
    assert laid_out(seed=seed, n_prompts=20) == laid_out(seed=seed, n_prompts=20)


def test_another_seed_gives_other_prompts_in_another_order() -> None:
    one, other = (list(map(words, generated(laid_out(seed=seed, n_prompts=20)))) for seed in (1, 2))
    assert one != other
    assert set(one) != set(other)


def test_indexes_count_from_zero_and_evaluation_prompts_come_last() -> None:
    rows = laid_out(behavior=["polite", "brief"], n_prompts=25)
    assert [row["index"] for row in rows] == list(range(25 + 6))
    assert [row["split"] == "evaluation" for row in rows] == [False] * 25 + [True] * 6


def test_prompts_are_shared_out_evenly_over_behaviors() -> None:
    rows = generated(laid_out(behavior=["polite", "brief"], n_prompts=25))
    counts = [sum(row["behavior_id"] == id for row in rows) for id in ("beh_1", "beh_2")]
    assert counts == [13, 12]
    assert len(set(map(words, rows))) == 25


def test_every_prompt_is_taken_when_no_number_is_asked_for() -> None:
    assert sorted(map(words, generated(laid_out()))) == sorted(str(prompt.text) for prompt in POLITE.prompts)


def test_more_prompts_than_there_are_is_refused_with_both_numbers() -> None:
    with pytest.raises(BadInput, match=r"asks for 41 prompts of behavior 'polite', which has 40") as caught:
        laid_out(n_prompts=41)
    assert caught.value.param == "n_prompts"


def test_the_share_of_validation_is_about_what_was_asked_for() -> None:
    own = [{"text": json.dumps(n)} for n in range(2000)]
    rows = generated(laid_out(prompts=own, split={"validation": 0.2}))
    share = sum(row["split"] == "validation" for row in rows) / 2000
    assert share == pytest.approx(0.2, abs=0.04)


def test_without_validation_everything_is_trained_on() -> None:
    assert {row["split"] for row in generated(laid_out(split={"validation": 0}))} == {"train"}


def test_a_longer_dataset_holds_the_shorter_one_with_the_same_splits() -> None:
    shorter, longer = (generated(laid_out(n_prompts=n, seed=5)) for n in (20, 24))
    splits = {words(row): row["split"] for row in longer}
    assert len(splits) == 24
    assert all(splits[words(row)] == row["split"] for row in shorter)
