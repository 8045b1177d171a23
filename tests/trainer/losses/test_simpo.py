"""SimPO by hand, its constant, its swap, its gradient, and TRL's implementation."""

import warnings
from types import SimpleNamespace

import pytest
import torch

from tests.factories.columns import columns, drawn, leaves
from trainer.losses import simpo

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # TRL's own, about what it calls experimental
    from trl.experimental.cpo import CPOTrainer


def test_the_loss_is_the_number_worked_by_hand() -> None:
    # five and four tokens: mean_w - mean_l = -2 + 3 = 1; 2 * (1 - .5) = 1; then -2 + 2 = 0; 2 * (0 - .5) = -1
    pairs = columns([[-10.0, -12.0, -99.0, -1.0, 0.0, 0.0], [-10.0, -8.0, -99.0, -1.0, 0.0, 0.0]])
    expected = [0.3132616875182229, 1.3132616875182228]
    assert simpo(pairs, beta=2.0, gamma_over_beta=0.5).tolist() == pytest.approx(expected, rel=1e-12)


def test_answers_that_are_as_likely_per_token_have_loss_minus_log_sigmoid_of_minus_gamma() -> None:
    pairs = drawn()
    same = pairs._replace(chosen=-2 * pairs.tokens_chosen, rejected=-2 * pairs.tokens_rejected)
    expected = -torch.nn.functional.logsigmoid(torch.tensor(-1.0)).expand(64)
    assert torch.allclose(simpo(same, beta=2.0, gamma_over_beta=0.5), expected)


def test_without_a_margin_a_swap_changes_the_loss_by_z() -> None:
    pairs = drawn()
    means = pairs.averaged()
    expected = simpo(pairs, beta=2.0, gamma_over_beta=0.0) + 2.0 * (means.chosen - means.rejected)
    assert torch.allclose(simpo(pairs.swapped(), beta=2.0, gamma_over_beta=0.0), expected, atol=1e-4)


def test_the_gradient_is_shared_among_the_tokens_of_each_answer() -> None:
    pairs = leaves(drawn())
    simpo(pairs, beta=2.0, gamma_over_beta=0.5).sum().backward()
    assert pairs.chosen.grad is not None
    assert pairs.rejected.grad is not None
    assert (pairs.chosen.grad < 0).all()
    each, other = pairs.chosen.grad * pairs.tokens_chosen, pairs.rejected.grad * pairs.tokens_rejected
    assert torch.allclose(each, -other, atol=1e-6)


def test_it_agrees_with_trl() -> None:
    pairs, means = drawn(), drawn().averaged()
    peer = SimpleNamespace(
        alpha=0.0, beta=2.0, simpo_gamma=1.0, loss_type="simpo", label_smoothing=0.0,
        accelerator=SimpleNamespace(device=torch.device("cpu")),
    )  # fmt: skip
    losses, _, _ = CPOTrainer.cpo_loss(peer, means.chosen, means.rejected)
    assert torch.allclose(simpo(pairs, beta=2.0, gamma_over_beta=0.5), losses, atol=1e-6)
