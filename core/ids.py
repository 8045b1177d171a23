"""Prefixed, time-ordered identifiers: `ds_01jd...`: 48 bits of milliseconds, 80 random bits, base 32 (as in ULID)."""

import secrets
import time

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def new_id(prefix: str, *, joint: str = "_") -> str:
    """A fresh id such as `run_01jd3v...` (26 characters after the prefix); sorts by time of making."""
    number = (time.time_ns() // 1_000_000) << 80 | secrets.randbits(80)
    return f"{prefix}{joint}" + "".join(ALPHABET[(number >> shift) & 31] for shift in range(125, -5, -5))
