"""The chain runner: draft, critique, revision, and every way in which one ends early."""

import asyncio
from typing import Any

import pytest

from core.configs.sampling import Sampling
from core.errors import BadInput, EngineDied
from core.queries.recipes import Instructions
from core.seeds import derive_seed
from core.strategies.self_critique import self_critique
from core.tables import Chain
from tests.fakes.teacher import Script, ScriptedTeacher, plain, turn
from workers.chain import TURNS, Ask, run_chain
from workers.teachers.teacher import Conversation, Turn

MESSAGES = ({"role": "system", "content": "Be brief."}, {"role": "user", "content": "Why?"})
ASK = Ask(
    prompt_id=7,
    sample=1,
    cues=tuple(self_critique(MESSAGES, Instructions("Criticise.", "Revise."))),
    sampling=lambda turn: Sampling(),
    seed=99,
)


def run(teacher: ScriptedTeacher) -> dict[str, Any]:
    """The row of one chain."""
    return asyncio.run(run_chain(teacher, ASK))


def at(name: str, answer: Turn | Exception) -> Script:
    """Plain answers but for one turn."""

    def script(prompt: str, number: int) -> Turn:
        if TURNS[number] != name:
            return plain(prompt, number)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return script


def test_a_whole_chain_has_three_turns_with_their_counts() -> None:
    row = run(ScriptedTeacher())
    assert [row[name] for name in TURNS] == ["draft of Why?", "critique of Why?", "revision of Why?"]
    assert [row[f"{name}_tokens"] for name in TURNS] == [3, 3, 3]
    assert [row[f"{name}_finish"] for name in TURNS] == ["stop"] * 3
    assert (row["prompt_tokens"], row["cached_tokens"], row["cleaned_chars"]) == (60, 30, 0)
    assert (row["state"], row["failure_turn"], row["failure_reason"]) == ("done", None, None)
    assert (row["prompt_id"], row["sample"], row["seed"]) == (7, 1, 99)


def test_each_turn_has_a_seed_of_its_own_by_name() -> None:
    teacher = ScriptedTeacher()
    run(teacher)
    assert teacher.seeds == [derive_seed(99, name) for name in TURNS]


@pytest.mark.parametrize("name", TURNS)
@pytest.mark.parametrize(
    ("answer", "reason", "kept"),
    [
        (turn("half a thou", finish="length"), "truncated", "half a thou"),
        (turn(" \n "), "empty", ""),
        (turn(""), "empty", ""),
        (BadInput("leaves no room"), "too_long", None),
    ],
)
def test_a_turn_that_fails_ends_its_chain(name: str, answer: Turn | Exception, reason: str, kept: str | None) -> None:
    teacher = ScriptedTeacher(at(name, answer))
    row = run(teacher)
    place = TURNS.index(name)
    assert (row["state"], row["failure_turn"], row["failure_reason"]) == ("failed", name, reason)
    assert row[name] == kept
    assert all(row[later] is None for later in TURNS[place + 1 :])
    assert all(row[earlier] for earlier in TURNS[:place])
    assert len(teacher.seeds) == place + 1


@pytest.mark.parametrize(("name", "method"), [("draft", "open"), ("critique", "follow")])
def test_a_chat_that_the_template_refuses_ends_the_chain(
    name: str, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> Conversation:
        raise BadInput("The template refuses it.")

    teacher = ScriptedTeacher()
    monkeypatch.setattr(teacher, method, refuse)
    row = run(teacher)
    assert (row["failure_turn"], row["failure_reason"]) == (name, "template")


def test_a_dead_engine_is_nobodys_failure_but_its_own() -> None:
    with pytest.raises(EngineDied):
        run(ScriptedTeacher(at("critique", EngineDied("gone"))))


def test_odd_characters_are_replaced_and_counted() -> None:
    row = run(ScriptedTeacher(at("revision", turn("  a\x00b\ud800 "))))
    assert row["revision"] == "a\ufffdb\ufffd"
    assert row["cleaned_chars"] == 2
    assert row["state"] == "done"


def test_rows_of_every_fate_have_the_same_columns_and_each_is_one_of_the_table() -> None:
    fates = [
        run(ScriptedTeacher()),
        run(ScriptedTeacher(at("draft", BadInput("x")))),
        run(ScriptedTeacher(at("critique", turn("")))),
        run(ScriptedTeacher(at("revision", turn("x", finish="length")))),
    ]
    columns = {frozenset(row) for row in fates}
    assert len(columns) == 1
    assert columns.pop() <= set(Chain.__table__.columns.keys())


def test_chains_do_not_wait_for_each_other() -> None:
    async def many() -> list[dict[str, Any]]:
        teacher = ScriptedTeacher(seconds=0.001)
        return await asyncio.gather(*(run_chain(teacher, ASK) for _ in range(50)))

    assert {row["state"] for row in asyncio.run(many())} == {"done"}
