"""Pairs as lines of JSON, streamed through a server-side cursor: memory does not grow with the dataset."""

import json
from collections.abc import Callable, Iterator
from itertools import chain

from api.schemas.pair import show_pair
from api.streams import Streams
from core.database import transaction
from core.queries import pairs
from core.queries.pairs import PairFilter
from core.queries.rows import AnyRow

CHUNK_BYTES = 64 << 10


def trl_line(row: AnyRow) -> str:
    """The conversational preference format of TRL, with an explicit prompt and both scores."""
    pair, prompt, *_ = row
    return json.dumps(
        {
            "prompt": prompt.messages,
            "chosen": [{"role": "assistant", "content": pair.chosen}],
            "rejected": [{"role": "assistant", "content": pair.rejected}],
            "score_chosen": pair.score_chosen,
            "score_rejected": pair.score_rejected,
        },
        ensure_ascii=False,
    )


def full_line(row: AnyRow) -> str:
    """The pair object of GET /datasets/{id}/pairs."""
    return show_pair(row).model_dump_json()


FORMATS: dict[str, Callable[[AnyRow], str]] = {"trl": trl_line, "jsonl": full_line}


def lines(dataset_id: str, filter: PairFilter, format: str, streams: Streams) -> Iterator[bytes]:
    """Chunks of whole lines. The first is read before this returns, so that a fault then is an answer of its own.

    Raises TooMany or Unavailable.
    """
    streams.check()
    chunks = _chunks(dataset_id, filter, FORMATS[format], streams)
    first = next(chunks, b"")
    return chain([first], chunks)


def _chunks(dataset_id: str, filter: PairFilter, line: Callable[[AnyRow], str], streams: Streams) -> Iterator[bytes]:
    waiting: list[bytes] = []
    size = 0
    with streams.slot(), transaction() as session:
        for row in pairs.stream(session, dataset_id, filter):
            waiting.append(line(row).encode() + b"\n")
            size += len(waiting[-1])
            if size >= CHUNK_BYTES:
                yield b"".join(waiting)
                waiting, size = [], 0
        if waiting:
            yield b"".join(waiting)
