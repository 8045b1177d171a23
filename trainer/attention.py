"""Attention over a layout, registered with transformers under a name: no model is patched.

In half precision on a GPU it is torch's variable-length kernel: its causal triangle ends where the keys end, so that a
rejected answer sees all that it shares. Elsewhere it is one call for each sequence: on two cores that was quicker than
rectangles of padded sequences and than one masked call for a pair's three parts, at every length but the shortest,
where they are even. Attention weights are never dropped here; `trainer.sharing` refuses a student that asks for it.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.attention.varlen import varlen_attn
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward

from trainer.layout import Layout, Pieces, Runs

NAME = "burnish"
UNKNOWN = ("softcap", "s_aux", "position_bias")  # what some architectures do to the scores, and we do not


def attention(
    module: nn.Module, query: Tensor, key: Tensor, value: Tensor, attention_mask: Tensor | None, **asked: Any
) -> tuple[Tensor, None]:
    """What transformers calls in each layer: query [1, H, T, D], key and value [1, H_kv, T, D]; gives [1, T, H, D].

    Without a layout [R, ., T, D] are rows of their own. Raises ValueError when it cannot serve what the layer asks.
    """
    layout: Layout | None = asked.pop("layout", None)
    _refuse(asked, layout, query.size(2))
    if layout is None:
        sdpa: tuple[Tensor, None] = sdpa_attention_forward(module, query, key, value, attention_mask, **asked)
        return sdpa
    layout.met.add(id(module))
    scale = asked.get("scaling")
    if isinstance(layout.form, Runs):
        return in_one_call(layout.form, (query, key, value), scale), None
    return one_by_one(layout, layout.form, (query, key, value), scale), None


def one_by_one(layout: Layout, form: Pieces, states: tuple[Tensor, Tensor, Tensor], scale: float | None) -> Tensor:
    """A causal call for each prompt with its chosen answer, a masked one for each rejected answer."""
    query, key, value = (state.split(layout.sizes, dim=2) for state in states)
    number, grouped = layout.first, states[0].size(1) != states[1].size(1)
    found = [
        scaled_dot_product_attention(q, k, v, is_causal=True, scale=scale, enable_gqa=grouped)
        for q, k, v in zip(query[:number], key[:number], value[:number], strict=True)
    ]
    for place, (shared, mask) in enumerate(zip(layout.shared, form.masks, strict=True)):
        k, v = (torch.cat([s[place][:, :, :shared], s[number + place]], dim=2) for s in (key, value))
        q = query[number + place]
        bias = mask.to(q.dtype)
        found.append(scaled_dot_product_attention(q, k, v, attn_mask=bias, scale=scale, enable_gqa=grouped))
    return torch.cat([part.transpose(1, 2) for part in found], dim=1)


def in_one_call(form: Runs, states: tuple[Tensor, Tensor, Tensor], scale: float | None) -> Tensor:
    """All sequences at once, by the kernel for different lengths of queries and keys."""
    query, key, value = (_half(state[0].transpose(0, 1)) for state in states)
    key, value = (state.index_select(0, form.keys) for state in (key, value))
    found = varlen_attn(
        query, key, value, form.queries_start, form.keys_start, form.most_queries, form.most_keys,
        scale=scale, window_size=(-1, 0), enable_gqa=query.size(1) != key.size(1),
    )  # fmt: skip
    assert isinstance(found, Tensor)
    return found.unsqueeze(0)


def _half(state: Tensor) -> Tensor:
    """What autocast does around torch's own attention: rotary embeddings come out of it in float32."""
    kind = state.device.type
    return state.to(torch.get_autocast_dtype(kind)) if torch.is_autocast_enabled(kind) else state


def _refuse(asked: dict[str, Any], layout: Layout | None, tokens: int) -> None:
    window = asked.get("sliding_window")
    if window is not None and window < (longest := layout.longest if layout else tokens):
        raise ValueError(f"a sliding window of {window} tokens is shorter than a row of {longest}")
    if told := [name for name in UNKNOWN if asked.get(name) is not None]:
        raise ValueError(f"its attention takes {', '.join(told)}")
    if asked.get("dropout"):
        raise ValueError(f"it drops attention weights ({asked['dropout']:g})")


AttentionInterface.register(NAME, attention)
