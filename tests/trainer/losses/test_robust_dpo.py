"""Robust DPO by hand, its constant, what it is on average over flips, and that nothing bounds it below."""

import math

import pytest
import torch

from tests.factories.columns import at_reference, drawn, leaves, one
from trainer.losses import dpo, robust_dpo


@pytest.mark.parametrize(
    ("h", "epsilon", "expected"),
    [
        # z = 1: (.9 * .3132616875 - .1 * 1.3132616875) / .8
        (2.0, 0.1, 0.18826168751822286),
        (2.0, 0.25, -0.1867383124817771),  # (.75 * .3132616875 - .25 * 1.3132616875) / .5
        (-2.0, 0.1, 1.4382616875182228),
        (2.0, 0.0, 0.3132616875182229),
    ],
)
def test_the_loss_is_the_number_worked_by_hand(h: float, epsilon: float, expected: float) -> None:
    assert robust_dpo(one(h), beta=0.5, epsilon=epsilon).item() == pytest.approx(expected, rel=1e-12)


def test_a_policy_that_equals_its_reference_has_loss_log_two() -> None:
    losses = robust_dpo(at_reference(drawn()), beta=0.1, epsilon=0.2)
    assert torch.allclose(losses, torch.full((64,), math.log(2)))


def test_its_mean_over_flipped_labels_is_dpo_on_the_true_ones() -> None:
    pairs = drawn()
    told = 0.8 * robust_dpo(pairs, beta=0.1, epsilon=0.2) + 0.2 * robust_dpo(pairs.swapped(), beta=0.1, epsilon=0.2)
    assert torch.allclose(told, dpo(pairs, beta=0.1), atol=1e-5)


def test_nothing_bounds_it_below() -> None:
    # -log sg(z) is nothing and log sg(-z) is -z: -.1 * 1000 / .8
    assert robust_dpo(one(1000.0), beta=1.0, epsilon=0.1).item() == pytest.approx(-125.0)


def test_the_gradient_never_turns_round() -> None:
    pairs = leaves(drawn())
    robust_dpo(pairs, beta=0.1, epsilon=0.2).sum().backward()
    assert pairs.chosen.grad is not None
    assert (pairs.chosen.grad < 0).all()
    assert pairs.rejected.grad is not None
    assert torch.equal(pairs.rejected.grad, -pairs.chosen.grad)
