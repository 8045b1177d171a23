"""Several candidates of the last revision: one that is flawed is left out, and the others go on."""

import pytest

from core.database import transaction
from core.errors import BadInput
from core.provenance import ground, trace
from core.queries import exports
from core.queries.pairs import PairFilter
from tests.factories import judged, scene
from tests.factories.judged import Bench
from tests.fakes.teacher import ScriptedTeacher, plain, turn
from workers.lease import Beats
from workers.teachers.teacher import Turn

LONGEST = {"kind": "classifier", "model": "a-reward"}
CUT = turn("half a thought that is longer than all others", finish="length")
NAMES = ("revision", "revision.1", "revision.2")


def teacher(flawed: dict[str, Turn | Exception]) -> ScriptedTeacher:
    """It writes three candidates in the order of their names, each longer than the one before."""
    names = iter(NAMES * 2)

    def script(prompt: str, number: int) -> Turn:
        if number != 2:
            return plain(prompt, number)
        name = next(names)
        said = flawed.get(name, turn("good " * (1 + NAMES.index(name))))
        if isinstance(said, Exception):
            raise said
        return said

    return ScriptedTeacher(script)


def made(beats: Beats) -> str:
    """A dataset of one prompt with three candidates, filters over the whole of it included; its id."""
    kept = {"split": {"validation": 0}, "filters": {"duplicates": True}}
    id = judged.ask(judged.behavior(prompts=1), reward=LONGEST, best_of=3, **kept)
    judged.work(beats)
    assert scene.state(id) == "completed"
    return id


@pytest.mark.parametrize(
    ("flawed", "chosen"),
    [
        ({"revision": CUT}, "revision.2"),
        ({"revision": BadInput("leaves no room")}, "revision.2"),
        ({"revision.1": CUT, "revision.2": turn("")}, "revision"),
        ({"revision": turn(" "), "revision.2": BadInput("leaves no room")}, "revision.1"),
    ],
)
def test_a_flawed_candidate_is_neither_scored_nor_chosen(
    beats: Beats, bench: Bench, flawed: dict[str, Turn | Exception], chosen: str
) -> None:
    bench.teacher = teacher(flawed)
    id = made(beats)
    whole = set(NAMES) - flawed.keys()
    assert set(judged.scores_of(id)) == {("classifier:a-reward", name) for name in (whole | {"draft"})}
    (pair,) = scene.rows("SELECT chosen, chosen_answer, verdict, score_chosen FROM pair WHERE dataset_id = :id", id=id)
    said = ("good " * (1 + NAMES.index(chosen))).strip()
    assert tuple(pair) == (said, chosen, "kept", float(len(said)))
    (chain,) = scene.rows("SELECT state, revision_finish, more FROM chain WHERE dataset_id = :id", id=id)
    ends = {"revision": chain.revision_finish} | {kept["name"]: kept["finish"] for kept in chain.more}
    assert chain.state == "done"
    assert {name for name in NAMES if ends[name] != "stop"} == {
        name for name, said in flawed.items() if isinstance(said, BadInput) or said.finish != "stop"
    }


def test_a_chain_fails_when_none_of_its_candidates_is_whole(beats: Beats, bench: Bench) -> None:
    bench.teacher = teacher({"revision": CUT, "revision.1": turn(""), "revision.2": BadInput("leaves no room")})
    id = judged.ask(judged.behavior(prompts=1), reward=LONGEST, best_of=3)
    judged.work(beats)
    (chain,) = scene.rows("SELECT state, failure_turn, failure_reason FROM chain WHERE dataset_id = :id", id=id)
    assert tuple(chain) == ("failed", "revision", "truncated")
    assert scene.pairs(id) == 0


def test_candidates_of_a_chain_come_from_the_cache_flawed_ones_included(beats: Beats, bench: Bench) -> None:
    bench.teacher = teacher({"revision": CUT, "revision.1": turn("")})
    found = []
    for id in (made(beats), made(beats)):
        asked = "SELECT state, revision, revision_finish, more -> 1 ->> 'text', paid_tokens > 0 FROM chain"
        found.append(tuple(scene.rows(f"{asked} WHERE dataset_id = :id", id=id)[0]))
    assert found == [("done", CUT.text, "length", "good good good", paid) for paid in (True, False)]
    assert len(bench.teacher.seeds) == 5


def test_only_a_candidate_that_gave_no_turn_is_asked_for_again(beats: Beats, bench: Bench) -> None:
    bench.teacher = teacher({"revision": BadInput("leaves no room")})
    made(beats)
    made(beats)
    assert len(bench.teacher.seeds) == 5 + 1


def test_a_candidate_that_was_forgotten_is_no_hit_and_the_others_are(beats: Beats, bench: Bench) -> None:
    bench.teacher = teacher({})
    made(beats)
    scene.change("DELETE FROM cached_turn WHERE text = 'good '")  # the first candidate
    bench.teacher = ScriptedTeacher(lambda prompt, number: turn("good"))
    id = made(beats)
    with transaction() as session:
        common = ground(session, id)
        (row,) = exports.page(session, id, PairFilter(), after="", traced=True)
        told = trace(row, (), common)
    hits = {one["name"]: one["hit"] for one in told["turns"]}
    assert hits == {"draft": True, "critique": True, "revision": False, "revision.1": True, "revision.2": True}
