"""The hinge loss by hand, its constant, its swap, its gradient."""

import pytest
import torch

from tests.factories.columns import at_reference, drawn, leaves, one
from trainer.losses import hinge


@pytest.mark.parametrize(("h", "expected"), [(1.0, 0.5), (2.0, 0.0), (3.0, 0.0), (-2.0, 2.0)])
def test_the_loss_is_the_number_worked_by_hand(h: float, expected: float) -> None:
    assert hinge(one(h), beta=0.5).item() == pytest.approx(expected)


def test_a_policy_that_equals_its_reference_has_loss_one() -> None:
    assert torch.equal(hinge(at_reference(drawn()), beta=0.1), torch.ones(64))


def test_a_swap_within_the_margin_adds_up_to_two() -> None:
    pairs = drawn()
    assert torch.allclose(hinge(pairs, beta=0.01) + hinge(pairs.swapped(), beta=0.01), torch.full((64,), 2.0))


def test_the_gradient_is_beta_below_the_margin_and_nothing_above_it() -> None:
    for h, expected in ((-5.0, -0.5), (1.0, -0.5), (3.0, 0.0)):
        pairs = leaves(one(h))
        hinge(pairs, beta=0.5).sum().backward()
        assert pairs.chosen.grad is not None
        assert pairs.rejected.grad is not None
        assert (pairs.chosen.grad.item(), pairs.rejected.grad.item()) == (expected, -expected)
