"""Which attention a model needs where the usual one would pass over a part of what it does."""

from typing import Any


def attention_of(config: Any) -> str | None:
    """What transformers is asked for, by a model's config; None: its own choice.

    That is torch's attention, which does not cap scores (Gemma 2) and says nothing: `eager` does.
    """
    return "eager" if getattr(config.get_text_config(), "attn_logit_softcapping", None) else None
