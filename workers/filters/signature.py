"""Signatures by which texts that are almost alike find each other: MinHash (Broder 1997) in bands."""

import hashlib

import numpy as np
from datasketch import MinHash

PERMUTATIONS = 128
SEED = 1
EXACT = -1  # the band of word-for-word duplicates
RECALL = 0.9  # bands are laid out for texts a little less alike than the threshold, so that few are missed


def bands(threshold: float) -> int:
    """Rows of one band: the most whose bands still catch texts of this similarity."""
    fitting = [
        rows for rows in range(1, PERMUTATIONS + 1) if (1 / (PERMUTATIONS // rows)) ** (1 / rows) <= RECALL * threshold
    ]
    return max(fitting, default=1)


def signature(shingles: frozenset[str], rows: int) -> list[tuple[int, int]]:
    """(band, hash) of a text's bands; none of a text without words."""
    if not shingles:
        return []
    sketch = MinHash(num_perm=PERMUTATIONS, seed=SEED)
    sketch.update_batch([shingle.encode() for shingle in shingles])
    values = np.ascontiguousarray(sketch.hashvalues, dtype="<u8")
    return [(band, number(values[band * rows : (band + 1) * rows].tobytes())) for band in range(PERMUTATIONS // rows)]


def exact(said: list[str]) -> tuple[int, int]:
    """(band, hash) of words or texts, in their order."""
    return EXACT, number("\x1f".join(said).encode())


def number(content: bytes) -> int:
    """64 bits of a hash, as PostgreSQL's bigint holds them."""
    return int.from_bytes(hashlib.blake2b(content, digest_size=8).digest(), "big", signed=True)
