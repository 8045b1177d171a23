"""Rows that travel to PostgreSQL as one JSON parameter arrive as they were sent."""

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.queries import cached_turns, chains
from core.tables import DEFAULT_PROJECT, CachedTurn, Chain
from core.turn_key import Identity
from tests.factories import scene
from workers.chain import Ask, blank

pytestmark = pytest.mark.usefixtures("database")
ODD = "line\nfeed \\ \"quotes\" 'and' {json} \u2028 \x7f \U0001f600 \ufeff é %s :name $1 \t"


def chain_of(prompt_id: int, **columns: Any) -> dict[str, Any]:
    """A whole row of the table `chain`."""
    row = blank(Identity("vllm", "f" * 64, "t" * 64), Ask(prompt_id, 0, (), sampling=lambda kind: kind, seed=2**63 - 1))
    return row | {"draft": "d", "critique": "c", "revision": "r", "token": 1} | columns


def prompts_of(dataset: str) -> list[int]:
    """Ids of its prompts."""
    found = scene.rows("SELECT id FROM prompt WHERE dataset_id = :id ORDER BY index", id=dataset)
    return [row[0] for row in found]


def test_chains_arrive_as_they_were_sent(session: Session) -> None:
    dataset = scene.ask(scene.Asked(prompts=3))
    turn = {"name": "critique.r1", "text": ODD, "finish": "stop", "tokens": 3, "hit": False, "served": None}
    sent = [
        chain_of(
            id, dataset_id=dataset, draft=f"{ODD}{id}", revision="", more=[turn], seconds=1e-9, usd=0.1, context=context
        )
        for id, context in zip(prompts_of(dataset), (None, [], [{"role": "user", "content": ODD}]), strict=True)
    ]
    assert [row.state for row in chains.store(session, sent)] == ["done"] * 3
    for row in sent:
        stored = session.scalars(select(Chain).where(Chain.prompt_id == row["prompt_id"])).one()
        assert {name: getattr(stored, name) for name in row} == row


def test_rows_of_any_number_are_stored_by_the_same_statement(session: Session) -> None:
    dataset = scene.ask(scene.Asked(prompts=40))
    ids = prompts_of(dataset)
    for start, stop in ((0, 1), (1, 3), (3, 40)):
        rows = [chain_of(id, dataset_id=dataset) for id in ids[start:stop]]
        assert len(chains.store(session, rows)) == stop - start
        assert chains.store(session, rows) == []
    assert scene.number("SELECT count(*) FROM chain") == 0, "nothing is committed by a query"


def test_turns_arrive_as_they_were_sent(session: Session) -> None:
    keys = [bytes([number, 0, 255, 92]) * 8 for number in range(256)]
    sent = [
        {
            "project_id": DEFAULT_PROJECT, "key": key, "text": ODD, "token_ids": ids, "finish": "stop", "tokens": 1,
            "prompt_tokens": 2, "model_fingerprint": "f",
        }
        for key, ids in zip(keys, [None, b"", b"\x00\xff\\x41"] * 86, strict=False)
    ]  # fmt: skip
    cached_turns.store(session, sent)
    cached_turns.store(session, sent)
    found = cached_turns.find(session, DEFAULT_PROJECT, [*keys, b"another"])
    assert sorted(found) == sorted(keys)
    for row in sent:
        assert {name: getattr(found[row["key"]], name) for name in row} == row
    assert len(session.scalars(select(CachedTurn)).all()) == len(keys)
