"""IPO by hand, its constant, its swap, its least."""

import pytest
import torch

from tests.factories.columns import at_reference, columns, drawn, leaves
from trainer.losses import ipo


def test_the_loss_is_the_number_worked_by_hand() -> None:
    # five and four tokens: h = (-10/5 + 12/4) - (-15/5 + 16/4) = 1 - 1 = 0; then 2 - 1 = 1; 1/(2 beta) = 2
    pairs = columns([[-10.0, -12.0, -15.0, -16.0, 0.0, 0.0], [-10.0, -16.0, -15.0, -16.0, 0.0, 0.0]])
    assert ipo(pairs, beta=0.25).tolist() == pytest.approx([4.0, 1.0], rel=1e-12)


def test_a_policy_that_equals_its_reference_has_loss_one_over_four_beta_squared() -> None:
    assert torch.allclose(ipo(at_reference(drawn()), beta=0.1), torch.full((64,), 25.0))


def test_a_swap_changes_the_loss_by_two_h_over_beta() -> None:
    # (-h - c)^2 = (h - c)^2 + 4 h c, with c = 1/(2 beta)
    pairs = drawn()
    expected = ipo(pairs, beta=0.5) + 2 * pairs.averaged().log_ratio / 0.5
    assert torch.allclose(ipo(pairs.swapped(), beta=0.5), expected, atol=1e-3)


def test_the_gradient_turns_round_where_the_margin_is_one_over_two_beta() -> None:
    for rejected, sign in ((-15.0, -1), (-16.0, 0), (-17.0, 1)):  # h = 2 at -16
        pairs = leaves(columns([[-10.0, rejected, -15.0, -12.0, 0.0, 0.0]]))
        ipo(pairs, beta=0.25).sum().backward()
        assert pairs.chosen.grad is not None
        assert torch.sign(pairs.chosen.grad).item() == sign
