"""Operations that pairs need, counted by hand."""

import numpy as np
import pytest

from bench.flops import of_pairs, peak, triangle
from bench.shapes import SHAPES, Shape
from trainer.encoded_pair import EncodedPair


def pair(prompt: int, chosen: int, rejected: int) -> EncodedPair:
    ids = [np.zeros(length, dtype=np.int32) for length in (prompt, chosen, rejected)]
    return EncodedPair("a", ids[0], ids[1], ids[2], 0.0, 0.0)


def test_weights_of_a_shape_are_those_of_its_matrices() -> None:
    shape = Shape(width=4, layers=2, heads=2, key_heads=1, head=2, inner=8, vocabulary=10)
    attention = 4 * 4 + 2 * (4 * 2) + 4 * 4  # query, key and value, output
    assert (shape.body, shape.output) == (2 * (attention + 3 * 4 * 8), 40)
    assert SHAPES["0.5b"].body + SHAPES["0.5b"].output == pytest.approx(0.494e9, rel=0.01)
    assert SHAPES["1.7b"].body + SHAPES["1.7b"].output == pytest.approx(1.72e9, rel=0.01)


def test_a_pair_needs_its_prompt_once_and_the_head_on_its_answers() -> None:
    shape = Shape(width=4, layers=1, heads=1, key_heads=1, head=4, inner=0, vocabulary=10)
    # Two positions of the prompt, two of the chosen answer (its third token predicts nothing), one of the rejected one.
    weights = 6 * (4 * 4 * 4) * 5 + 6 * 40 * 5
    # The first four see 1 + 2 + 3 + 4 keys; the rejected one sees the prompt and itself. Five tokens are predicted.
    attention = 12 * 4 * (10 + 3)
    assert of_pairs(shape, [pair(2, 3, 2)]) == weights + attention
    assert of_pairs(shape, [pair(2, 3, 2)] * 2) == 2 * (weights + attention)


def test_a_query_sees_the_keys_up_to_itself() -> None:
    assert [triangle(tokens) for tokens in (0, 1, 2, 3)] == [0, 1, 3, 6]


def test_a_peak_is_known_by_the_devices_name_or_not_told() -> None:
    assert peak("NVIDIA H100 80GB HBM3") == 989e12
    assert peak("NVIDIA H100 PCIe") == 756e12
    assert peak("cpu") is None
