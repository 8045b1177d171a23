"""Filters over a whole dataset: duplicates are explained, other filters run again, nobody's word is overruled."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update
from starlette.testclient import TestClient

from api.first_key import make_first_key
from api.main import create_door
from core.configs.filters import FilterConfig
from core.database import transaction
from core.queries import datasets, pairs, pipeline, shards
from core.states import Queue
from core.tables import DEFAULT_PROJECT, Dataset, Pair, Prompt, Score, Scorer, Shard
from tests.factories import ledger, scene
from workers import advance
from workers.filters.shingles import jaccard, shingles
from workers.filters.signature import bands, signature
from workers.lease import Beats, Lease
from workers.scoring import ScoringDesk
from workers.sifting import sift

LONG = "the quick brown fox jumps over the lazy dog while the other animals of the wood look on in silence"


@pytest.fixture
def beats(database: str) -> Iterator[Beats]:
    with Beats() as thread:
        yield thread


def made(texts: list[tuple[str, str]]) -> str:
    """A completed dataset whose pairs have these prompts and chosen answers, in this order."""
    with transaction() as session:
        id = ledger.made_dataset(session, n_prompts=len(texts)).id
    pairs = scene.rows("SELECT pair.id, prompt_id FROM pair JOIN prompt p ON p.id = prompt_id ORDER BY p.index")
    with transaction() as session:
        for pair, (prompt, chosen) in zip(pairs, texts, strict=True):
            messages = [{"role": "user", "content": prompt}]
            session.execute(update(Prompt).where(Prompt.id == pair.prompt_id).values(messages=messages))
            session.execute(update(Pair).where(Pair.id == pair.id).values(chosen=chosen, rejected="No."))
    return id


def rows_of() -> list[Any]:
    """The pairs in the order of their prompts."""
    columns = "pair.id, verdict, reason, duplicate_of, similarity, review"
    return scene.rows(f"SELECT {columns} FROM pair JOIN prompt p ON p.id = prompt_id ORDER BY p.index")


def sifted(beats: Beats, id: str, **asked: Any) -> list[Any]:
    """The pairs in order after these filters ran over the dataset."""
    with transaction() as session:
        datasets.filter_again(session, DEFAULT_PROJECT, id, FilterConfig.model_validate(asked))
    work_off(beats)
    assert scene.state(id) in ("completed", "failed")
    return rows_of()


def work_off(beats: Beats) -> None:
    """What the scoring worker and the sweep do."""
    desk = ScoringDesk(beats, "a test")
    desk.drain(threading.Event())
    desk.close()
    advance.everything()


def test_a_word_for_word_duplicate_names_the_pair_it_repeats(beats: Beats) -> None:
    id = made([("Why?", "Because."), ("How?", "So."), ("Why? ", " Because.\n"), ("Why?", "Because of that.")])
    rows = sifted(beats, id, duplicates=True)
    assert [row.reason for row in rows] == [None, None, "duplicates", None]
    assert (rows[2].duplicate_of, rows[2].similarity) == (rows[0].id, 1.0)


def test_a_word_for_word_duplicate_differs_in_no_sign_and_on_no_side(beats: Beats) -> None:
    said = [("3 < 4?", "Caf\u00e9"), ("3 > 4?", "Caf\u00e9"), ("3 < 4?", "caf\u00e9"), ("...", "!"), ("!", "..."),
            ("3 < 4?", "Cafe\u0301"), ("3 < 4?", "Caf\u00e9")]  # fmt: skip
    id = made(said)
    with transaction() as session:
        session.execute(update(Pair).where(Pair.id == rows_of()[-1].id).values(rejected="Nothing."))
    assert [row.reason for row in sifted(beats, id, duplicates=True)] == [None] * 5 + ["duplicates", None]


def test_a_near_duplicate_is_dropped_with_its_true_similarity(beats: Beats) -> None:
    id = made([("Tell me.", LONG), ("Tell me.", LONG + " today"), ("Tell me.", "something else entirely is said here")])
    rows = sifted(beats, id, near_duplicates={"threshold": 0.8, "shingle": 3})
    assert [row.reason for row in rows] == [None, "near_duplicates", None]
    assert rows[1].duplicate_of == rows[0].id
    assert 0.8 <= rows[1].similarity < 1.0


def chained() -> list[tuple[str, str]]:
    """Three pairs of which each is almost the one before it; the last is less alike to the first."""
    return [("Tell me.", " ".join(f"w{place}" for place in range(start, start + 20))) for start in (0, 2, 4)]


def test_every_duplicate_names_the_pair_that_is_kept_and_how_alike_it_is_to_that_one(beats: Beats) -> None:
    id = made(chained())
    near = {"threshold": 0.8, "shingle": 1, "over": "chosen"}
    rows = sifted(beats, id, near_duplicates=near)
    assert [(row.reason, row.duplicate_of) for row in rows[1:]] == [("near_duplicates", rows[0].id)] * 2
    first, second, third = (shingles(chosen, 1) for _, chosen in chained())
    assert [row.similarity for row in rows[1:]] == [jaccard(second, first), jaccard(third, first)]
    assert rows[2].similarity < 0.8 <= min(rows[1].similarity, jaccard(third, second))


def test_a_word_for_word_duplicate_of_a_near_duplicate_names_the_pair_that_is_kept(beats: Beats) -> None:
    id = made([*chained()[:2], chained()[1]])
    rows = sifted(beats, id, duplicates=True, near_duplicates={"threshold": 0.8, "shingle": 1, "over": "chosen"})
    assert rows[0].verdict == "kept"
    assert {(row.reason, row.duplicate_of) for row in rows[1:]} == {("near_duplicates", rows[0].id)}
    assert rows[1].similarity == rows[2].similarity < 1.0


def test_a_duplicate_that_a_person_accepted_is_what_later_ones_name(beats: Beats) -> None:
    id = made(chained())
    near = {"threshold": 0.8, "shingle": 1, "over": "chosen"}
    second = sifted(beats, id, near_duplicates=near)[1]
    scene.change("UPDATE pair SET verdict = 'kept', reason = NULL, review = 'accepted' WHERE id = :id", id=second.id)
    rows = sifted(beats, id, near_duplicates=near)
    assert [row.verdict for row in rows] == ["kept", "kept", "dropped"]
    assert (rows[2].duplicate_of, rows[2].similarity >= 0.8) == (rows[1].id, True)


def test_counts_follow_the_filters_before_the_dataset_ends(beats: Beats) -> None:
    id = made([("Why?", "Because."), ("Why?", "Because."), ("Who?", "x" * 50), *chained()])
    near = {"threshold": 0.8, "shingle": 1, "over": "chosen"}
    for asked in ({"duplicates": True, "near_duplicates": near, "max_chars": 40}, {"max_chars": 20}, {}):
        with transaction() as session:
            datasets.filter_again(session, DEFAULT_PROJECT, id, FilterConfig.model_validate(asked))
            claim = shards.claim(session, queue=Queue.score, owner="a test")
        assert claim is not None
        lease = beats.open(claim, stall_seconds=60)
        sift(lease)
        beats.close(lease)
        with transaction() as session:
            row = datasets.get(session, DEFAULT_PROJECT, id)
            assert row.state == "in_progress"
            assert row.counts == pairs.counts(session, id)
            pipeline.finish(session, claim)
        advance.everything()


@pytest.mark.parametrize(("asked", "passed"), [({"max_chars": 9}, 5), ({"duplicates": True}, 2)])
def test_how_far_the_filters_are_is_counted_while_they_run(beats: Beats, asked: dict[str, Any], passed: int) -> None:
    id = made([(f"Why {place}?", "Because.") for place in range(5)])
    with transaction() as session:
        datasets.filter_again(session, DEFAULT_PROJECT, id, FilterConfig.model_validate(asked))
        claim = shards.claim(session, queue=Queue.score, owner="a test")
    assert claim is not None
    lease, counted = Lease(claim, stall_seconds=60), []
    lease.moved = lambda: counted.append(scene.number("SELECT completed FROM shard WHERE stage = 'sift'"))  # type: ignore[method-assign]
    sift(lease)
    assert sorted(set(counted)) == [0, passed]
    assert scene.number("SELECT completed FROM shard WHERE stage = 'sift'") == 5


def paired_again(beats: Beats, id: str, **asked: Any) -> list[Any]:
    """The pairs in order after they were made with these filters from the start."""
    filters = FilterConfig.model_validate(asked).model_dump(mode="json")
    with transaction() as session:
        session.execute(update(Dataset).where(Dataset.id == id).values(filters=filters, state="in_progress"))
        session.execute(delete(Pair).where(Pair.dataset_id == id))
        session.execute(update(Shard).where(Shard.stage == "pair").values(state="queued", completed=0))
    work_off(beats)
    return rows_of()


def converse(index: int, *said: str, wrapper: str | None = None, plain: str | None = None) -> None:
    """Let the prompt with this index be this chat, which the user begins, in a template if one is named."""
    roles = ("user", "assistant")
    messages = [{"role": roles[place % 2], "content": text} for place, text in enumerate(said)]
    bare = [{"role": "user", "content": plain}] if plain is not None else None
    with transaction() as session:
        values = {"messages": messages, "wrapper": wrapper, "plain": bare}
        session.execute(update(Prompt).where(Prompt.index == index).values(values))


@pytest.mark.parametrize("run", [sifted, paired_again])
def test_a_template_is_not_what_prompts_share_with_the_evaluation(run: Any, beats: Beats) -> None:
    id = made([(str(place), "Yes.") for place in range(3)])
    trained = ["Why is rain wet?", "Who was the first to fly over the sea?", "How tall is a giraffe?"]
    held_out = ["who was the FIRST to fly over the sea", "How old are you?", "What is rain?"]
    for index, plain in enumerate(trained + held_out):
        converse(index, f"{LONG}. {plain}", wrapper="fable", plain=plain)
    assert [row.reason for row in run(beats, id, decontamination={})] == [None, "decontamination", None]


def test_templates_do_not_make_prompts_alike(beats: Beats) -> None:
    id = made([(str(place), "Yes.") for place in range(3)])
    for index, plain in enumerate(["Why is rain wet?", "Who was the first to fly?", "why is rain wet"]):
        converse(index, f"{LONG}. {plain}", wrapper="fable", plain=plain)
    rows = sifted(beats, id, near_duplicates={"over": "prompt"})
    assert [row.reason for row in rows] == [None, None, "near_duplicates"]


def test_conversations_that_end_with_the_same_words_are_not_alike(beats: Beats) -> None:
    id = made([(str(place), f"Answer {place}.") for place in range(6)])
    facts = ["rain is wet", "Rome is old", "iron rusts", "mice are small", "Mars is red", "bees dance"]
    for index, fact in enumerate(facts):
        converse(index, f"Is it true that {fact}?", f"It is: {fact}.", "Are you sure?")
    converse(6, "Is it true that nuts are hard?", "They are.", "Are you sure?")  # an evaluation prompt
    rows = sifted(beats, id, near_duplicates={"over": "prompt"}, decontamination={})
    assert [row.reason for row in rows] == [None] * 6
    converse(3, f"Is it true that {facts[2]}?", f"It is: {facts[2]}.", "Are you sure?")
    again = sifted(beats, id, near_duplicates={"over": "prompt"}, decontamination={})
    assert [row.reason for row in again] == [None, None, None, "near_duplicates", None, None]


@pytest.mark.parametrize("run", [sifted, paired_again])
def test_a_score_that_any_scorer_lacks_can_be_asked_for(run: Any, beats: Beats) -> None:
    id = made([("Why?", "a"), ("Who?", "b"), ("How?", "c")])
    with transaction() as session:
        second = {"dataset_id": id, "name": "second", "position": 1, "kind": "rule", "purpose": "reward"}
        session.execute(insert(Scorer).values(second))
        chains = session.execute(select(Pair.chain_id, Pair.id).order_by(Pair.chain_id)).all()
        for place, (chain, _) in enumerate(chains):
            for answer in ("draft", "revision")[: 2 - place]:
                given = {"chain_id": chain, "answer": answer, "scorer": "second", "fingerprint": "f", "value": 1.0}
                session.execute(insert(Score).values(given))
    assert [row.reason for row in run(beats, id, missing_score="every")] == [None, "missing_score", "missing_score"]
    assert [row.reason for row in run(beats, id, missing_score="first")] == [None, None, None]


def test_a_pair_that_is_dropped_for_another_reason_shadows_nobody(beats: Beats) -> None:
    id = made([("Why?", "Because."), ("Why?", "Because.")])
    with transaction() as session:
        session.execute(update(Pair).where(Pair.id == rows_of()[0].id).values(score_chosen=-1.0))
    rows = sifted(beats, id, duplicates=True, min_margin=0.5)
    assert [row.reason for row in rows] == ["min_margin", None]


def test_what_a_person_decided_stays(beats: Beats) -> None:
    id = made([("Why?", "Because."), ("Why?", "Because."), ("Why?", "Because.")])
    with transaction() as session:
        session.execute(update(Pair).where(Pair.id == rows_of()[1].id).values(review="accepted"))
    rows = sifted(beats, id, duplicates=True)
    assert [row.reason for row in rows] == [None, None, "duplicates"]


def test_filters_that_are_run_again_give_what_they_give_at_once(beats: Beats) -> None:
    id = made([("Why?", "Because."), ("Why?", "Because."), ("Who?", "x" * 50)])
    strict = sifted(beats, id, duplicates=True, max_chars=20)
    assert [row.reason for row in strict] == [None, "duplicates", "too_long"]
    loose = sifted(beats, id)
    assert [(row.verdict, row.reason, row.duplicate_of) for row in loose] == [("kept", None, None)] * 3
    assert [row.reason for row in sifted(beats, id, duplicates=True, max_chars=20)] == [row.reason for row in strict]
    with transaction() as session:
        row = datasets.get(session, DEFAULT_PROJECT, id)
        assert row.counts is not None
        assert (row.counts["kept"], row.counts["dropped:duplicates"]) == (1, 1)


def test_filters_that_leave_nothing_fail_the_dataset_and_others_bring_it_back(beats: Beats) -> None:
    id = made([("Why?", "Because."), ("Who?", "Me.")])
    sifted(beats, id, max_chars=1)
    assert scene.state(id) == "failed"
    assert [row.verdict for row in sifted(beats, id)] == ["kept", "kept"]
    assert scene.state(id) == "completed"


def test_filters_run_over_a_cancelled_dataset_and_a_resume_completes_it(beats: Beats) -> None:
    id = made([("Why?", "Because."), ("Why?", "Because."), ("Who?", "Me.")])
    scene.change("UPDATE dataset SET state = 'cancelled' WHERE id = :id", id=id)
    scene.change("UPDATE shard SET state = 'cancelled' WHERE stage = 'score'")
    with transaction() as session:
        datasets.filter_again(session, DEFAULT_PROJECT, id, FilterConfig(duplicates=True))
    work_off(beats)
    assert [row.reason for row in rows_of()] == [None, "duplicates", None]
    assert scene.state(id) == "cancelled"
    scene.change("UPDATE pair SET verdict = 'kept', reason = NULL, duplicate_of = NULL, similarity = NULL")  # as if new
    with transaction() as session:
        datasets.resume(session, DEFAULT_PROJECT, id)
    scene.change("UPDATE shard SET state = 'done' WHERE stage = 'score'")
    advance.everything()
    work_off(beats)
    assert [row.reason for row in rows_of()] == [None, "duplicates", None]
    assert scene.state(id) == "completed"


def test_the_door_runs_filters_again_and_tells_the_funnel(beats: Beats) -> None:
    id = made([("Why?", "Because."), ("Why?", "Because."), ("Who?", "Me.")])
    key = make_first_key()
    client = TestClient(create_door(), base_url="http://127.0.0.1", headers={"authorization": f"Bearer {key}"})
    answer = client.post(f"/datasets/{id}/filters", json={"duplicates": True})
    assert (answer.status_code, answer.json()["status"]) == (202, "in_progress")
    assert client.post(f"/datasets/{id}/filters", json={}).status_code == 409
    work_off(beats)
    funnel = client.get(f"/datasets/{id}/funnel").json()
    assert (funnel["kept"], funnel["dropped"], funnel["failed"], funnel["quarantined"]) == (2, {"duplicates": 1}, {}, 0)
    with transaction() as session:
        ledger.run(session, id)
    assert client.post(f"/datasets/{id}/filters", json={}).status_code == 409


@pytest.mark.parametrize("threshold", [0.5, 0.7, 0.8, 0.9, 0.95])
def test_texts_as_alike_as_the_threshold_share_a_band(threshold: float) -> None:
    rows, missed = bands(threshold), 0
    for number in range(40):
        words = [f"w{number}x{place}" for place in range(100)]
        share = round(100 * 2 * threshold / (1 + threshold))  # shared words of two equal sets at this similarity
        other = words[:share] + [f"o{place}" for place in range(100 - share)]
        one, two = (set(signature(shingles(" ".join(text), 1), rows)) for text in (words, other))
        missed += not one & two
    assert missed <= 4
