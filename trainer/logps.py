"""Log-probs of answers: the backbone sees whole rows, the head only the positions that predict an answer token."""

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.utils.checkpoint import checkpoint
from transformers import PreTrainedModel

from trainer.batches import MicroBatch

LOGITS_AT_ONCE = 1 << 28  # elements of the [N, vocabulary] logits held at once; above it they are recomputed in parts


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
    if divisor := getattr(config, "logits_scaling", None):  # Granite
        raw = raw / divisor
    if cap := getattr(config, "final_logit_softcapping", None):  # Gemma 2
        raw = torch.tanh(raw / cap) * cap
    return raw


def _token_log_probs(model: PreTrainedModel, hidden: Tensor, ids: Tensor) -> Tensor:
    """Log-probs of `ids` [N] given hidden states [N, D]: [N], float32."""
    part = max(1, LOGITS_AT_ONCE // int(model.config.get_text_config().vocab_size))
    if len(hidden) <= part:
        return _part(model, hidden, ids)
    parts = zip(hidden.split(part), ids.split(part), strict=True)
    return torch.cat([checkpoint(_part, model, h, i, use_reentrant=False) for h, i in parts])


def _part(model: PreTrainedModel, hidden: Tensor, ids: Tensor) -> Tensor:
    return -cross_entropy(logits(model, hidden).float(), ids, reduction="none")
