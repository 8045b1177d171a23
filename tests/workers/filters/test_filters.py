"""Which pairs are kept."""

import pytest

from core.configs.filters import FilterConfig
from workers.filters import verdict
from workers.filters.pair_text import PairText


@pytest.mark.parametrize(
    ("pair", "reason"),
    [
        (PairText("better", "good", "stop", "stop"), None),
        (PairText("same one", "same  one\n"), "identical"),
        (PairText("", "good"), "empty"),
        (PairText("better", " \n"), "empty"),
        (PairText(" ", " "), "empty"),
        (PairText("x" * 11, "good"), "too_long"),
        (PairText("better", "x" * 11), "too_long"),
        (PairText("x" * 10, "good"), None),
        (PairText("better", "good", "length", "stop"), "truncated"),
        (PairText("better", "good", "stop", "length"), "truncated"),
    ],
)
def test_a_pair_is_kept_or_dropped_with_the_reason(pair: PairText, reason: str | None) -> None:
    assert verdict(pair, FilterConfig(max_chars=10)) == reason


def test_filters_that_are_switched_off_keep_the_pair() -> None:
    config = FilterConfig(identical=False, empty=False)
    assert verdict(PairText("same", "same"), config) is None
    assert verdict(PairText("", "good"), config) is None
