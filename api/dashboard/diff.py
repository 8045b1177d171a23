"""What a revision changed in its draft, word by word."""

import difflib
import re
from dataclasses import dataclass

WORDS = re.compile(r"\s+|\w+|[^\w\s]")
MOST_WORDS = 4000  # of both texts together; longer ones are shown whole, without marks


@dataclass(frozen=True)
class Piece:
    """A run of words: `kind` is same, removed or added."""

    kind: str
    text: str


def words_changed(before: str, after: str) -> list[Piece]:
    """The pieces of both texts in reading order: what went before what came in its place."""
    old, new = WORDS.findall(before), WORDS.findall(after)
    if len(old) + len(new) > MOST_WORDS:
        return [Piece("removed", before), Piece("added", after)]
    pieces: list[Piece] = []
    for kind, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            pieces.append(Piece("same", "".join(old[a:b])))
            continue
        pieces += [Piece("removed", "".join(old[a:b]))] if b > a else []
        pieces += [Piece("added", "".join(new[c:d]))] if d > c else []
    return _calm(pieces)


def sides_changed(before: str, after: str) -> tuple[list[Piece], list[Piece]]:
    """Each text by itself: the first with what is only in it marked as removed, the second with what was added."""
    pieces = words_changed(before, after)
    return [piece for piece in pieces if piece.kind != "added"], [piece for piece in pieces if piece.kind != "removed"]


def _calm(pieces: list[Piece]) -> list[Piece]:
    """Neighbours of one kind joined; a lone space between two changes counts as changed: the marks are calmer."""
    calm: list[Piece] = []
    removed = added = ""
    for place, piece in enumerate(pieces):
        between = piece.kind == "same" and not piece.text.strip() and (removed or added)
        if piece.kind == "removed":
            removed += piece.text
        elif piece.kind == "added":
            added += piece.text
        elif between and place + 1 < len(pieces):
            removed, added = removed + piece.text, added + piece.text
        else:
            calm += _flushed(removed, added)
            removed = added = ""
            calm.append(piece)
    return calm + _flushed(removed, added)


def _flushed(removed: str, added: str) -> list[Piece]:
    return [Piece(kind, text) for kind, text in (("removed", removed), ("added", added)) if text.strip() or text]
