"""The text of an API key: `bk_<id>_<32 random bytes><checksum>`, in the alphabet of our ids.

The id finds the row, the checksum refuses typing errors without asking the ledger, and the ledger keeps only SHA-256
of the whole text.
"""

import hashlib
import hmac
import re
import secrets
import zlib
from dataclasses import dataclass

from core.ids import ALPHABET

PREFIX = "bk"
SECRET_BYTES = 32
SECRET_LETTERS = 52  # of 5 bits each: 256 bits, rounded up
CHECK_LETTERS = 7  # of 5 bits each: the 32 bits of CRC-32, rounded up
FORM = re.compile(f"bk_([{ALPHABET}]{{26}})_([{ALPHABET}]{{{SECRET_LETTERS}}})([{ALPHABET}]{{{CHECK_LETTERS}}})")


@dataclass(frozen=True)
class Parsed:
    """A well-formed key: the id of its row, and the hash to compare."""

    id: str
    hash: bytes


def make_key(id: str) -> str:
    """A fresh key for the row `key_<26 letters>`; this is the only moment its text exists here."""
    number = int.from_bytes(secrets.token_bytes(SECRET_BYTES), "big")
    body = f"{PREFIX}_{id.removeprefix('key_')}_{_letters(number, SECRET_LETTERS)}"
    return body + _checksum(body)


def parse(text: str) -> Parsed | None:
    """The id and hash of a well-formed key; None for anything else."""
    found = FORM.fullmatch(text)
    if found is None or not hmac.compare_digest(_checksum(text[:-CHECK_LETTERS]), found[3]):
        return None
    return Parsed(f"key_{found[1]}", hash_of(text))


def hash_of(text: str) -> bytes:
    """What the ledger stores. The key has 256 random bits, so a slow hash would add nothing."""
    return hashlib.sha256(text.encode()).digest()


def _checksum(body: str) -> str:
    return _letters(zlib.crc32(body.encode()), CHECK_LETTERS)


def _letters(number: int, count: int) -> str:
    return "".join(ALPHABET[(number >> 5 * place) & 31] for place in reversed(range(count)))
