"""Reward distillation by hand, of one scorer and of an ensemble, with the KL term; its laws and its gradient."""

import pytest
import torch

from tests.factories.columns import at_reference, columns, drawn, leaves, one
from trainer.losses import reward_distillation
from trainer.pair_tensors import PairTensors


def ensemble(h: float, *differences: float) -> PairTensors:
    """One pair with a member for each score difference."""
    chosen = torch.tensor(differences, dtype=torch.float64)[:, None]
    return one(h)._replace(rewards_chosen=chosen, rewards_rejected=torch.zeros_like(chosen))


@pytest.mark.parametrize(
    ("h", "difference", "expected"),
    [(2.0, 2.0, 0.0), (2.0, 6.0, 4.0), (2.0, -2.0, 4.0), (-2.0, 2.0, 4.0)],  # z = h / 2, d = difference / 2
)
def test_the_loss_of_one_scorer_is_the_number_worked_by_hand(h: float, difference: float, expected: float) -> None:
    loss = reward_distillation(one(h, difference), beta=0.5, tau=[2.0], gamma=0.0)
    assert loss.item() == pytest.approx(expected, abs=1e-12)


def test_of_an_ensemble_the_member_counts_that_is_nearest() -> None:
    # z = 1; d = 6/2, 1/4, -1/1: squares 4, .5625, 4
    assert reward_distillation(ensemble(2.0, 6.0, 1.0, -1.0), beta=0.5, tau=[2.0, 4.0, 1.0], gamma=0.0).item() == (
        pytest.approx(0.5625)
    )


def test_the_kl_term_is_the_mean_log_ratio_of_reference_to_policy_over_both_answers() -> None:
    # (-12 + 10) and (-11 + 12): mean -.5; z = .5 * (2 - -1) = 1.5, d = 2
    pairs = columns([[-10.0, -12.0, -12.0, -11.0, 2.0, 0.0]])
    assert reward_distillation(pairs, beta=0.5, tau=[1.0], gamma=0.2).item() == pytest.approx(0.25 - 0.1)


def test_a_policy_that_equals_its_reference_has_the_square_of_the_smallest_difference() -> None:
    pairs = at_reference(drawn(members=3))
    squares = (pairs.rewards_chosen - pairs.rewards_rejected) ** 2
    found = reward_distillation(pairs, beta=0.1, tau=[1.0] * 3, gamma=1.0)
    assert torch.allclose(found, squares.amin(0))


@pytest.mark.parametrize("seed", range(3))
def test_the_label_is_not_needed_a_swap_changes_no_bit(seed: int) -> None:
    pairs = drawn(257, seed=seed, members=3)
    ways = [reward_distillation(p, beta=0.1, tau=[0.4, 1.0, 2.0], gamma=0.3) for p in (pairs, pairs.swapped())]
    assert torch.equal(*ways)


def test_an_ensemble_of_equal_members_is_one_scorer() -> None:
    pairs = drawn()
    twice = pairs._replace(
        rewards_chosen=pairs.rewards_chosen.expand(2, -1), rewards_rejected=pairs.rewards_rejected.expand(2, -1)
    )
    alone = reward_distillation(pairs, beta=0.1, tau=[1.0], gamma=0.0)
    assert torch.equal(reward_distillation(twice, beta=0.1, tau=[1.0, 1.0], gamma=0.0), alone)


def test_the_gradient_turns_round_where_z_is_the_difference() -> None:
    for difference, sign in ((3.0, -1), (2.0, 0), (1.0, 1)):
        pairs = leaves(one(4.0, difference))
        reward_distillation(pairs, beta=0.5, tau=[1.0], gamma=0.0).sum().backward()
        assert pairs.chosen.grad is not None
        assert torch.sign(pairs.chosen.grad).item() == sign


def test_the_gradient_of_an_ensemble_with_its_kl_agrees_with_finite_differences() -> None:
    pairs = PairTensors(*(column.double() for column in drawn(6, members=3)))
    chosen, rejected = pairs.chosen.requires_grad_(), pairs.rejected.requires_grad_()

    def loss(chosen: torch.Tensor, rejected: torch.Tensor) -> torch.Tensor:
        moved = pairs._replace(chosen=chosen, rejected=rejected)
        return reward_distillation(moved, beta=0.3, tau=[0.7, 1.0, 2.0], gamma=0.4)

    assert torch.autograd.gradcheck(loss, (chosen, rejected))


def test_a_missing_reward_is_not_a_number() -> None:
    pairs = ensemble(1.0, 1.0, float("nan"))
    assert reward_distillation(pairs, beta=0.1, tau=[1.0, 1.0], gamma=0.0).isnan().all()
