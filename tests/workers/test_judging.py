"""Judges at the scoring desk: real Postgres, a scripted model that judges."""

from collections.abc import Iterator

import pytest

from tests.conftest import forget_settings
from tests.factories import judged, scene
from tests.factories.judged import JUDGE, Bench
from tests.fakes.teacher import turn
from workers.lease import Beats
from workers.teachers.teacher import Turn


@pytest.fixture
def beats(database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Beats]:
    monkeypatch.setenv("BURNISH_MICRO_BATCH_SECONDS", "0.01")
    monkeypatch.setenv("BURNISH_RETRY_SECONDS", "0")
    forget_settings()
    with Beats() as thread:
        yield thread


@pytest.fixture
def bench(beats: Beats, monkeypatch: pytest.MonkeyPatch) -> Bench:
    one = Bench()
    one.seat(monkeypatch)
    return one


def test_a_judge_rates_draft_and_revision_by_the_rubric_of_their_behavior(beats: Beats, bench: Bench) -> None:
    brief = judged.behavior("brief", prompts=3, rubric=judged.RUBRIC | {"instruction": "Is it brief?"})
    id = judged.ask(judged.behavior(prompts=3), brief, reward=JUDGE)
    judged.work(beats)
    assert scene.state(id) == "completed"
    found = judged.scores_of(id)
    assert [row.value for row in found["judge:a-judge", "draft"]] == [-2.5] * 6
    assert [row.value for row in found["judge:a-judge", "revision"]] == [2.0] * 6
    assert {row.raw for row in found["judge:a-judge", "revision"]} == {"I weighed it up.\nScore: 2"}
    pairs = scene.rows("SELECT score_chosen, score_rejected FROM pair")
    assert [tuple(row) for row in pairs] == [(2.0, -2.5)] * 6
    assert len(bench.heard) == 12
    for question in bench.heard:
        assert ("Is it brief?" in question) == ("brief question" in question)
        assert ("Is it polite?" in question) == ("polite question" in question)
        assert question.endswith("being from -5 to 5:\nScore: <number>")
    assert len({row.fingerprint for row in found["judge:a-judge", "draft"]}) == 2  # one for each rubric


def test_what_cannot_be_read_is_missing_with_its_words_kept_and_nothing_is_carried_over(
    beats: Beats, bench: Bench
) -> None:
    words = iter(["Score: 3", "I cannot tell.", "Score: 4", "Score: 9", "Score: 1-2", "Score: 2/10", "Score: -1"])

    def says(prompt: str) -> Turn:
        if "revision of" in prompt:
            return turn("Score: 5")
        return turn(next(words, "Score: 0")) if "question 5" not in prompt else turn("Score: 5", finish="length")

    bench.says = says
    id = judged.ask(judged.behavior(prompts=8), reward=JUDGE)
    judged.work(beats)
    drafts = judged.scores_of(id)["judge:a-judge", "draft"]
    told = {row.raw: (row.value, row.missing) for row in drafts}
    assert told == {
        "Score: 3": (3.0, None),
        "I cannot tell.": (None, "unparsed"),
        "Score: 4": (4.0, None),
        "Score: 9": (None, "out_of_range"),
        "Score: 1-2": (None, "ambiguous"),
        "Score: 2/10": (None, "other_scale"),
        "Score: -1": (-1.0, None),
        "Score: 5": (None, "truncated"),
    }
    assert scene.state(id) == "completed"
    assert scene.number("SELECT count(*) FROM pair WHERE score_rejected IS NULL AND score_chosen = 5") == 5
