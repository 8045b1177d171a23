"""Floating-point operations that pairs need, and what a GPU could do: the share is the MFU."""

from collections.abc import Iterable

from bench.shapes import Shape
from trainer.encoded_pair import EncodedPair

# Dense bfloat16 operations a second, by a part of the device's name; the first that fits. From the makers' data sheets.
PEAKS = {
    "B200": 2.25e15,
    "H200": 989e12,
    "H100 PCIe": 756e12,
    "H100": 989e12,
    "A100": 312e12,
    "L40S": 362e12,
    "RTX 4090": 165e12,
}


def of_pairs(shape: Shape, pairs: Iterable[EncodedPair]) -> float:
    """Of one forward and backward pass that does nothing twice: each prompt once, the head on answer tokens alone.

    Six for each weight and token (two forward, four backward), and twelve for each element of a head and each key that
    a query sees: its score and its sum forward, both twice backward.
    """
    found = 0
    for pair in pairs:
        assert pair.rejected is not None
        prompt, chosen, rejected = len(pair.prompt), len(pair.chosen), len(pair.rejected)
        positions, answers = prompt + chosen + rejected - 2, chosen + rejected
        found += 6 * (shape.body * positions + shape.output * answers)
        seen = triangle(prompt + chosen - 1) + prompt * (rejected - 1) + triangle(rejected - 1)
        found += 12 * shape.layers * shape.heads * shape.head * seen
    return float(found)


def triangle(tokens: int) -> int:
    """Keys that so many queries see, each those up to itself."""
    return tokens * (tokens + 1) // 2


def peak(device: str) -> float | None:
    """What a device of this name could do in a second; None where that is not known."""
    return next((operations for name, operations in PEAKS.items() if name in device), None)
