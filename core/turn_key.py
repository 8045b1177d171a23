"""What a turn of a teacher is cached under: everything that decides it. Who asks for one finds it before it is made."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from core.configs.sampling import Sampling
from core.seeds import content_seed, derive_seed
from core.strategies.cue import Cue, Messages


class Identity(NamedTuple):
    """Who answers: the engine, the fingerprint of the weights, the hash of the chat template."""

    engine: str
    fingerprint: str
    template_hash: str


def turn_key(identity: Identity, sampling: Sampling, messages: Messages, seed: int) -> bytes:
    """SHA-256 of engine, model, template, sampling, messages and seed (which holds the sample's number)."""
    return digest([*identity, told(sampling), messages, seed])


@lru_cache
def told(sampling: Sampling) -> dict[str, Any]:
    """A sampling as JSON has it; not to be changed."""
    return sampling.model_dump(mode="json")


def digest(told: list[Any]) -> bytes:
    """SHA-256 of values that JSON has."""
    return hashlib.sha256(json.dumps(told, sort_keys=True, separators=(",", ":")).encode()).digest()


def chain_seed(seed: int, messages: Messages, sample: int) -> int:
    """The seed of a chain, from the dataset's: its prompt's words decide, wherever it stands in a dataset."""
    return derive_seed(seed, "chain", content_seed(messages), sample)


def turn_seed(seed: int, name: str) -> int:
    """The seed of a turn, from its chain's."""
    return derive_seed(seed, name)


def chat(cues: Sequence[Cue], cue: Cue, said: Mapping[str, str]) -> Messages:
    """The chat that a cue's turn answers; `said` holds what the turns before it say, by their names."""
    if cue.after is None:
        return [dict(message) for message in cue.messages]
    before = next(one for one in cues if one.name == cue.after)
    answer = [{"role": "assistant", "content": said[cue.after]}, {"role": "user", "content": cue.user}]
    return [*chat(cues, before, said), *answer]
