"""Log-probs of answers against the model's own logits at every position."""

import copy
from typing import Any

import pytest
import torch
from transformers import (
    AutoModelForCausalLM,
    Cohere2Config,
    FalconH1Config,
    Gemma2Config,
    GraniteConfig,
    HyperCLOVAXConfig,
    ModernBertDecoderConfig,
    PreTrainedConfig,
    PreTrainedModel,
)

from core.errors import BadInput
from tests.factories.families import SERVED, student_of
from trainer import logps
from trainer.batches import collate
from trainer.encoded_pair import EncodedPair
from trainer.logps import answer_log_probs, check_logits
from trainer.packing import pack
from trainer.sharing import share
from trainer.student import Student


def by_full_logits(model: PreTrainedModel, prompt: list[int], answer: list[int]) -> float:
    """One row at a time, without padding, every logit computed."""
    ids = torch.tensor([prompt + answer])
    log_probs = torch.log_softmax(model(input_ids=ids).logits[0].float(), dim=-1)
    places = range(len(prompt) - 1, len(prompt) + len(answer) - 1)
    return float(sum(log_probs[at, token] for at, token in zip(places, answer, strict=True)))


def expected(model: PreTrainedModel, pairs: list[EncodedPair]) -> torch.Tensor:
    rows = [(pair.prompt, pair.chosen) for pair in pairs] + [(pair.prompt, pair.rejected) for pair in pairs]
    return torch.tensor([by_full_logits(model, p.tolist(), a.tolist()) for p, a in rows if a is not None])


@torch.no_grad()
def test_the_head_on_answer_tokens_gives_what_full_logits_give(
    learner: Student, drawn_pairs: list[EncodedPair]
) -> None:
    batch = collate(drawn_pairs, pad=0)
    assert torch.allclose(answer_log_probs(learner.model, batch), expected(learner.model, drawn_pairs), atol=1e-3)


@torch.no_grad()
@pytest.mark.parametrize("family", SERVED)
def test_a_family_that_shares_prompts_gives_what_its_full_logits_give(
    family: str, drawn_pairs: list[EncodedPair]
) -> None:
    student = student_of(copy.deepcopy(SERVED[family]))
    found = [answer_log_probs(student.model, collate(drawn_pairs[:4], pad=0)), expected(student.model, drawn_pairs[:4])]
    assert share(student, longest=80) is None
    found.append(answer_log_probs(student.model, pack(drawn_pairs[:4], form="pieces")))
    for one in found:
        assert torch.allclose(one, found[1], rtol=1e-5, atol=0)


@torch.no_grad()
def test_padding_and_company_do_not_change_a_log_prob(learner: Student, drawn_pairs: list[EncodedPair]) -> None:
    together = answer_log_probs(learner.model, collate(drawn_pairs, pad=0))
    padded_otherwise = answer_log_probs(learner.model, collate(drawn_pairs, pad=5))
    alone = [answer_log_probs(learner.model, collate([pair], pad=0))[0] for pair in drawn_pairs]
    assert torch.allclose(together, padded_otherwise, rtol=0, atol=1e-5)
    assert torch.allclose(together[:12], torch.stack(alone), atol=1e-3)


def test_logits_computed_in_parts_give_the_same_numbers_and_gradients(
    learner: Student, drawn_pairs: list[EncodedPair], monkeypatch: pytest.MonkeyPatch
) -> None:
    batch, head = collate(drawn_pairs, pad=0), learner.model.get_output_embeddings().weight
    whole = answer_log_probs(learner.model, batch)
    (at_once,) = torch.autograd.grad(whole.sum(), head)
    monkeypatch.setattr(logps, "LOGITS_AT_ONCE", 50 * learner.model.config.vocab_size)
    parts = answer_log_probs(learner.model, batch)
    (in_parts,) = torch.autograd.grad(parts.sum(), head)
    assert torch.allclose(parts, whole, atol=1e-4)
    assert torch.allclose(in_parts, at_once, atol=1e-3)


SMALL: dict[str, Any] = {
    "vocab_size": 256, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1, "num_attention_heads": 2,
    "num_key_value_heads": 2, "head_dim": 16, "pad_token_id": 0, "bos_token_id": None, "eos_token_id": 2,
}  # fmt: skip
STATES: dict[str, Any] = {"mamba_d_ssm": 32, "mamba_n_heads": 4, "mamba_d_head": 8, "mamba_d_state": 8}


def random_model(config: PreTrainedConfig, dtype: torch.dtype = torch.float32) -> PreTrainedModel:
    torch.manual_seed(0)
    model: PreTrainedModel = AutoModelForCausalLM.from_config(config, dtype=dtype).eval()
    return model


@torch.no_grad()
@pytest.mark.parametrize(
    "config",
    [
        Gemma2Config(**SMALL, final_logit_softcapping=2.0),
        Cohere2Config(**SMALL, logit_scale=0.25),
        GraniteConfig(**SMALL, logits_scaling=4.0),
        HyperCLOVAXConfig(**SMALL, logits_scaling=0.25),
        FalconH1Config(**SMALL, **STATES, lm_head_multiplier=0.25),
    ],
    ids=["capped", "Cohere's scale", "Granite's divisor", "HyperCLOVA X's factor", "Falcon H1's factor"],
)
def test_architectures_that_reshape_their_logits_are_followed(
    config: PreTrainedConfig, drawn_pairs: list[EncodedPair]
) -> None:
    model = random_model(config)
    check_logits(model)
    found = answer_log_probs(model, collate(drawn_pairs[:3], pad=0))
    assert torch.allclose(found, expected(model, drawn_pairs[:3]), atol=1e-3)


def test_one_that_does_what_is_not_known_is_refused() -> None:
    # It has a layer more before its output.
    config = ModernBertDecoderConfig(**SMALL | {"bos_token_id": 1}, sep_token_id=1, cls_token_id=1)
    with pytest.raises(BadInput, match="ModernBertDecoderForCausalLM cannot be trained") as refused:
        check_logits(random_model(config))
    assert refused.value.param == "student"


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_rounding_is_no_reason_to_refuse(dtype: torch.dtype) -> None:
    check_logits(random_model(GraniteConfig(**SMALL, logits_scaling=4.0), dtype))
