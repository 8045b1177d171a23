"""Exports that nobody reads on hold no connection of the ledger."""

from fastapi.testclient import TestClient

from api import export
from api.streams import Streams
from core.database import engine, transaction
from core.queries.pairs import PairFilter
from tests.factories import ledger
from tests.factories.scene import number

EXPORTS = 40  # more than the pool has connections


def test_many_slow_exports_leave_the_ledger_to_the_others(client: TestClient) -> None:
    with transaction() as session:
        made = ledger.made_dataset(session)
    slow = [export.chunks(made.id, PairFilter(), "jsonl", Streams(EXPORTS)) for _ in range(EXPORTS)]
    assert engine().pool.checkedout() == 0
    assert number("SELECT count(*) FROM pair") == 12
    assert {b"".join(chunks).count(b"\n") for chunks in slow} == {12}
