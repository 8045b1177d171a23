"""The learning rate by step, the groups of AdamW, and its state through a checkpoint."""

from pathlib import Path

import pytest
import torch
from torch import nn

from core.configs.run import TrainingConfig
from trainer import parts
from trainer.optimizer import adamw, learning_rate, moments


@pytest.mark.parametrize(
    ("schedule", "step", "expected"),
    [
        ("cosine", 1, 0.5), ("cosine", 2, 1.0), ("cosine", 3, 1.0), ("cosine", 11, 0.5), ("cosine", 18, 0.0096),
        ("linear", 3, 1.0), ("linear", 11, 0.5), ("linear", 18, 0.0625), ("constant", 18, 1.0),
    ],
)  # fmt: skip
def test_the_rate_warms_up_and_then_follows_its_schedule(schedule: str, step: int, expected: float) -> None:
    config = TrainingConfig.model_validate({"learning_rate": 1.0, "warmup_ratio": 0.1, "schedule": schedule})
    assert learning_rate(step, 18, config) == pytest.approx(expected, abs=1e-4)


def test_without_warm_up_the_first_step_has_the_full_rate() -> None:
    assert learning_rate(1, 10, TrainingConfig(learning_rate=0.3, warmup_ratio=0.0)) == 0.3


def test_norms_and_biases_are_not_decayed() -> None:
    model = nn.Sequential(nn.Linear(3, 4), nn.LayerNorm(4))
    decayed, spared = adamw(model.named_parameters(), TrainingConfig(weight_decay=0.1)).param_groups
    assert [p.ndim for p in decayed["params"]] == [2]
    assert [p.ndim for p in spared["params"]] == [1, 1, 1]
    assert (decayed["weight_decay"], spared["weight_decay"]) == (0.1, 0.0)


@pytest.mark.parametrize(
    ("name", "decays"),
    [
        ("model.layers.0.mlp.experts.gate_up_proj", True), ("model.layers.0.mlp.experts.gate_up_proj_bias", False),
        ("model.layers.0.mixer.A_log", False), ("model.layers.0.self_attn.q_norm.weight", False),
        ("model.layers.0.post_attention_layernorm.weight", False), ("lm_head.weight", True), ("weight", True),
        ("model.layers.0.self_attn.q_proj.lora_A.default.weight", True),
    ],
)  # fmt: skip
def test_what_has_two_dimensions_and_is_no_matrix_is_not_decayed_either(name: str, decays: bool) -> None:
    (group,) = adamw([(name, nn.Parameter(torch.zeros(4, 3)))], TrainingConfig(weight_decay=0.1)).param_groups
    assert group["weight_decay"] == (0.1 if decays else 0.0)


def test_an_optimizer_goes_on_bit_for_bit_from_its_saved_moments() -> None:
    def steps(model: nn.Module, optimizer: torch.optim.AdamW, numbers: range) -> None:
        for number in numbers:
            model(torch.full((2, 3), float(number))).square().sum().backward()
            optimizer.step()
            optimizer.zero_grad()

    torch.manual_seed(0)
    one, other = nn.Linear(3, 4), nn.Linear(3, 4)
    first = adamw(one.named_parameters(), TrainingConfig(learning_rate=0.1))
    steps(one, first, range(3))
    other.load_state_dict(one.state_dict())
    second = adamw(other.named_parameters(), TrainingConfig(learning_rate=0.1))
    saved = {name: tensor.clone() for name, tensor in moments(first, one.named_parameters()).items()}
    for name, tensor in moments(second, other.named_parameters()).items():
        tensor.copy_(saved[name])
    steps(one, first, range(3, 6))
    steps(other, second, range(3, 6))
    assert torch.equal(one.weight, other.weight)
    assert torch.equal(one.bias, other.bias)


def test_a_weight_without_a_gradient_has_moments_in_a_checkpoint_and_costs_the_others_no_bit(tmp_path: Path) -> None:
    def step(optimizer: torch.optim.AdamW, used: nn.Module) -> None:
        used(torch.ones(2, 3)).square().sum().backward()
        optimizer.step()
        optimizer.zero_grad()

    torch.manual_seed(0)
    models = [nn.ModuleList([nn.Linear(3, 4), nn.Linear(3, 4)]) for _ in range(3)]
    for model in models[1:]:
        model.load_state_dict(models[0].state_dict())
    ours = adamw(models[0].named_parameters(), TrainingConfig(learning_rate=0.1))
    lazy = torch.optim.AdamW(models[1].parameters(), lr=0.1, weight_decay=0.0, fused=True)
    step(ours, models[0][0])
    step(lazy, models[1][0])
    assert all(torch.equal(*both) for both in zip(models[0].parameters(), models[1].parameters(), strict=True))
    parts.write_whole(tmp_path, models[0].state_dict(), moments(ours, models[0].named_parameters()))
    resumed = adamw(models[2].named_parameters(), TrainingConfig(learning_rate=0.1))
    parts.read(tmp_path, {**models[2].state_dict(), **moments(resumed, models[2].named_parameters())})
    for optimizer, model in ((ours, models[0]), (resumed, models[2])):
        step(optimizer, model[1])  # the first gradient of the idle one
    assert all(torch.equal(*both) for both in zip(models[0].parameters(), models[2].parameters(), strict=True))
