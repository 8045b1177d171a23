"""Stop strings: where an answer ends by its text."""

from collections.abc import Callable, Sequence

Decode = Callable[[Sequence[int]], str]


def cut(ids: Sequence[int], stop: Sequence[str], decode: Decode) -> tuple[tuple[int, ...], str, bool]:
    """The ids and the text before the first stop string, and whether there was one.

    The ids kept are the most that decode to no more than the text kept.
    """
    text = decode(ids)
    places = [place for place in (text.find(word) for word in stop) if place >= 0]
    if not places:
        return tuple(ids), text, False
    kept = text[: min(places)].rstrip()
    count = len(ids)
    while count and len(decode(ids[:count])) > len(kept):
        count -= 1
    return tuple(ids[:count]), kept, True


def found(ids: Sequence[int], stop: Sequence[str], decode: Decode) -> bool:
    """Whether an answer under way holds a stop string already."""
    if not stop:
        return False
    text = decode(ids)
    return any(word in text for word in stop)
