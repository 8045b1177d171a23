"""Duplicates over a whole dataset: the earlier pair stays, the later one names it and how alike they are.

Memory does not grow with the dataset: texts come as a stream, and their bands wait in the database. A pair is compared
with the first of each band it shares. Whether that one is a duplicate itself does not matter: a cluster keeps one pair.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from sqlalchemy.orm import Session

from core.configs.filters import FilterConfig, NearDuplicates
from core.queries import duplicates
from core.queries.rows import AnyRow
from workers.filters.conversation import conversation
from workers.filters.shingles import jaccard, shingles
from workers.filters.signature import EXACT, bands, exact, signature

BATCH = 2_000  # pairs whose bands are written together


def mark_duplicates(session: Session, dataset_id: str, filters: FilterConfig) -> int:
    """Drop the dataset's kept pairs that repeat earlier ones; returns how many."""
    duplicates.begin(session)
    rows = _bands(duplicates.kept(session, dataset_id), filters)
    while batch := list(islice(rows, BATCH)):
        duplicates.note(session, batch)
    found: dict[str, Any] = {}
    marked = 0
    for row in duplicates.alike(session):
        if row.review is not None or row.id == found.get("id"):
            continue
        told = _verdict(row, filters)
        if told is not None:
            reason, similarity = told
            duplicates.mark(session, row.id, reason=reason, of=row.earlier_id, similarity=similarity)
            found = {"id": row.id}
            marked += 1
    return marked


def text(messages: Sequence[dict[str, str]], chosen: str, over: str) -> str:
    """What is compared of a pair."""
    prompt = conversation(messages)
    return {"prompt": prompt, "chosen": chosen, "both": f"{prompt}\n{chosen}"}[over]


def whole(messages: Sequence[dict[str, str]], *sides: str) -> list[str]:
    """Everything a pair says, and who says it; the same letter in two encodings and runs of white space aside."""
    turns = [text for message in messages for text in (message["role"], message["content"])]
    return [" ".join(unicodedata.normalize("NFC", text).split()) for text in (*turns, *sides)]


def _bands(pairs: Iterator[AnyRow], filters: FilterConfig) -> Iterator[dict[str, Any]]:
    near = filters.near_duplicates
    rows = bands(near.threshold) if near else 0
    for position, pair in enumerate(pairs):
        found = [exact(whole(pair.messages, pair.chosen, pair.rejected))] if filters.duplicates else []
        if near is not None:
            found += signature(shingles(text(pair.messages, pair.chosen, near.over), near.shingle), rows)
        for band, hash in found:
            yield {"band": band, "hash": hash, "position": position, "pair_id": pair.id}


def _verdict(row: AnyRow, filters: FilterConfig) -> tuple[str, float] | None:
    """The reason and the true Jaccard similarity, or None for two texts that only share a band by chance."""
    if row.band == EXACT:
        return "duplicates", 1.0
    assert filters.near_duplicates is not None, "only its signatures have other bands"
    similarity = _similarity(row, filters.near_duplicates)
    return ("near_duplicates", similarity) if similarity >= filters.near_duplicates.threshold else None


def _similarity(row: AnyRow, near: NearDuplicates) -> float:
    own = shingles(text(row.messages, row.chosen, near.over), near.shingle)
    return jaccard(own, shingles(text(row.earlier_messages, row.earlier_chosen, near.over), near.shingle))
