"""Randomness by name: every seed is derived from a seed the user gave and the names of what it is for."""

import hashlib
import json
from collections.abc import Mapping, Sequence


def derive_seed(seed: int, *names: str | int) -> int:
    """A number in [0, 2**63) that depends on nothing but the arguments (never on the clock or on `hash()`)."""
    text = "\x1f".join(str(part) for part in (seed, *names))
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") >> 1


def content_seed(messages: Sequence[Mapping[str, str]]) -> int:
    """A number in [0, 2**63) that stands for a chat: its text decides, wherever it stands in a dataset."""
    return derive_seed(0, json.dumps([dict(message) for message in messages], ensure_ascii=True, sort_keys=True))
