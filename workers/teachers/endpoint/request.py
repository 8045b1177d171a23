"""The body of one request: messages and the sampling fields that are allowed, nothing else."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from core.configs.sampling import Sampling
from core.text import clean
from workers.teachers.teacher import Shape

CHARS_PER_TOKEN = 4  # of the estimate where an endpoint does not count
STOPS = 4  # stop strings that every endpoint takes; answers are cut at the others here
SEEDS = 1 << 31  # some endpoints take no seed beyond 31 bits
Message = Mapping[str, str]


def request(model: str, messages: Sequence[Message], *, sampling: Sampling, seed: int) -> dict[str, Any]:
    """The fields of a chat completion. `top_k`, which is no field of OpenAI's, is there only where it is not 0."""
    fields: dict[str, Any] = {
        "model": model,
        "messages": [{"role": one["role"], "content": clean(one["content"]).text} for one in messages],
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "max_tokens": sampling.max_tokens,
        "seed": seed % SEEDS,
    }
    if sampling.top_k:
        fields["top_k"] = sampling.top_k
    if sampling.stop:
        fields["stop"] = list(sampling.stop[:STOPS])
    return fields


def form(shape: Shape | None) -> dict[str, Any]:
    """What binds an answer to its shape, in vLLM's field for it: OpenAI's API has none for a regular expression."""
    if shape is None:
        return {}
    kind, value = ("regex", shape.regex) if shape.regex is not None else ("json", shape.schema)
    return {"structured_outputs": {kind: value}}


def packed(fields: Mapping[str, Any]) -> bytes:
    """The fields as they are sent."""
    return json.dumps(fields, separators=(",", ":")).encode()


def estimated(texts: Sequence[str]) -> int:
    """Tokens of some texts where nobody counted them: one for every four bytes."""
    return sum(-(-len(text.encode(errors="replace")) // CHARS_PER_TOKEN) for text in texts)
