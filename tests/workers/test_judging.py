"""Judges at the scoring desk: real Postgres, a scripted model that judges."""

import json
from collections import Counter
from collections.abc import Iterator

import pytest

from core.configs.review import ReviewConfig
from core.database import transaction
from core.errors import EngineDied, Unavailable
from core.queries import api_keys as keys
from core.queries import datasets, reviews, score_columns, scorers, secrets, trained_pairs
from core.queries.score_columns import Both, Columns
from core.settings import settings
from core.tables import DEFAULT_PROJECT, ApiKey
from tests.conftest import forget_settings
from tests.factories import judged, ledger, scene
from tests.factories.judged import JUDGE, Bench
from tests.fakes.teacher import ScriptedTeacher, plain, turn
from tests.faults import evaluated
from workers.lease import Beats
from workers.teachers.teacher import Turn


@pytest.fixture
def beats(database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Beats]:
    monkeypatch.setenv("BURNISH_MICRO_BATCH_SECONDS", "0.01")
    monkeypatch.setenv("BURNISH_RETRY_SECONDS", "0")
    forget_settings()
    settings()  # read before the thread does, which would read it once more while a test changes it
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


PAIRWISE = JUDGE | {"pairwise": True}


def by_order(prompt: str) -> Turn:
    """Prefers the revision of prompt 0 and the draft of prompt 1, always A for 2, a tie for 3, nothing twice for 4."""
    number = int(prompt.partition(" question ")[2][0])
    draft_first = prompt.index("draft of") < prompt.index("revision of")
    revision, draft = ("B", "A") if draft_first else ("A", "B")
    said = {0: revision, 1: draft, 2: "A", 3: "tie", 4: revision if draft_first else "neither"}[number]
    return turn(f"Because.\nVerdict: {said}")


def test_a_pairwise_judge_is_asked_in_both_orders_and_what_the_order_decides_is_a_tie(
    beats: Beats, bench: Bench
) -> None:
    bench.says = by_order
    id = judged.ask(judged.behavior(prompts=5), reward=PAIRWISE, split={"validation": 0})
    judged.work(beats)
    found = judged.scores_of(id)
    drafts, revisions = (found["pairwise:a-judge", answer] for answer in ("draft", "revision"))
    by_prompt = {row.messages[0]["content"]: row for row in scene.rows(OF_PROMPTS)}
    assert {prompt[-2]: (row.draft, row.revision) for prompt, row in by_prompt.items()} == {
        "0": (0.0, 1.0),
        "1": (1.0, 0.0),
        "2": (0.5, 0.5),
        "3": (0.5, 0.5),
        "4": (None, None),
    }
    failed = next(row for row in revisions if row.value is None)
    assert failed.missing == "unparsed"
    assert failed.raw == "[draft first]\nBecause.\nVerdict: B\n\n[draft second]\nBecause.\nVerdict: neither"
    assert [row.missing for row in drafts if row.value is None] == ["unparsed"]
    assert len(set(bench.heard)) == len(bench.heard) == 10
    assert scene.state(id) == "completed"


OF_PROMPTS = """
    SELECT p.messages, d.value AS draft, r.value AS revision FROM prompt p JOIN chain c ON c.prompt_id = p.id
    JOIN score d ON d.chain_id = c.id AND d.answer = 'draft' JOIN score r ON r.chain_id = c.id AND r.answer = 'revision'
"""


def test_candidates_are_compared_with_the_draft_and_the_one_that_wins_is_chosen(beats: Beats, bench: Bench) -> None:
    seen: list[int] = []

    def script(prompt: str, number: int) -> Turn:
        seen.append(number)
        return turn(f"revision {len(seen)}") if number == 2 else plain(prompt, number)

    def says(prompt: str) -> Turn:
        wins = "revision 5" in prompt  # the last one of three
        draft_first = prompt.index("draft of") < prompt.index("revision ")
        return turn(f"Verdict: {'B' if wins == draft_first else 'A'}")

    bench.teacher, bench.says = ScriptedTeacher(script), says
    id = judged.ask(judged.behavior(prompts=1), reward=PAIRWISE, best_of=3, n_prompts=1, split={"validation": 0})
    judged.work(beats)
    values = {answer: row[0].value for (_, answer), row in judged.scores_of(id).items()}
    assert values == {"draft": pytest.approx(2 / 3), "revision": 0.0, "revision.1": 0.0, "revision.2": 1.0}
    [pair] = scene.rows("SELECT chosen, chosen_answer, score_chosen, score_rejected FROM pair")
    assert tuple(pair) == ("revision 5", "revision.2", 1.0, pytest.approx(2 / 3))


def test_a_judge_that_falls_silent_costs_nothing_and_what_it_said_is_kept(
    beats: Beats, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BURNISH_RETRY_SECONDS", "1000")
    forget_settings()

    def says(prompt: str) -> Turn:
        if len(bench.heard) == 7:
            raise Unavailable("The endpoint does not answer.")
        return judged.by_answer(prompt)

    bench.says = says
    id = judged.ask(judged.behavior(prompts=6), reward=JUDGE)
    judged.generate(beats)
    judged.score(beats)
    [shard] = scene.rows("SELECT state, attempts, waiting, completed FROM shard WHERE stage = 'score'")
    assert tuple(shard)[:3] == ("queued", 0, "The endpoint does not answer.")
    kept = shard.completed
    assert kept == scene.number("SELECT count(*) FROM score") / 2 >= 2
    scene.change("UPDATE shard SET available_at = clock_timestamp()")
    judged.score(beats)
    assert scene.state(id) == "completed"
    assert scene.number("SELECT count(*) FROM score") == 12
    again = Counter(bench.heard)
    assert sum(number - 1 for number in again.values()) <= 12 - 2 * kept
    assert paid(id) == 20 * (len(bench.heard) - 1)  # every question that was answered


def test_a_judge_that_dies_is_loaded_again(beats: Beats, bench: Bench) -> None:
    def says(prompt: str) -> Turn:
        if len(bench.heard) == 3:
            raise EngineDied("The engine ended.")
        return judged.by_answer(prompt)

    bench.says = says
    id = judged.ask(judged.behavior(prompts=4), reward=JUDGE)
    judged.work(beats)
    assert scene.state(id) == "completed"
    assert len(bench.keys) == 2
    assert scene.number("SELECT count(*) FROM score WHERE value IS NOT NULL") == 8
    assert paid(id) == 20 * (len(bench.heard) - 1)


def paid(id: str) -> int:
    """The tokens that its judges have read; each question has twenty."""
    return scene.number("SELECT sum(prompt_tokens) FROM shard WHERE stage = 'score' AND dataset_id = :id", id=id)


def test_a_dead_worker_loses_no_more_than_a_micro_batch(
    beats: Beats, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows, in_flight = 2, 3
    monkeypatch.setenv("BURNISH_MICRO_BATCH_ROWS", str(rows))
    monkeypatch.setenv("BURNISH_CHAINS_IN_FLIGHT", str(in_flight))
    forget_settings()
    unwritten: list[int] = []

    def says(prompt: str) -> Turn:
        unwritten.append(len(bench.heard) // 2 - scene.number("SELECT count(*) FROM score") // 2)
        return judged.by_answer(prompt)

    bench.says = says
    judged.ask(judged.behavior(prompts=30), reward=JUDGE)
    judged.work(beats)
    assert len(unwritten) == 60
    assert max(unwritten) <= 2 * rows + in_flight  # one batch is being written, one waits


def test_the_tokens_and_money_of_judges_count(beats: Beats, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    prices = {"a-judge": {"price_input": 1000, "price_output": 5000}}
    monkeypatch.setenv("BURNISH_MODELS", json.dumps(prices))
    forget_settings()
    id = judged.ask(judged.behavior(prompts=4), reward=JUDGE)
    judged.generate(beats)
    with transaction() as session:
        before = datasets.progress(session, id)
    judged.score(beats)
    with transaction() as session:
        after = datasets.progress(session, id)
    said = len(turn("I weighed it up.\nScore: 2").token_ids)
    assert after["prompt_tokens"] - before["prompt_tokens"] == 8 * 20
    assert after["tokens"] - before["tokens"] == 8 * said
    assert after["usd"] - before["usd"] == pytest.approx(8 * (20 * 1000 + said * 5000) / 1e6)


def test_a_budget_leaves_room_for_the_judges(beats: Beats, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BURNISH_MICRO_BATCH_ROWS", "2")
    monkeypatch.setenv("BURNISH_SHARD_PROMPTS", "5")
    forget_settings()
    chain, verdicts = 3 * 20 + 3 * 5, 2 * (20 + 6)
    id = judged.ask(judged.behavior(prompts=30), reward=JUDGE, budget={"tokens": 10 * (chain + verdicts)})
    for _ in range(20):
        judged.work(beats)
        if scene.state(id) != "in_progress":
            break
    assert scene.state(id) == "completed"
    with transaction() as session:
        spent = datasets.progress(session, id)
    assert spent["tokens"] + spent["prompt_tokens"] <= (10 + 2) * (chain + verdicts)
    assert scene.number("SELECT count(*) FROM score WHERE value IS NOT NULL") == 2 * scene.chains(id)


def test_a_judge_opened_with_one_projects_key_serves_no_other(beats: Beats, bench: Bench) -> None:
    there = {"kind": "judge", "engine": "openai", "model": "m", "base_url": "http://127.0.0.1:9/v1", "secret": "key"}
    with transaction() as session:
        other = ledger.other_project(session)
        for project in (DEFAULT_PROJECT, other):
            secrets.store(session, project, "key", f"of {project}")
    first = judged.ask(judged.behavior(prompts=1), reward=there, n_prompts=1)
    second = judged.ask(judged.behavior("brief", prompts=1), reward=there, n_prompts=1, project=other)
    judged.work(beats)
    assert (scene.state(first), scene.state(second)) == ("completed", "completed")
    assert {(key, "brief question" in question) for key, question in bench.opened} == {
        (f"of {DEFAULT_PROJECT}", False),
        (f"of {other}", True),
    }


COST = {"kind": "judge", "model": "a-judge", "label": "rudeness", "purpose": "cost"}
CLASSIFIER = {"kind": "classifier", "model": "a-reward"}
HELPFUL = {"kind": "rule", "rule": "helpful"}


def test_several_scorers_give_columns_of_their_own_with_rewards_and_costs_apart(beats: Beats, bench: Bench) -> None:
    id = judged.ask(judged.behavior(prompts=4), reward=[JUDGE, CLASSIFIER, COST, HELPFUL], split={"validation": 0})
    judged.work(beats)
    assert scene.state(id) == "completed"
    with transaction() as session:
        told = scorers.of_dataset(session, id)
        columns = score_columns.columns(session, id)
        rows = list(score_columns.for_training(session, id, "train"))
        pairs_in_order = [row.id for row in trained_pairs.for_training(session, id, "train")]
    assert [(one.name, one.kind, one.purpose, one.minimum, one.maximum) for one in told] == [
        ("judge:a-judge", "judge", "reward", -5.0, 5.0),
        ("classifier:a-reward", "classifier", "reward", None, None),
        ("rudeness", "judge", "cost", -5.0, 5.0),
        ("rule:helpful", "rule", "reward", 0.0, 1.0),
    ]
    assert [(one.count, one.missing) for one in told] == [(8, 0)] * 4
    assert (told[0].mean, told[0].sd) == (pytest.approx(-0.25), pytest.approx(2.4053, abs=1e-3))
    assert len({one.fingerprint for one in told}) == 3  # the two judges are one model with one rubric
    assert columns == Columns(("judge:a-judge", "classifier:a-reward", "rule:helpful"), ("rudeness",))
    assert [row.pair_id for row in rows] == pairs_in_order
    for row in rows:
        assert row.rewards[0] == row.costs[0] == Both(2.0, -2.5)
        assert row.rewards[1] == Both(
            float(len("revision of polite question 0?")), float(len("draft of polite question 0?"))
        )
        assert row.rewards[2] == Both(1.0, 1.0)


def test_a_review_moves_the_scores_of_every_scorer_with_the_texts(beats: Beats, bench: Bench) -> None:
    id = judged.ask(judged.behavior(prompts=3), reward=[JUDGE, COST], split={"validation": 0})
    judged.work(beats)
    with transaction() as session:
        key = keys.add(session, ApiKey(id="key_1", project_id=DEFAULT_PROJECT, name="ada", hash=b"h", scopes=["write"]))
        swapped, edited, _ = [row.pair_id for row in score_columns.for_training(session, id, "train")]
        reviews.add(session, DEFAULT_PROJECT, swapped, ReviewConfig(action="swap"), reviewer=key.id)
        edit = ReviewConfig(action="edit", rejected="a worse answer")
        reviews.add(session, DEFAULT_PROJECT, edited, edit, reviewer=key.id)
    with transaction() as session:
        found = {row.pair_id: row for row in score_columns.for_training(session, id, "train")}
    assert (found[swapped].rewards, found[swapped].costs) == ((Both(-2.5, 2.0),), (Both(-2.5, 2.0),))
    assert (found[edited].rewards, found[edited].costs) == ((Both(2.0, None),), (Both(2.0, None),))
    assert not found[edited].costs[0].whole


def test_a_judge_rates_the_answers_of_base_and_tuned_model(beats: Beats, bench: Bench) -> None:
    def says(prompt: str) -> Turn:
        return turn("Who knows?") if "test 1" in prompt else judged.by_answer(prompt)

    bench.says = says
    dataset = judged.ask(judged.behavior(prompts=4), reward=[PAIRWISE, COST], split={"validation": 0})
    judged.work(beats)
    run = evaluated.trained_run(dataset)
    judged.work(beats)
    assert evaluated.state(run) == "succeeded"
    [row] = scene.rows("SELECT summary FROM evaluation")
    assert set(row.summary["scorers"]) == {"judge:a-judge", "rudeness"}
    found = row.summary["scorers"]["judge:a-judge"]["overall"]
    assert (found["n"], found["base"]["mean"], found["tuned"]["mean"]) == (2, -2.5, -2.5)
    assert row.summary["missing"]["judge:a-judge"] == {"base": 1, "tuned": 1}
    kept = scene.rows(
        "SELECT DISTINCT raw, missing FROM score WHERE evaluation_answer_id IS NOT NULL AND value IS NULL"
    )
    assert [tuple(one) for one in kept] == [("Who knows?", "unparsed")]
    spent = "SELECT sum(prompt_tokens) FROM shard WHERE stage = 'judge'"
    assert scene.number(spent) == 2 * 2 * 3 * 20  # judges, models, prompts
