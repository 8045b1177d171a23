"""Sampling of one batch: each row by its own settings and noise."""

import pytest
import torch

from workers.teachers.sampler import Sampler, choose

LOGITS = torch.tensor([[0.0, 1.0, 2.0, 3.0], [3.0, 2.0, 1.0, 0.0]])


def sampler(seed: int = 0, *, temperature: float = 1.0, top_p: float = 1.0, top_k: int = 0) -> Sampler:
    return Sampler(temperature, top_p, top_k, torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("settings", [{"temperature": 0.0}, {"top_k": 1}, {"top_p": 0.1}, {"temperature": 0.01}])
def test_settings_that_leave_one_token_take_the_likeliest(settings: dict[str, float]) -> None:
    for seed in range(20):
        chosen = choose(LOGITS, [sampler(seed, **settings), sampler(seed, **settings)])  # type: ignore[arg-type]
        assert chosen.tolist() == [3, 0]


def test_draws_follow_the_softmax() -> None:
    one = sampler()
    draws = torch.stack([choose(LOGITS[:1], [one]) for _ in range(4000)]).flatten()
    shares = torch.bincount(draws, minlength=4) / len(draws)
    assert torch.allclose(shares, torch.softmax(LOGITS[0], 0), atol=0.03)


def test_top_k_and_top_p_leave_the_rest_out() -> None:
    by_count, by_mass = sampler(1, top_k=2), sampler(2, top_p=0.7)
    drawn = [choose(LOGITS, [by_count, by_mass]).tolist() for _ in range(500)]
    assert {first for first, _ in drawn} == {2, 3}
    assert {second for _, second in drawn} == {0, 1}  # .64 stand before the second, .88 before the third


def test_a_row_is_drawn_alike_alone_and_among_others() -> None:
    alone = [choose(LOGITS[:1], [one]).item() for one in [sampler(5)] for _ in range(50)]
    one, other, greedy = sampler(5), sampler(9, top_k=3), sampler(1, temperature=0.0)
    crowd = [choose(LOGITS[[1, 0, 1]], [other, one, greedy])[1].item() for _ in range(50)]
    assert crowd == alone
