"""Pairs written as a stream of chunks: memory does not grow with their number."""

import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

import pyarrow as arrow
from pyarrow import parquet

from core.formats.pair import FilePair

CHUNK_BYTES = 64 << 10
GROUP_ROWS = 1_000

MESSAGES = arrow.list_(arrow.struct([("role", arrow.string()), ("content", arrow.string())]))
SCORES = arrow.list_(
    arrow.struct([("scorer", arrow.string()), ("chosen", arrow.float64()), ("rejected", arrow.float64())])
)
SCHEMA = arrow.schema(
    [
        ("prompt", MESSAGES),
        ("chosen", MESSAGES),
        ("rejected", MESSAGES),
        ("score_chosen", arrow.float64()),
        ("score_rejected", arrow.float64()),
        ("scores", SCORES),
        ("weight", arrow.float64()),
    ]
)


def trl(pair: FilePair) -> dict[str, Any]:
    """TRL's conversational preference format with an explicit prompt; scores and weight stand in their own columns."""
    return {
        "prompt": pair.messages,
        "chosen": _answer(pair.chosen),
        "rejected": _answer(pair.rejected),
        **_scores(pair),
        "weight": pair.origin.get("weight"),
    }


def openai(pair: FilePair) -> dict[str, Any]:
    """The preference format of OpenAI's fine-tuning, which has no place for scores and weights."""
    return {
        "input": {"messages": pair.messages},
        "preferred_output": _answer(pair.chosen),
        "non_preferred_output": _answer(pair.rejected),
    }


def jsonl(pair: FilePair) -> dict[str, Any]:
    """Burnish's own: the pair with all that is known of where it came from."""
    return {
        **pair.origin,
        "prompt": pair.messages,
        "chosen": pair.chosen,
        "rejected": pair.rejected,
        "score_chosen": pair.score_chosen,
        "score_rejected": pair.score_rejected,
        "scores": {name: {"chosen": by.chosen, "rejected": by.rejected} for name, by in pair.scores.items()},
    }


LINES: Mapping[str, Callable[[FilePair], dict[str, Any]]] = {"trl": trl, "openai": openai, "jsonl": jsonl}


def write_pairs(pairs: Iterable[FilePair], format: str) -> Iterator[bytes]:
    """The bytes of a file in `format` (trl, openai, jsonl or parquet), in chunks. Raises KeyError for another one."""
    return _parquet(pairs) if format == "parquet" else _lines(pairs, LINES[format])


def _lines(pairs: Iterable[FilePair], shape: Callable[[FilePair], dict[str, Any]]) -> Iterator[bytes]:
    waiting: list[bytes] = []
    size = 0
    for pair in pairs:
        waiting.append(json.dumps(shape(pair), ensure_ascii=False).encode() + b"\n")
        size += len(waiting[-1])
        if size >= CHUNK_BYTES:
            yield b"".join(waiting)
            waiting, size = [], 0
    if waiting:
        yield b"".join(waiting)


def _parquet(pairs: Iterable[FilePair]) -> Iterator[bytes]:
    """One row group at a time; what is written is handed on and let go."""
    sink = _Sink()
    with parquet.ParquetWriter(arrow.PythonFile(sink, mode="w"), SCHEMA, compression="zstd") as writer:
        rows = iter(pairs)
        while group := list(islice(rows, GROUP_ROWS)):
            writer.write_table(arrow.Table.from_pylist([trl(pair) for pair in group], schema=SCHEMA))
            yield sink.taken()
    yield sink.taken()


class _Sink(io.RawIOBase):
    """A file that remembers only what was not taken yet."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._parts.append(bytes(data))
        return len(self._parts[-1])

    def taken(self) -> bytes:
        """What was written since the last call."""
        parts, self._parts = self._parts, []
        return b"".join(parts)


def _answer(text: str) -> list[dict[str, str]]:
    return [{"role": "assistant", "content": text}]


def _scores(pair: FilePair) -> dict[str, Any]:
    return {
        "score_chosen": pair.score_chosen,
        "score_rejected": pair.score_rejected,
        "scores": [{"scorer": name, "chosen": by.chosen, "rejected": by.rejected} for name, by in pair.scores.items()],
    }
