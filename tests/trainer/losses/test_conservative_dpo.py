"""Conservative DPO by hand, its constant, its least, its swap, and the oracle that TRL no longer is."""

import math

import pytest
import torch
from torch.nn.functional import logsigmoid

from tests.factories.columns import at_reference, drawn, leaves, one
from trainer.losses import conservative_dpo, dpo


@pytest.mark.parametrize(
    ("h", "epsilon", "expected"),
    [
        # z = 1: -log sg(1) = .3132616875, -log sg(-1) = 1.3132616875
        (2.0, 0.0, 0.3132616875182229),
        (2.0, 0.1, 0.41326168751822286),  # .3132616875 + .1
        (2.0, 0.25, 0.5632616875182229),
        (-2.0, 0.1, 1.2132616875182228),
    ],
)
def test_the_loss_is_the_number_worked_by_hand(h: float, epsilon: float, expected: float) -> None:
    assert conservative_dpo(one(h), beta=0.5, epsilon=epsilon).item() == pytest.approx(expected, rel=1e-12)


def test_a_policy_that_equals_its_reference_has_loss_log_two() -> None:
    losses = conservative_dpo(at_reference(drawn()), beta=0.1, epsilon=0.2)
    assert torch.allclose(losses, torch.full((64,), math.log(2)))


def test_it_is_label_smoothing_on_the_sigmoid_loss() -> None:
    # TRL 1.16.0 drops label_smoothing on `sigmoid` silently, so the oracle is written out
    pairs = drawn()
    z = 0.1 * ((pairs.chosen - pairs.reference_chosen) - (pairs.rejected - pairs.reference_rejected))
    expected = -logsigmoid(z) * 0.8 - logsigmoid(-z) * 0.2
    assert torch.allclose(conservative_dpo(pairs, beta=0.1, epsilon=0.2), expected, atol=1e-6)


def test_without_doubt_it_is_dpo() -> None:
    pairs = drawn()
    assert torch.equal(conservative_dpo(pairs, beta=0.1, epsilon=0.0), dpo(pairs, beta=0.1))


def test_a_swap_is_the_opposite_doubt() -> None:
    pairs = drawn()
    swapped = conservative_dpo(pairs.swapped(), beta=0.1, epsilon=0.2)
    assert torch.allclose(swapped, conservative_dpo(pairs, beta=0.1, epsilon=0.8), atol=1e-6)


def test_the_gradient_pushes_up_below_the_least_and_down_above_it() -> None:
    least = math.log(0.9 / 0.1)
    for z, sign in ((least - 0.5, -1), (least, 0), (least + 0.5, 1)):
        pairs = leaves(one(z))
        conservative_dpo(pairs, beta=1.0, epsilon=0.1).sum().backward()
        assert pairs.chosen.grad is not None
        assert round(pairs.chosen.grad.item(), 9) * sign >= 0
        assert (abs(pairs.chosen.grad.item()) < 1e-9) == (sign == 0)
