"""What holds for the loss of every method in the table, new ones included."""

import pytest
import torch

from core.methods.choice import MethodChoice
from tests.factories.columns import at_reference, drawn, leaves
from tests.trainer.losses.arguments import ALL, loss
from trainer.pair_tensors import PairTensors


@pytest.mark.parametrize("name", ALL)
def test_one_loss_for_each_pair_which_no_other_pair_changes(name: str) -> None:
    pairs = drawn(7)
    losses = loss(name)(pairs)
    assert losses.shape == (7,)
    assert losses.dtype == torch.float32
    alone = [loss(name)(PairTensors(*(column[..., i : i + 1] for column in pairs))) for i in range(7)]
    assert torch.allclose(torch.cat(alone), losses)


@pytest.mark.parametrize("name", [name for name in ALL if not MethodChoice.model_validate(name).facts.running])
def test_the_gradient_agrees_with_finite_differences(name: str) -> None:
    pairs = PairTensors(*(column.double() for column in drawn(6)))
    chosen, rejected = pairs.chosen.requires_grad_(), pairs.rejected.requires_grad_()

    def given(chosen: torch.Tensor, rejected: torch.Tensor) -> torch.Tensor:
        return loss(name)(pairs._replace(chosen=chosen, rejected=rejected))

    assert torch.autograd.gradcheck(given, (chosen, rejected))


@pytest.mark.parametrize("name", ALL)
def test_from_the_reference_a_preferred_answer_is_pushed_up_and_the_other_never(name: str) -> None:
    pairs = drawn()
    higher = torch.maximum(pairs.score_chosen, pairs.score_rejected) + 0.1
    lower = torch.minimum(pairs.score_chosen, pairs.score_rejected)
    agreed = pairs._replace(
        score_chosen=higher, score_rejected=lower, rewards_chosen=higher[None], rewards_rejected=lower[None]
    )
    start = leaves(at_reference(agreed))
    loss(name)(start).sum().backward()
    assert start.chosen.grad is not None
    assert (start.chosen.grad < 0).all()
    assert start.rejected.grad is None or (start.rejected.grad >= 0).all()


@pytest.mark.parametrize("name", ALL)
def test_a_loss_and_its_gradient_stay_finite_far_from_the_reference(name: str) -> None:
    pairs = drawn()
    for far in (-1e4, 1e4):
        moved = leaves(pairs._replace(chosen=pairs.chosen + far))
        losses = loss(name)(moved)
        losses.sum().backward()
        assert losses.isfinite().all()
        assert moved.chosen.grad is not None
        assert moved.chosen.grad.isfinite().all()


@pytest.mark.parametrize("name", ALL)
def test_a_method_reads_the_columns_it_says_it_needs_and_no_others(name: str) -> None:
    pairs, needs = drawn(), MethodChoice.model_validate(name).facts
    before = loss(name)(pairs)
    unscored = torch.full((64,), torch.nan)
    blind = pairs._replace(
        score_chosen=unscored, score_rejected=unscored, rewards_chosen=unscored[None], rewards_rejected=unscored[None]
    )
    assert torch.equal(loss(name)(blind), before) != needs.needs_scores
    alone = pairs._replace(reference_chosen=torch.zeros(64), reference_rejected=torch.zeros(64))
    assert torch.equal(loss(name)(alone), before) != needs.needs_reference
    longer = pairs._replace(tokens_chosen=pairs.tokens_chosen + 1, tokens_rejected=pairs.tokens_rejected + 1)
    assert torch.equal(loss(name)(longer), before) != needs.averaged
