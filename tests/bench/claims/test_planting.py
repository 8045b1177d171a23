"""What is planted: exact, drawn from a seed, and nothing else is changed."""

from dataclasses import replace

import pytest

from bench.claims.pair import Pair
from bench.claims.planting import biased, drawn, labelled, misjudged, shuffled, swapped

CHAT = [{"role": "user", "content": "What is it?"}]


def pair(number: int, *, chosen: str = "right", rejected: str = "wrong") -> Pair:
    return Pair(f"pair-{number}", CHAT, f"{chosen} {number}", f"{rejected} {number}", 10.0 + number, float(-number))


PAIRS = [pair(number) for number in range(1, 31)]


def test_a_swapped_pair_has_all_its_columns_swapped() -> None:
    one = replace(PAIRS[0], rewards=((1.0, 2.0), (3.0, 4.0)))
    assert one.swapped() == Pair(
        "pair-1", CHAT, "wrong 1", "right 1", -1.0, 11.0, False, True, ((2.0, 1.0), (4.0, 3.0))
    )
    assert one.swapped().swapped() == one


@pytest.mark.parametrize(("share", "number"), [(0.0, 0), (0.1, 3), (0.25, 8), (0.5, 15), (1.0, 30)])
def test_a_share_of_swaps_is_exact_and_the_rest_stays(share: float, number: int) -> None:
    found = swapped(PAIRS, share, seed=1)
    assert [new in (old, old.swapped()) for old, new in zip(PAIRS, found, strict=True)] == [True] * 30
    assert sum(new != old for old, new in zip(PAIRS, found, strict=True)) == number


def test_a_sign_error_exchanges_the_scores_and_leaves_the_texts() -> None:
    found = misjudged(PAIRS, 0.2, seed=1)
    assert [(p.chosen, p.rejected, p.right_chosen) for p in found] == [
        (p.chosen, p.rejected, p.right_chosen) for p in PAIRS
    ]
    differences = [(new.difference, old.difference) for old, new in zip(PAIRS, found, strict=True)]
    assert sum(new == -old for new, old in differences) == 6
    assert sum(new == old for new, old in differences) == 24


def test_what_is_drawn_follows_seed_and_name_and_grows_with_the_share() -> None:
    some, more = (drawn(30, share, seed=1, name="swaps") for share in (0.2, 0.4))
    assert some < more
    assert some == drawn(30, 0.2, seed=1, name="swaps")
    assert some != drawn(30, 0.2, seed=2, name="swaps")
    assert some != drawn(30, 0.2, seed=1, name="sign errors")


def test_shuffled_scores_are_the_same_ones_on_other_pairs() -> None:
    found = shuffled(PAIRS, seed=1)
    both = [(p.score_chosen, p.score_rejected) for p in PAIRS]
    given = [(p.score_chosen, p.score_rejected) for p in found]
    assert sorted(given) == sorted(both)
    assert sum(new == old for new, old in zip(given, both, strict=True)) < 5
    assert [p.chosen for p in found] == [p.chosen for p in PAIRS]
    assert found == shuffled(PAIRS, seed=1)
    assert found != shuffled(PAIRS, seed=2)


def test_a_scorer_that_likes_length_labels_by_hand_worked_scores() -> None:
    # Differences in words are 2, 2, -4: their standard deviation is sqrt(8). tau is 2.
    pairs = [
        replace(PAIRS[0], chosen="a b c", rejected="a", score_chosen=4.0, score_rejected=2.0),
        replace(PAIRS[1], chosen="a b c", rejected="a", score_chosen=0.0, score_rejected=2.0),
        replace(PAIRS[2], chosen="a", rejected="a b c d e", score_chosen=2.0, score_rejected=0.0),
    ]
    found = biased(pairs, planted=1.0, members=(0.0, -1.0), tau=2.0)
    word = 1 / 8**0.5
    assert found[0].difference == pytest.approx(1.0 + 2 * word)
    assert found[0].rewards == (pytest.approx((2.0, 1.0)), pytest.approx((2.0 - 3 * word, 1.0 - word)))
    assert found[1].chosen == "a"  # -1 + .707: the score still decides
    assert found[1].difference == pytest.approx(1.0 - 2 * word)
    assert found[2].chosen == "a b c d e"  # 1 - 1.414: length decides, and the label is wrong
    assert found[2].difference == pytest.approx(4 * word - 1.0)
    assert found[2].rewards[0] == pytest.approx((0.0, 1.0))
    assert (found[2].right_chosen, found[2].right_rejected) == (False, True)


def test_labels_are_the_judges_where_it_tells_the_sides_apart_and_a_coins_elsewhere() -> None:
    decided = [
        replace(each, right_chosen=place % 2 == 0, right_rejected=place % 2 == 1) for place, each in enumerate(PAIRS)
    ]
    assert all(each.right_chosen and not each.right_rejected for each in labelled(decided, seed=1))
    level = [replace(each, right_chosen=True, right_rejected=True) for each in PAIRS]
    found = labelled(level, seed=1)
    moved = sum(new.chosen != old.chosen for new, old in zip(found, level, strict=True))
    assert 5 < moved < 25
    assert found == labelled(level, seed=1)
