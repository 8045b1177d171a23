"""A method that reads chosen answers alone forwards no others: the same gradient for half the tokens."""

import copy
import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from core.methods.choice import MethodChoice, method_names
from core.methods.sft import SftConfig
from trainer.batches import MicroBatch, collate
from trainer.cutting import Cutting
from trainer.encoded_pair import EncodedPair
from trainer.logps import answer_log_probs
from trainer.losses import sft
from trainer.objective import SUMS, Objective
from trainer.packing import pack
from trainer.sharing import share
from trainer.spool import spooled
from trainer.student import Student

OBJECTIVE = Objective(sft, {}, 0.3, SftConfig.facts)
UNKNOWN = {"implicit_reward_rejected", "accuracy", "logp_rejected", "abs_z", "kl"}
ROOMY = 100_000
WAYS = {
    "rows": Cutting(ROOMY, form="rows"),
    "rows within a budget": Cutting(90, form="rows"),
    "packed": Cutting(ROOMY, form="pieces"),
    "packed within a budget": Cutting(60, form="pieces"),
    "one by one": Cutting(ROOMY, 1, form="pieces"),
}


@pytest.fixture
def weighed(drawn_pairs: list[EncodedPair]) -> list[EncodedPair]:
    """Pairs with weights, anchors among them, and one whose rejected answer is far longer than all others."""
    pairs = [replace(pair, weight=place / 4) for place, pair in enumerate(drawn_pairs)]
    long = replace(pairs[5], rejected=pairs[5].chosen.repeat(6))
    return [*pairs[:5], long, *pairs[6:], replace(pairs[0], id="anchor", rejected=None)]


def outcome(student: Student, batches: list[MicroBatch]) -> tuple[Tensor, Tensor]:
    """The sums of a step, and its gradient."""
    student.model.zero_grad()
    sums = torch.zeros(len(SUMS))
    for batch in batches:
        total, counted = OBJECTIVE(answer_log_probs(student.model, batch), batch)
        total.backward()
        sums += counted
    return sums, torch.cat([p.grad.flatten() for p in student.model.parameters() if p.grad is not None])


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_the_gradient_is_that_of_whole_pairs(learner: Student, weighed: list[EncodedPair], way: Cutting) -> None:
    whole, gradient = outcome(learner, [collate(weighed, pad=0)])
    student = replace(learner, model=copy.deepcopy(learner.model))
    if way.form != "rows":
        assert share(student, longest=200) is None
    batches = way.for_steps(SftConfig.facts).batches(weighed)
    sums, found = outcome(student, batches)
    assert (found - gradient).norm() <= 1e-5 * gradient.norm()
    for name, one, other in zip(SUMS, sums.tolist(), whole.tolist(), strict=True):
        assert math.isnan(one) if name in UNKNOWN else one == pytest.approx(other, rel=1e-4), name
    if way.form == "pieces":
        last = len(weighed)  # the last token of an answer predicts nothing and is left out
        asked = sum(len(pair.prompt) + len(pair.chosen) for pair in weighed) - last
        assert sum(batch.input_ids.numel() for batch in batches) == asked


def test_a_budget_of_tokens_holds_more_pairs(weighed: list[EncodedPair]) -> None:
    for form in ("rows", "pieces"):
        both = Cutting(150, form=form)  # type: ignore[arg-type]
        alone = both.for_steps(SftConfig.facts)
        assert all(batch.input_ids.numel() <= 150 for batch in alone.batches(weighed))
        assert len(alone.batches(weighed)) < len(both.batches(weighed))


def test_a_spool_is_cut_as_a_list_is(weighed: list[EncodedPair], tmp_path: Path) -> None:
    cutting = Cutting(150, form="pieces").for_steps(SftConfig.facts)
    found = list(cutting.spooled(spooled(weighed, tmp_path), share=(0, 1)))
    expected = cutting.batches(weighed)
    assert all(one.input_ids.equal(other.input_ids) for one, other in zip(found, expected, strict=True))


def test_every_other_method_forwards_both_answers() -> None:
    cutting = Cutting(150)
    both = {name for name in method_names() if cutting.for_steps(MethodChoice.model_validate(name).facts) == cutting}
    assert both == set(method_names()) - {"sft"}


def test_layouts_of_chosen_answers_alone_are_those_of_anchors(drawn_pairs: list[EncodedPair]) -> None:
    anchors = [replace(pair, rejected=None) for pair in drawn_pairs]
    for form in ("pieces", "runs"):
        one, other = pack(drawn_pairs, form=form, both=False), pack(anchors, form=form)  # type: ignore[arg-type]
        assert one.layout is not None
        assert other.layout is not None
        assert one.input_ids.equal(other.input_ids)
        assert (one.layout.sizes, one.layout.shared) == (other.layout.sizes, ())
        assert (one.pairs, one.anchors) == (len(drawn_pairs), 0)
