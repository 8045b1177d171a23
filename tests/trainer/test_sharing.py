"""Whatever way pairs are laid out and cut, log-probs, loss and gradient are the same; who cannot share says why."""

import copy
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from transformers import LlamaConfig
from transformers.models.llama.modeling_llama import LlamaAttention

from core.configs.run import TrainingConfig
from tests.factories.families import CAPPED, LINEAR, SERVED, SLIDING, SMALL, STATES, student_of
from tests.fakes import varlen
from trainer.batches import MicroBatch, collate
from trainer.cutting import Cutting
from trainer.encoded_pair import EncodedPair
from trainer.logps import answer_log_probs
from trainer.losses import rdpo
from trainer.objective import SUMS, Objective
from trainer.optimizer import adamw
from trainer.packing import pack
from trainer.sharing import APART, apart, form, share
from trainer.step import Stepper
from trainer.student import Student, with_adapter
from trainer.world import World

OBJECTIVE = Objective(rdpo, {"beta": 0.1, "tau": 1.0, "form": "soft"}, sft_weight=0.3)
ALONE = World(rank=0, size=1, device=torch.device("cpu"))
ROOMY = 100_000
WAYS = {
    "packed": Cutting(ROOMY, form="pieces"),
    "packed within a budget": Cutting(60, form="pieces"),
    "accumulated": Cutting(ROOMY, 2, form="rows"),
    "one by one": Cutting(ROOMY, 1, form="pieces"),
    "in runs": Cutting(ROOMY, form="runs"),
    "in runs within a budget": Cutting(60, form="runs"),
}


@pytest.fixture(scope="module", autouse=True)
def kernel() -> None:
    """The kernel of variable lengths, which a GPU has."""
    varlen.on_cpu()


@pytest.fixture(scope="module")
def students() -> dict[str, tuple[Student, Student]]:
    """A student of each family whose attention is its own, and its twin that shares prompts."""
    found = {}
    for name, config in SERVED.items():
        plain = student_of(copy.deepcopy(config))
        twin = replace(plain, model=copy.deepcopy(plain.model))
        assert share(twin, longest=64) is None
        found[name] = plain, twin
    return found


def ids(generator: np.random.Generator, length: int) -> np.ndarray:
    return generator.integers(3, 250, length).astype(np.int32)


@st.composite
def drawn(draw: st.DrawFn) -> list[EncodedPair]:
    """Pairs of any lengths, some with answers that begin alike, and anchors among them."""
    generator, pairs = np.random.default_rng(draw(st.integers(0, 2**32))), []
    for number in range(draw(st.integers(1, 6))):
        prompt, chosen, rejected, alike = (
            draw(st.integers(least, most)) for least, most in ((1, 30), (1, 20), (1, 20), (0, 12))
        )
        first, second = ids(generator, chosen), ids(generator, rejected)
        second[: min(alike, chosen)] = first[: min(alike, rejected)]
        anchor = number > 0 and draw(st.booleans())
        scores = float(generator.normal()), float(generator.normal())
        reference = float(-generator.random() * 50), float(-generator.random() * 50)
        known = EncodedPair(str(number), ids(generator, prompt), first, second, *scores, reference)
        pairs.append(replace(known, rejected=None) if anchor else known)
    return pairs


def outcome(student: Student, batches: list[MicroBatch], number: int) -> tuple[Tensor, Tensor, Tensor]:
    """Log-probs of all answers, sorted; the mean objective; its gradient."""
    student.model.zero_grad()
    log_probs, loss = [], torch.zeros(())
    for batch in batches:
        found = answer_log_probs(student.model, batch)
        total, _ = OBJECTIVE(found, batch)
        (total / number).backward()
        log_probs.append(found.detach())
        loss += total.detach() / number
    gradient = torch.cat([p.grad.flatten() for p in student.model.parameters() if p.grad is not None])
    return torch.cat(log_probs).sort().values, loss, gradient


@pytest.mark.parametrize("family", SERVED)
@settings(max_examples=5, deadline=None, derandomize=True)
@given(pairs=drawn())
def test_every_layout_and_cut_gives_the_same(
    family: str, students: dict[str, tuple[Student, Student]], pairs: list[EncodedPair]
) -> None:
    plain, twin = students[family]
    expected = outcome(plain, [collate(pairs, pad=0)], len(pairs))
    for name, cutting in WAYS.items():
        student = plain if cutting.form == "rows" else twin
        for found, known in zip(outcome(student, cutting.batches(pairs), len(pairs)), expected, strict=True):
            assert (found - known).norm() <= 1e-5 * known.norm(), name


def kept(config: object, longest: int) -> tuple[str, Student]:
    """Why a student does not share, with the proof that it still learns as it did."""
    student = student_of(copy.deepcopy(config))
    before = student.model.config._attn_implementation
    reason = share(student, longest=longest)
    assert reason is not None
    assert student.model.config._attn_implementation == before
    return reason, student


@pytest.mark.parametrize(
    ("config", "reason"), [(SLIDING, "sliding window of 16 tokens"), (LINEAR, "linear_attention"), (STATES, "")]
)
def test_who_cannot_share_says_why_and_is_trained_on_plain_rows(config: object, reason: str) -> None:
    told, student = kept(config, 40)
    assert reason in told
    generator = np.random.default_rng(3)
    pairs = [EncodedPair(str(n), ids(generator, 20), ids(generator, 9), ids(generator, 12), 1.0, 0.0) for n in range(4)]
    training = TrainingConfig(learning_rate=1e-3)
    taking = Stepper(student, adamw(student.trained(), training), OBJECTIVE, ALONE, 1e9)
    told = [taking.step(Cutting(100).batches(pairs), examples=4, seed=0) for _ in range(3)]
    losses = [(sums[0] + OBJECTIVE.sft_weight * sums[len(SUMS) - 1]).item() for sums in told]
    assert losses == sorted(losses, reverse=True)


def test_a_window_that_no_row_outgrows_is_no_hindrance() -> None:
    assert share(student_of(copy.deepcopy(SLIDING)), longest=16) is None


def test_a_window_that_only_the_layers_know_of_is_seen() -> None:
    student = student_of(copy.deepcopy(SLIDING))
    student.model.config.layer_types = ["full_attention"] * 2  # the config says otherwise than the layers do
    assert "sliding window of 16 tokens" in str(share(student, longest=40))


def test_a_student_that_drops_attention_weights_does_not_share() -> None:
    assert "drops attention weights (0.1)" in kept(LlamaConfig(**SMALL, attention_dropout=0.1), 40)[0]


def test_a_student_that_caps_its_attention_scores_does_not_share() -> None:
    assert "its attention takes softcap" in kept(CAPPED, 10)[0]


class Deaf(LlamaAttention):
    """Attention that passes nothing on."""

    def forward(self, *args: Any, layout: object = None, **kwargs: Any) -> Any:
        return super().forward(*args, **kwargs)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_student_that_does_not_tell_every_layer_does_not_share(dtype: torch.dtype) -> None:
    student = replace(student_of(LlamaConfig(**SMALL)), dtype=dtype)
    student.model.model.layers[1].self_attn.__class__ = Deaf
    assert share(student, longest=40) == "1 of its 2 layers are not told which tokens go together"


def test_a_difference_is_held_against_what_rounding_adds_up_to() -> None:
    plain, tokens = torch.tensor([-1280.0, -20.0]), torch.tensor([128.0, 2.0])
    tenths = apart(plain + torch.tensor([0.5, 0.1]), plain, tokens)
    assert tenths == pytest.approx(0.1 / 20 * 2**0.5, rel=1e-4)
    assert tenths < APART[torch.bfloat16] < apart(plain + torch.tensor([5.0, 0.0]), plain, tokens)
    assert apart(plain * (1 + 1e-6), plain, tokens) < APART[torch.float32] < apart(plain * (1 + 1e-4), plain, tokens)


def test_a_student_in_bfloat16_shares_too(students: dict[str, tuple[Student, Student]]) -> None:
    plain, _ = students["qwen3"]
    mixed = replace(plain, model=copy.deepcopy(plain.model), dtype=torch.bfloat16)
    assert share(mixed, longest=64) is None


def test_a_shared_start_costs_no_second_forward() -> None:
    generator = np.random.default_rng(0)
    prompt, start, one, other = (ids(generator, n) for n in (5, 4, 3, 6))
    pair = EncodedPair("a", prompt, np.concatenate([start, one]), np.concatenate([start, other]), 0.0, 0.0)
    batch = pack([pair], form="pieces")
    assert batch.layout is not None
    assert (batch.layout.sizes, batch.layout.shared) == ((11, 5), (9,))
    assert batch.input_ids.tolist() == [[*prompt, *start, *one[:-1], *other[:-1]]]
    assert batch.position_ids.tolist() == [[*range(11), *range(9, 14)]]
    assert batch.answer_at.tolist() == [*range(4, 11), *range(4, 9), *range(11, 16)]


def test_gradient_checkpointing_and_an_adapter_go_the_same_way(
    learner: Student, drawn_pairs: list[EncodedPair]
) -> None:
    adapted = with_adapter(learner, TrainingConfig.model_validate({"mode": "lora", "lora": {"rank": 4}}))
    with torch.no_grad():
        for name, parameter in adapted.trained():
            parameter.add_(0.01 if "lora_B" in name else 0.0)
    expected = outcome(adapted, [collate(drawn_pairs, pad=0)], 12)
    assert share(adapted, longest=80) is None
    adapted.model.train()
    adapted.model.gradient_checkpointing_enable({"use_reentrant": False})
    for found, known in zip(outcome(adapted, [pack(drawn_pairs, form=form(adapted))], 12), expected, strict=True):
        assert (found - known).norm() <= 1e-5 * known.norm()
