"""Workers whose teacher and scorer are scripted."""

from collections.abc import Iterator

import pytest

from tests.factories.judged import Bench
from workers.lease import Beats


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Bench:
    """What the desks are given to load."""
    one = Bench()
    one.seat(monkeypatch)
    return one


@pytest.fixture
def beats(database: str, bench: Bench) -> Iterator[Beats]:
    """The beats of their leases."""
    with Beats() as thread:
        yield thread
