"""Which revision of a chain is chosen."""

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.candidates import answers, best, critiques, finish


def chain(first: float | None, *further: float | None) -> Any:
    """A chain of an earlier round, a revision and further candidates, with their scores."""
    stop = {"finish": "stop"}
    more = [{"name": "critique.r1", "text": "c"} | stop, {"name": "revision.r1", "text": "an earlier round"} | stop]
    more += [{"name": f"revision.{n}", "text": f"candidate {n}"} | stop for n in range(1, len(further) + 1)]
    scores = {f"revision.{number}": value for number, value in enumerate(further, 1)} or None
    said = {"draft": "d", "revision": "r", "revision_finish": "stop", "more": more, "critique": "n"}
    return SimpleNamespace(**said, score_revision=first, candidate_scores=scores)


def test_the_answers_are_the_draft_and_the_candidates_of_the_last_round() -> None:
    assert answers(chain(0.0, 1.0)) == {"draft": "d", "revision": "r", "revision.1": "candidate 1"}


def test_the_critiques_are_those_of_every_round() -> None:
    assert critiques(chain(0.0)) == ("c", "n")
    assert critiques(SimpleNamespace(more=[], critique=None)) == ()


@pytest.mark.parametrize(("text", "ended"), [("half a thou", "length"), ("", "stop"), ("", "too_long")])
def test_a_flawed_candidate_is_no_answer_and_each_has_its_own_end(text: str, ended: str) -> None:
    row = chain(None, 1.0, 2.0)
    row.revision, row.revision_finish = text, ended
    row.more[-1] |= {"text": text, "finish": ended}
    assert answers(row) == {"draft": "d", "revision.1": "candidate 1"}
    assert best(row) == ("revision.1", 1.0)
    assert [finish(row, name) for name in ("revision", "revision.1", "revision.2")] == [ended, "stop", ended]


def test_the_only_revision_is_an_answer_however_it_ended() -> None:
    row = chain(None)
    row.revision_finish = "length"
    assert answers(row) == {"draft": "d", "revision": "r"}


@pytest.mark.parametrize(
    ("scores", "chosen"),
    [
        ((1.0,), ("revision", 1.0)),
        ((1.0, 2.0, 0.5), ("revision.1", 2.0)),
        ((2.0, 2.0), ("revision", 2.0)),
        ((None, -3.0), ("revision.1", -3.0)),
        ((-1.0, -2.0), ("revision", -1.0)),
        ((None, None), ("revision", None)),
    ],
)
def test_the_highest_score_is_chosen(scores: tuple[float | None, ...], chosen: tuple[str, float | None]) -> None:
    assert best(chain(*scores)) == chosen


@given(st.lists(st.none() | st.floats(-10, 10), min_size=1, max_size=6))
def test_no_candidate_has_a_higher_score_than_the_chosen_one(scores: list[float | None]) -> None:
    _, score = best(chain(*scores))
    assert score == max((value for value in scores if value is not None), default=None)
