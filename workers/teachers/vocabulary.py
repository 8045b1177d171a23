"""Which tokens end an answer, and which are never sampled."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from transformers import PreTrainedTokenizerBase


@dataclass(frozen=True)
class Vocabulary:
    """Ids that end an answer, ids that are never sampled, and the number of ids that stand for anything."""

    stop: tuple[int, ...]
    banned: tuple[int, ...]
    length: int


def vocabulary(folder: Path, tokenizer: PreTrainedTokenizerBase) -> Vocabulary:
    """Read it from the model's files.

    An answer ends with an end-of-sequence id of the generation config, of the config, or of the tokenizer. Every other
    special token is banned (a sampled turn marker would forge a turn), as is what the generation config suppresses.
    """
    generation, config = _read(folder / "generation_config.json"), _read(folder / "config.json")
    stop = {*_ids(generation.get("eos_token_id")), *_ids(config.get("eos_token_id")), *_ids(tokenizer.eos_token_id)}
    special = {*tokenizer.all_special_ids, *_special(tokenizer)}
    banned = {*(special - stop), *_ids(generation.get("suppress_tokens"))}
    return Vocabulary(tuple(sorted(stop)), tuple(sorted(i for i in banned if i >= 0)), len(tokenizer))


def _special(tokenizer: PreTrainedTokenizerBase) -> list[int]:
    return [number for number, token in tokenizer.added_tokens_decoder.items() if token.special]


def _read(file: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(file.read_text()) if file.is_file() else {}
    return content


def _ids(value: int | list[int] | None) -> list[int]:
    if value is None:
        return []
    return [value] if isinstance(value, int) else list(value)
