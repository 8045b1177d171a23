"""The one boundary where text from models and users is made storable."""

from dataclasses import dataclass

MAX_CHARS = 1_000_000


@dataclass(frozen=True)
class Cleaned:
    """Storable text, and how many characters had to be replaced or cut."""

    text: str
    changed: int


def clean(text: str) -> Cleaned:
    """Replace NUL and lone surrogates by U+FFFD and cut at a million characters; PostgreSQL refuses the former."""
    cut = text[:MAX_CHARS]
    stored = "".join("\ufffd" if c == "\x00" or "\ud800" <= c <= "\udfff" else c for c in cut) if _dirty(cut) else cut
    replaced = sum(1 for before, after in zip(cut, stored, strict=True) if before != after) if stored is not cut else 0
    return Cleaned(stored, replaced + len(text) - len(cut))


def _dirty(text: str) -> bool:
    if "\x00" in text:
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False
