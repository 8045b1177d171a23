"""Refined DPO: its five forms by hand, its laws, its gradient."""

import math

import pytest
import torch

from core.methods.rdpo import Form
from tests.factories.columns import drawn, leaves, one
from trainer.losses import conservative_dpo, dpo, rdpo
from trainer.losses.rdpo import FORMS

ALL = tuple(FORMS)


@pytest.mark.parametrize(
    ("form", "difference", "expected"),
    [
        # z = 1 throughout: -log sg(1) = .3132616875, -log sg(-1) = 1.3132616875; tau = 2
        ("soft", 2.0, 0.5822031088882179),  # p = sg(1) = .7310585786: .3132616875 + (1 - p)
        ("soft", 0.0, 0.8132616875182228),  # p = 1/2
        ("soft", -2.0, 1.0443202661482279),  # p = sg(-1)
        ("offset", 2.0, 0.6931471805599453),  # z - d = 0
        ("offset", -2.0, 0.12692801104297252),  # z - d = 2
        ("weight", 1.0, 0.15663084375911145),  # d = 1/2
        ("weight", -1.0, 0.0),
        ("filter", 1.0, 0.3132616875182229),
        ("filter", 0.0, 0.0),
        ("filter", -1.0, 0.0),
        ("relabel", 1.0, 0.3132616875182229),
        ("relabel", 0.0, 0.3132616875182229),
        ("relabel", -1.0, 1.3132616875182228),
    ],
)
def test_the_loss_is_the_number_worked_by_hand(form: str, difference: float, expected: float) -> None:
    loss = rdpo(one(2.0, difference, 0.0), beta=0.5, tau=2.0, form=form)
    assert loss.item() == pytest.approx(expected, rel=1e-12, abs=1e-15)


def test_the_forms_are_those_a_request_may_name() -> None:
    assert set(ALL) == set(Form.__args__)


@pytest.mark.parametrize("form", ["soft", "relabel", "filter"])
def test_a_policy_that_equals_its_reference_has_loss_log_two(form: str) -> None:
    pairs = drawn()
    same = pairs._replace(
        reference_chosen=pairs.chosen, reference_rejected=pairs.rejected, score_chosen=pairs.score_rejected.abs() + 1
    )
    assert torch.allclose(rdpo(same, beta=0.1, tau=1.0, form=form), torch.full((64,), math.log(2)))


@pytest.mark.parametrize(
    ("form", "expected"),
    [("offset", 1.3132616875182228), ("weight", 0.6931471805599453)],  # -log sg(0 - 1), and 1 * log 2
)
def test_a_policy_that_equals_its_reference_has_a_loss_of_the_score_difference_alone(
    form: str, expected: float
) -> None:
    assert rdpo(one(0.0, 2.0, 0.0), beta=0.5, tau=2.0, form=form).item() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("form", ALL)
def test_from_the_reference_the_better_answer_is_pushed_up_in_every_form(form: str) -> None:
    pairs = leaves(one(0.0, 2.0, 0.0))
    rdpo(pairs, beta=0.5, tau=2.0, form=form).sum().backward()
    assert pairs.chosen.grad is not None
    assert pairs.rejected.grad is not None
    assert pairs.chosen.grad.item() == -pairs.rejected.grad.item() < 0


@pytest.mark.parametrize("tau", [0.37, 1.0, 5.0])
@pytest.mark.parametrize("seed", range(5))
def test_the_soft_loss_is_bit_equal_when_a_pair_is_swapped_with_its_scores(seed: int, tau: float) -> None:
    pairs = drawn(257, seed=seed)
    assert torch.equal(rdpo(pairs, beta=0.1, tau=tau), rdpo(pairs.swapped(), beta=0.1, tau=tau))


def test_the_relabelled_loss_is_bit_equal_when_a_pair_is_swapped_with_its_scores() -> None:
    pairs = drawn(257)
    swapped = rdpo(pairs.swapped(), beta=0.1, tau=1.0, form="relabel")
    assert torch.equal(rdpo(pairs, beta=0.1, tau=1.0, form="relabel"), swapped)


def test_soft_with_certain_scores_is_dpo() -> None:
    pairs = drawn()
    certain = pairs._replace(score_chosen=torch.full((64,), 200.0), score_rejected=torch.full((64,), -200.0))
    assert torch.equal(rdpo(certain, beta=0.1, tau=1.0), dpo(pairs, beta=0.1))


@pytest.mark.parametrize("epsilon", [0.05, 0.2, 0.5])
def test_soft_with_probability_one_minus_epsilon_is_conservative_dpo(epsilon: float) -> None:
    pairs = drawn()
    sure = pairs._replace(
        score_chosen=torch.full((64,), math.log((1 - epsilon) / epsilon)), score_rejected=torch.zeros(64)
    )
    conservative = conservative_dpo(pairs, beta=0.1, epsilon=epsilon)
    assert torch.allclose(rdpo(sure, beta=0.1, tau=1.0), conservative, atol=1e-6)


def test_weight_filter_and_relabel_with_a_difference_of_tau_are_dpo() -> None:
    pairs = drawn()
    sure = pairs._replace(score_chosen=torch.full((64,), 2.0), score_rejected=torch.zeros(64))
    for form in ("weight", "filter", "relabel"):
        assert torch.equal(rdpo(sure, beta=0.1, tau=2.0, form=form), dpo(pairs, beta=0.1))


def test_the_soft_gradient_vanishes_where_z_equals_the_score_difference_over_tau() -> None:
    pairs = one(6.0, 3.0, 0.0)._replace(chosen=torch.tensor([-10.0], dtype=torch.float64, requires_grad=True))
    rdpo(pairs, beta=0.25, tau=2.0).sum().backward()  # z = 1.5 = 3 / 2
    assert pairs.chosen.grad is not None
    assert pairs.chosen.grad.abs().item() < 1e-12


def test_the_soft_gradient_is_beta_times_sigmoid_z_minus_p() -> None:
    pairs = leaves(drawn())
    rdpo(pairs, beta=0.1, tau=1.0).sum().backward()
    p = torch.sigmoid(pairs.score_chosen - pairs.score_rejected)
    assert pairs.chosen.grad is not None
    assert torch.allclose(pairs.chosen.grad, 0.1 * (torch.sigmoid(0.1 * pairs.log_ratio) - p).detach(), atol=1e-7)


def test_a_doubtful_pair_pulls_less_and_a_mislabelled_one_pulls_back() -> None:
    def pull(difference: float) -> float:
        pairs = leaves(one(0.0, difference, 0.0))
        rdpo(pairs, beta=0.1, tau=1.0).sum().backward()
        assert pairs.chosen.grad is not None
        return -pairs.chosen.grad.item()

    assert pull(3.0) > pull(0.5) > 0 > pull(-1.0)
    assert pull(0.0) == pytest.approx(0.0, abs=1e-15)


@pytest.mark.parametrize("form", ALL)
def test_the_gradient_agrees_with_finite_differences(form: str) -> None:
    pairs = drawn(6)
    chosen, rejected = pairs.chosen.double().requires_grad_(), pairs.rejected.double().requires_grad_()

    def loss(chosen: torch.Tensor, rejected: torch.Tensor) -> torch.Tensor:
        return rdpo(pairs._replace(chosen=chosen, rejected=rejected), beta=0.3, tau=0.7, form=form)

    assert torch.autograd.gradcheck(loss, (chosen, rejected))


@pytest.mark.parametrize("form", ALL)
def test_one_loss_for_each_pair_and_none_is_reduced(form: str) -> None:
    assert rdpo(drawn(7), beta=0.1, tau=1.0, form=form).shape == (7,)
