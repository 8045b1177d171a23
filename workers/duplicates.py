"""Duplicates over a whole dataset: the earlier pair stays, the later one names it and how alike they are.

Memory does not grow with the dataset: texts come as a stream, and their bands wait in the database. A pair is compared
with the first of each band it shares. Where that one is a duplicate itself, the pair names what that one names: a
cluster keeps one pair, and every other one leads to it. Pairs are looked at in their order, so one step is enough.
"""

import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Verdict:
    """Why a pair is dropped: the kept pair that it repeats, and how much of it."""

    reason: str
    of: str
    similarity: float


def mark_duplicates(session: Session, dataset_id: str, filters: FilterConfig) -> Counter[str]:
    """Drop the dataset's kept pairs that repeat earlier ones; what that changes in its counts."""
    duplicates.begin(session)
    rows = _bands(duplicates.kept(session, dataset_id), filters)
    while batch := list(islice(rows, BATCH)):
        duplicates.note(session, batch)
    change = Counter[str]()
    last = None
    for row in duplicates.alike(session):
        if row.review is not None or row.id == last:
            continue
        told = _verdict(row, filters)
        if told is None:
            continue
        told = _led_on(session, row, told, filters)
        last = row.id
        if duplicates.mark(session, row.id, reason=told.reason, of=told.of, similarity=told.similarity):
            change.update({"kept": -1, "dropped": 1, f"dropped:{told.reason}": 1})
    return change


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


def _verdict(row: AnyRow, filters: FilterConfig) -> Verdict | None:
    """With the true Jaccard similarity; None for two texts that only share a band by chance."""
    if row.band == EXACT:
        return Verdict("duplicates", row.earlier_id, 1.0)
    near = filters.near_duplicates
    assert near is not None, "only its signatures have other bands"
    similarity = jaccard(_said(row.messages, row.chosen, near), _said(row.earlier_messages, row.earlier_chosen, near))
    return Verdict("near_duplicates", row.earlier_id, similarity) if similarity >= near.threshold else None


def _led_on(session: Session, row: AnyRow, told: Verdict, filters: FilterConfig) -> Verdict:
    """The verdict with the pair that is kept, where the one it names was dropped as almost that one.

    Two steps away, the similarity may be below the threshold.
    """
    near = filters.near_duplicates
    if near is None:  # the first of the only band is kept
        return told
    kept = duplicates.kept_for(session, told.of)
    if kept is None:
        return told
    similarity = jaccard(_said(row.messages, row.chosen, near), _said(kept.messages, kept.chosen, near))
    return Verdict("near_duplicates", kept.id, similarity)


def _said(messages: Sequence[dict[str, str]], chosen: str, near: NearDuplicates) -> frozenset[str]:
    return shingles(text(messages, chosen, near.over), near.shingle)
