"""Supervised fine-tuning by hand, its constant, its swap, its gradient."""

import torch

from tests.factories.columns import columns, drawn, leaves
from trainer.losses import sft


def test_the_loss_is_the_number_worked_by_hand() -> None:
    assert sft(columns([[-10.0, -12.0, 0.0, 0.0, 0.0, 0.0]])).item() == 2.0  # five tokens


def test_a_policy_that_gives_every_token_the_same_chance_has_its_log() -> None:
    pairs = drawn()
    even = pairs._replace(chosen=-1.5 * pairs.tokens_chosen)
    assert torch.allclose(sft(even), torch.full((64,), 1.5))


def test_a_swap_imitates_the_other_answer() -> None:
    pairs = drawn()
    assert torch.equal(sft(pairs.swapped()), -pairs.rejected / pairs.tokens_rejected)


def test_the_gradient_pushes_the_chosen_up_and_leaves_the_rejected_alone() -> None:
    pairs = leaves(drawn())
    sft(pairs).sum().backward()
    assert pairs.chosen.grad is not None
    assert torch.equal(pairs.chosen.grad, -1 / pairs.tokens_chosen)
    assert pairs.rejected.grad is None
