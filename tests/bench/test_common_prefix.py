"""The common prefix of two answers."""

from bench.common_prefix import common, measured


def test_the_common_prefix_ends_with_the_first_difference_or_the_shorter_answer() -> None:
    assert common([1, 2, 3], [1, 2, 4]) == 2
    assert common([1, 2], [1, 2, 3]) == 2
    assert common([1], [2]) == 0
    assert common([], [1]) == 0


def test_medians_are_of_all_pairs() -> None:
    rows, told = measured([("a b c d", "a b x y"), ("a", "b"), ("a b c", "a b c d")], str.split)
    assert rows == [{"common": 2, "shorter": 4}, {"common": 0, "shorter": 1}, {"common": 3, "shorter": 3}]
    assert (told["pairs"], told["median"], told["of_shorter"]) == (3, 2.0, 0.5)
    assert told["begin_alike"] == 2 / 3
