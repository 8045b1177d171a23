"""Log-probs of answers: the backbone sees whole rows, the head only the positions that predict an answer token."""

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.utils.checkpoint import checkpoint
from transformers import PreTrainedModel

from core.errors import BadInput
from trainer.batches import MicroBatch

LOGITS_AT_ONCE = 1 << 28  # elements of the [N, vocabulary] logits held at once; above it they are recomputed in parts
LOOKED_AT = 8  # tokens whose logits a model is asked for
APART = {torch.float32: 1e-4, torch.bfloat16: 1e-2}  # relative difference of logits that is rounding


def answer_log_probs(model: PreTrainedModel, batch: MicroBatch) -> Tensor:
    """Log-probs of each answer, summed over its tokens with the end token: [R], float32, nats."""
    placed = {"position_ids": batch.position_ids, "layout": batch.layout} if batch.layout else {}
    hidden = backbone(model)(input_ids=batch.input_ids, use_cache=False, **placed).last_hidden_state
    predicting = hidden.flatten(0, 1).index_select(0, batch.answer_at)
    tokens = _token_log_probs(model, predicting, batch.answer_ids)
    return torch.zeros(len(batch.answer_tokens), device=tokens.device).index_add(0, batch.answer_row, tokens)


def backbone(model: PreTrainedModel) -> nn.Module:
    """The model without its output layer."""
    found: nn.Module = getattr(model, model.base_model_prefix)
    return found


def logits(model: PreTrainedModel, hidden: Tensor) -> Tensor:
    """The output layer on hidden states [N, D], with what some architectures do to its logits: [N, vocabulary]."""
    raw: Tensor = model.get_output_embeddings()(hidden)
    config = model.config.get_text_config()
    if scale := getattr(config, "logit_scale", None):  # Cohere
        raw = raw * scale
    if scale := getattr(config, "logits_scaling", None):  # Granite divides by it, HyperCLOVA X multiplies
        raw = raw * scale if config.model_type.startswith("hyperclovax") else raw / scale
    if scale := getattr(config, "lm_head_multiplier", None):  # Falcon H1
        raw = raw * scale
    if cap := getattr(config, "final_logit_softcapping", None):  # Gemma 2
        raw = torch.tanh(raw / cap) * cap
    return raw


@torch.no_grad()
def check_logits(model: PreTrainedModel) -> None:
    """Raises BadInput for a model that does more to its logits than `logits` knows of. It is whole, and not trained."""
    ids = torch.arange(LOOKED_AT, device=model.device).unsqueeze(0)
    own = model(input_ids=ids, use_cache=False).logits[0].float()
    hidden = backbone(model)(input_ids=ids, use_cache=False).last_hidden_state[0]
    apart = float((logits(model, hidden).float() - own).norm() / own.norm())
    if not apart <= APART.get(model.dtype, APART[torch.bfloat16]):  # also where it is no number
        raise BadInput(
            f"Students of the architecture {type(model).__name__} cannot be trained: their output layer does something "
            f"that is not known here (logits differ by {apart:.1e} of their size). Choose another student.",
            param="student",
        )


def _token_log_probs(model: PreTrainedModel, hidden: Tensor, ids: Tensor) -> Tensor:
    """Log-probs of `ids` [N] given hidden states [N, D]: [N], float32."""
    part = max(1, LOGITS_AT_ONCE // int(model.config.get_text_config().vocab_size))
    if len(hidden) <= part:
        return _part(model, hidden, ids)
    parts = zip(hidden.split(part), ids.split(part), strict=True)
    return torch.cat([checkpoint(_part, model, h, i, use_reentrant=False) for h, i in parts])


def _part(model: PreTrainedModel, hidden: Tensor, ids: Tensor) -> Tensor:
    return -cross_entropy(logits(model, hidden).float(), ids, reduction="none")
