"""Several rounds of critique and revision: every turn is kept, paid for once, and the last ones count."""

from tests.factories import judged, scene
from tests.factories.judged import Bench
from workers.lease import Beats

ROUNDS = ("critique.r1", "revision.r1", "critique.r2", "revision.r2")


def made(beats: Beats, *, best_of: int = 1) -> str:
    """A dataset of one prompt in three rounds; its id."""
    reward = {"kind": "classifier", "model": "a-reward"}
    id = judged.ask(judged.behavior(prompts=1), reward=reward, rounds=3, best_of=best_of)
    judged.work(beats)
    assert scene.state(id) == "completed"
    return id


def test_each_round_is_kept_and_the_last_one_gives_the_pair(beats: Beats, bench: Bench) -> None:
    id = made(beats)
    (chain,) = scene.rows("SELECT * FROM chain WHERE dataset_id = :id", id=id)
    assert [kept["name"] for kept in chain.more] == list(ROUNDS)
    asked = "polite question 0?"
    said = [chain.draft, *(kept["text"] for kept in chain.more), chain.critique, chain.revision]
    numbered = ["draft", "critique", "revision", "critique 2", "revision 2", "critique 3", "revision 3"]
    assert said == [f"{name} of {asked}" for name in numbered]
    (pair,) = scene.rows("SELECT chosen, rejected, chosen_answer FROM pair WHERE dataset_id = :id", id=id)
    assert tuple(pair) == (chain.revision, chain.draft, "revision")
    assert {answer for _, answer in bench.scored} == {chain.draft, chain.revision}


def test_the_turns_of_every_round_are_counted_and_asked_for_once(beats: Beats, bench: Bench) -> None:
    id = made(beats)
    (chain,) = scene.rows("SELECT * FROM chain WHERE dataset_id = :id", id=id)
    assert [kept["tokens"] for kept in chain.more] == [5, 5, 6, 6]
    assert (chain.paid_tokens, chain.paid_prompt_tokens, chain.hits) == (5 * 3 + 6 * 4, 7 * 20, 0)
    again = made(beats)
    (cached,) = scene.rows("SELECT * FROM chain WHERE dataset_id = :id", id=again)
    assert len(bench.teacher.seeds) == len(set(bench.teacher.seeds)) == 7
    assert (cached.revision, cached.paid_tokens, cached.hits) == (chain.revision, 0, 7)


def test_candidates_belong_to_the_last_round(beats: Beats, bench: Bench) -> None:
    id = made(beats, best_of=2)
    (chain,) = scene.rows("SELECT * FROM chain WHERE dataset_id = :id", id=id)
    assert [kept["name"] for kept in chain.more] == [*ROUNDS, "revision.1"]
    assert chain.more[-1]["text"] == chain.revision
