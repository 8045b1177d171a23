"""DPO's loss by hand, at its constant, under a swap, and its gradient."""

import math

import pytest
import torch

from tests.factories.columns import drawn, leaves, one
from trainer.losses import dpo


@pytest.mark.parametrize(
    ("h", "beta", "expected"),
    [
        (2.0, 0.5, 0.3132616875182229),  # z = 1: log(1 + e^-1)
        (-2.0, 0.5, 1.3132616875182228),  # z = -1: log(1 + e)
        (30.0, 0.1, 0.04858735157374196),  # z = 3
    ],
)
def test_the_loss_is_the_number_worked_by_hand(h: float, beta: float, expected: float) -> None:
    assert dpo(one(h), beta=beta).item() == pytest.approx(expected, rel=1e-12)


def test_a_policy_that_equals_its_reference_has_loss_log_two() -> None:
    pairs = drawn()
    same = pairs._replace(reference_chosen=pairs.chosen, reference_rejected=pairs.rejected)
    assert torch.allclose(dpo(same, beta=0.1), torch.full((64,), math.log(2)))


def test_a_swap_changes_the_loss_by_z() -> None:
    # -log sg(-z) = -log sg(z) + z
    pairs = drawn()
    assert torch.allclose(dpo(pairs.swapped(), beta=0.1), dpo(pairs, beta=0.1) + 0.1 * pairs.log_ratio, atol=1e-6)


def test_the_gradient_pushes_chosen_up_and_rejected_down_by_beta_times_one_minus_sigmoid_z() -> None:
    pairs = leaves(drawn())
    dpo(pairs, beta=0.1).sum().backward()
    expected = -0.1 * torch.sigmoid(-0.1 * pairs.log_ratio).detach()
    assert pairs.chosen.grad is not None
    assert pairs.rejected.grad is not None
    assert torch.allclose(pairs.chosen.grad, expected)
    assert torch.equal(pairs.rejected.grad, -pairs.chosen.grad)


def test_the_gradient_agrees_with_finite_differences() -> None:
    pairs = drawn(6)
    chosen, rejected = pairs.chosen.double().requires_grad_(), pairs.rejected.double().requires_grad_()

    def loss(chosen: torch.Tensor, rejected: torch.Tensor) -> torch.Tensor:
        return dpo(pairs._replace(chosen=chosen, rejected=rejected), beta=0.3)

    assert torch.autograd.gradcheck(loss, (chosen, rejected))


def test_one_loss_for_each_pair_and_none_is_reduced() -> None:
    assert dpo(drawn(7), beta=0.1).shape == (7,)


def test_large_log_ratios_stay_finite() -> None:
    assert dpo(one(-1e6), beta=1.0).item() == pytest.approx(1e6)
    assert dpo(one(1e6), beta=1.0).item() == 0.0
