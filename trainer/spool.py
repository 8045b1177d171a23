"""Pairs in tokens on the disk: memory does not grow with their number, but for a few bytes of lengths and order.

Two scratch files in the attempt's folder: the tokens of all pairs one after another, and a record of fixed size for
each pair. They are read where they are asked for, and not mapped: pages which were read count for nobody's memory.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from operator import itemgetter
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from trainer.encoded_pair import EncodedPair
from trainer.scratch import Scratch

MAX_ID = 64  # bytes of a pair's id
NONE = -1  # length of the rejected answer of an anchor
BLOCK = 10_000  # records that are read together
Kind = TypeVar("Kind", bound=np.generic)


def record(members: int) -> np.dtype[np.void]:
    """What is kept of a pair beside its tokens, with the rewards of so many members of an ensemble."""
    return np.dtype(
        [
            ("id", f"S{MAX_ID}"), ("at", "<i8"), ("prompt", "<i4"), ("chosen", "<i4"), ("rejected", "<i4"),
            ("scores", "<f8", 2), ("reference", "<f8", 2), ("rewards", "<f8", (members, 2)), ("weight", "<f8"),
        ]
    )  # fmt: skip


class Spool:
    """A list of pairs that is written once, front to back, and then read in any order. All have as many rewards.

    Anchors come behind the pairs, and have none.
    """

    def __init__(self, folder: Path) -> None:
        """Raises DiskFull, or OSError when the folder cannot be written to."""
        self._tokens, self._records = Scratch(folder), Scratch(folder)
        self._number = self._at = 0
        self._record = record(0)

    def add(self, pair: EncodedPair) -> None:
        """Append a pair. Raises DiskFull."""
        rejected = NONE if pair.rejected is None else len(pair.rejected)
        if self._number == 0:
            self._record = record(len(pair.rewards))
        row = np.zeros(1, self._record)
        row[0] = (
            pair.id.encode(), self._at, len(pair.prompt), len(pair.chosen), rejected,
            (pair.score_chosen, pair.score_rejected), pair.reference, pair.rewards or math.nan, pair.weight,
        )  # fmt: skip
        self._records.append(row.tobytes())
        for part in (pair.prompt, pair.chosen, pair.rejected):
            if part is not None:
                data = np.ascontiguousarray(part, np.int32).tobytes()
                self._tokens.append(data)
                self._at += len(data)
        self._number += 1

    def ready(self) -> None:
        """Everything is written and can be read. Raises DiskFull."""
        self._records.flush()
        self._tokens.flush()

    def __len__(self) -> int:
        return self._number

    def __iter__(self) -> Iterator[EncodedPair]:
        return (self[place] for place in range(self._number))

    def __getitem__(self, place: int) -> EncodedPair:
        if not 0 <= place < self._number:
            raise IndexError(place)
        row = self._read(place, 1)[0]
        lengths = [int(row["prompt"]), int(row["chosen"]), max(0, int(row["rejected"]))]
        raw = self._tokens.read(int(row["at"]), 4 * sum(lengths))
        prompt, chosen, rejected = np.split(np.frombuffer(raw, np.int32), np.cumsum(lengths)[:2])
        return EncodedPair(
            id=bytes(row["id"]).decode(),
            prompt=prompt,
            chosen=chosen,
            rejected=None if row["rejected"] == NONE else rejected,
            score_chosen=float(row["scores"][0]),
            score_rejected=float(row["scores"][1]),
            reference=(float(row["reference"][0]), float(row["reference"][1])),
            rewards=tuple((float(chosen), float(rejected)) for chosen, rejected in row["rewards"]),
            weight=float(row["weight"]),
        )

    def lengths(self) -> NDArray[np.int32]:
        """Tokens of the longer row of each pair."""
        return self._column(lambda rows: rows["prompt"] + np.maximum(rows["chosen"], rows["rejected"]), np.int32)

    def once(self) -> NDArray[np.int32]:
        """Tokens of each pair, its prompt counted once."""
        return self._column(lambda rows: rows["prompt"] + rows["chosen"] + np.maximum(rows["rejected"], 0), np.int32)

    def parts(self) -> NDArray[np.int32]:
        """Tokens of prompt, chosen and rejected answer of each pair, [number, 3]; NONE where there is no rejected."""
        read = [self._column(itemgetter(name), np.int32) for name in ("prompt", "chosen", "rejected")]
        return np.stack(read, axis=1)

    def scores(self) -> NDArray[np.float64]:
        """Scores of chosen and rejected answer of each pair, [number, 2]; NaN where they are missing."""
        chosen = self._column(lambda rows: rows["scores"][:, 0], np.float64)
        rejected = self._column(lambda rows: rows["scores"][:, 1], np.float64)
        return np.stack([chosen, rejected], axis=1)

    def rewards(self) -> NDArray[np.float64]:
        """The same by each of the K members of an ensemble, [number, K, 2]."""
        members = range(self._record["rewards"].shape[0])
        read = [self._column(partial(_reward, at=(member, side)), np.float64) for member in members for side in (0, 1)]
        return np.array(read).reshape(len(members), 2, self._number).transpose(2, 0, 1)

    def paired(self) -> NDArray[np.bool_]:
        """Which of them have a rejected answer."""
        return self._column(lambda rows: rows["rejected"] != NONE, np.bool_)

    def unknown(self) -> NDArray[np.bool_]:
        """Which of them have no reference log-probs."""
        return self._column(lambda rows: np.isnan(rows["reference"]).any(axis=1), np.bool_)

    def ids(self, places: Sequence[int]) -> list[str]:
        """Their ids."""
        return [bytes(self._read(place, 1)[0]["id"]).decode() for place in places]

    def refer(self, places: Sequence[int], known: Mapping[str, tuple[float, float]]) -> None:
        """Note the reference log-probs of pairs (nats) by their ids; NaN for those that are not known."""
        offset = self._record.fields["reference"][1]  # type: ignore[index]  # it has fields
        for place, id in zip(places, self.ids(places), strict=True):
            values = np.array(known.get(id, (np.nan, np.nan)), "<f8")
            self._records.change(place * self._record.itemsize + offset, values.tobytes())

    def _column(self, take: Callable[[Any], Any], kind: type[Kind]) -> NDArray[Kind]:
        found = np.zeros(self._number, kind)
        for start in range(0, self._number, BLOCK):
            found[start : start + BLOCK] = take(self._read(start, BLOCK))
        return found

    def _read(self, first: int, number: int) -> Any:
        """Records as a structured array."""
        size = self._record.itemsize
        return np.frombuffer(self._records.read(first * size, number * size), self._record)


def _reward(rows: Any, *, at: tuple[int, int]) -> Any:
    return rows["rewards"][:, at[0], at[1]]


def spooled(pairs: Iterable[EncodedPair], folder: Path) -> Spool:
    """A spool of these pairs, ready to be read. Raises DiskFull."""
    spool = Spool(folder)
    for pair in pairs:
        spool.add(pair)
    spool.ready()
    return spool
