"""Alpha-DPO by hand, at its start, as simpo, and its gradient, which the margin has no part in."""

import pytest
import torch
from torch import Tensor

from tests.factories.columns import at_reference, columns, drawn, leaves
from trainer.losses import alpha_dpo, simpo
from trainer.losses.alpha_dpo import EPSILON
from trainer.pair_tensors import PairTensors
from trainer.running_gap import RunningGap, gap_sums

Scalars = tuple[Tensor, Tensor]
RUNNING = (torch.tensor(0.25), torch.tensor(0.5))


def seen(pairs: PairTensors) -> Scalars:
    """The running gap after one step on these pairs."""
    gap = RunningGap(torch.device("cpu"))
    gap.update(gap_sums(pairs))
    return gap.statistics()


def test_the_loss_is_the_number_worked_by_hand() -> None:
    # five and four tokens: mean_w - mean_l = -2 + 3 = 1; of the reference -3 + 3 = 0; gap 1
    # margin = 1 * (1 - .25) / .5 + .25 = 1.75; 4 * (1 - 1.75) = -3
    pairs = columns([[-10.0, -12.0, -15.0, -12.0, 0.0, 0.0]])
    running = (torch.tensor(0.25).double(), torch.tensor(0.5).double() - EPSILON)
    found = alpha_dpo(pairs, beta=4.0, gamma_over_beta=0.25, alpha=1.0, running=running)
    assert found.item() == pytest.approx(3.048587351573742, rel=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_with_alpha_zero_it_is_simpo_bit_for_bit(seed: int) -> None:
    ours, theirs = leaves(drawn(257, seed=seed)), leaves(drawn(257, seed=seed))
    found = alpha_dpo(ours, beta=2.5, gamma_over_beta=0.6, alpha=0.0, running=seen(ours))
    expected = simpo(theirs, beta=2.5, gamma_over_beta=0.6)
    assert torch.equal(found, expected)
    found.mean().backward()
    expected.mean().backward()
    assert ours.chosen.grad is not None
    assert theirs.chosen.grad is not None
    assert torch.equal(ours.chosen.grad, theirs.chosen.grad)


def test_at_the_first_step_the_margin_is_simpos() -> None:
    pairs = at_reference(drawn())
    mean, sd = seen(pairs)
    assert (mean.item(), sd.item()) == (0.0, 0.0)
    found = alpha_dpo(pairs, beta=2.5, gamma_over_beta=0.6, alpha=0.2, running=(mean, sd))
    assert torch.equal(found, simpo(pairs, beta=2.5, gamma_over_beta=0.6))


def test_a_reference_that_differs_by_rounding_alone_hardly_moves_the_margin() -> None:
    pairs = at_reference(drawn())
    rounded = pairs._replace(reference_chosen=pairs.chosen * (1 + 1e-7), reference_rejected=pairs.rejected)
    found = alpha_dpo(rounded, beta=2.5, gamma_over_beta=0.6, alpha=0.2, running=seen(rounded))
    assert torch.allclose(found, simpo(pairs, beta=2.5, gamma_over_beta=0.6), atol=0.02)


def test_a_pair_with_a_larger_gap_is_asked_for_a_larger_margin() -> None:
    near, far = (columns([[-10.0, -12.0, chosen, -12.0, 0.0, 0.0]]) for chosen in (-11.0, -15.0))
    losses = [alpha_dpo(p, beta=2.5, gamma_over_beta=0.6, alpha=0.2, running=RUNNING).item() for p in (near, far)]
    assert losses[0] < losses[1]


def test_without_margins_a_swap_changes_the_loss_by_z() -> None:
    pairs, centre = drawn(), (torch.tensor(0.0), torch.tensor(1.0))
    alike = pairs._replace(
        reference_chosen=pairs.chosen - pairs.tokens_chosen, reference_rejected=pairs.rejected - pairs.tokens_rejected
    )  # a gap of nothing on every pair
    means = alike.averaged()
    ways = [alpha_dpo(p, beta=2.5, gamma_over_beta=0.0, alpha=0.2, running=centre) for p in (alike, alike.swapped())]
    assert torch.allclose(ways[1], ways[0] + 2.5 * (means.chosen - means.rejected), atol=1e-4)


def test_the_margin_has_no_part_in_the_gradient() -> None:
    pairs = PairTensors(*(column.double() for column in drawn(6)))
    chosen, rejected = pairs.chosen.requires_grad_(), pairs.rejected.requires_grad_()
    fixed = pairs.averaged().log_ratio.detach()

    def held(chosen: Tensor, rejected: Tensor) -> Tensor:
        """The loss with a reference that moves along, so that no gap changes."""
        tokens = pairs.tokens_chosen, pairs.tokens_rejected
        moved = pairs._replace(
            chosen=chosen, rejected=rejected, reference_chosen=chosen - fixed * tokens[0], reference_rejected=rejected
        )
        return alpha_dpo(moved, beta=2.5, gamma_over_beta=0.6, alpha=0.2, running=RUNNING)

    assert torch.autograd.gradcheck(held, (chosen, rejected))
    whole = leaves(pairs)
    alpha_dpo(whole, beta=2.5, gamma_over_beta=0.6, alpha=0.2, running=RUNNING).sum().backward()
    held(chosen, rejected).sum().backward()
    assert whole.chosen.grad is not None
    assert chosen.grad is not None
    assert torch.allclose(whole.chosen.grad, chosen.grad, rtol=1e-9)
    assert (whole.chosen.grad < 0).all()
