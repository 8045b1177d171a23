"""The notebook of sampled turns: each is charged once and cached, however often it has to be written."""

from typing import Any

import pytest
from sqlalchemy.orm import Session

from core.configs.sampling import Sampling
from core.errors import LeaseLost
from core.ledger import Claim, Spent
from core.queries import cached_turns, datasets, shards
from core.states import Queue
from core.strategies.cue import Cue
from core.tables import DEFAULT_PROJECT
from core.turn_key import Identity
from tests.factories import ledger
from tests.fakes.teacher import turn
from workers.chain import Ask
from workers.notebook import Notebook, Payer

IDENTITY = Identity("e", "f", "t")
READ, SAID = 20, 1  # tokens of each turn


@pytest.fixture
def claim(session: Session) -> Claim:
    """A shard that a worker holds."""
    ledger.dataset(session)
    return claimed(session)


def claimed(session: Session) -> Claim:
    """The next shard."""
    found = shards.claim(session, queue=Queue.generate, owner="a test")
    assert found is not None
    return found


def opened(session: Session, claim: Claim, identity: Identity | None = IDENTITY) -> Notebook:
    """A new notebook for the shard."""
    return Notebook(Payer(claim, ("a-teacher",), shards.paid(session, claim)), identity)


def say(book: Notebook, *names: str) -> None:
    """Write down a turn for each name."""
    for name in names:
        cue = Cue(name, "draft", messages=({"role": "user", "content": name},))
        asked = Ask(1, 0, (cue,), sampling=lambda _: Sampling(), seed=0)
        book.keeper(asked)(asked, cue, turn("said"))


def write(session: Session, book: Notebook, *, broken: bool = False) -> None:
    """One COMMIT of what is in the book; of a broken one the worker never learns that it came through."""
    book.flush(session)
    if not broken:
        book.kept()


def test_a_write_that_broke_is_repeated_with_all_its_turns(session: Session, claim: Claim) -> None:
    book = opened(session, claim)
    for number, name in enumerate("abc", 1):
        say(book, name)
        with session.begin_nested() as broken:
            book.flush(session)
            assert cached_turns.stats(session, DEFAULT_PROJECT).turns == number
            broken.rollback()
    write(session, book)
    assert cached_turns.stats(session, DEFAULT_PROJECT).turns == 3
    assert shards.paid(session, claim) == Spent(3 * READ, 3 * SAID)


def test_a_write_that_came_through_unnoticed_is_charged_once(session: Session, claim: Claim) -> None:
    book = opened(session, claim)
    say(book, "a")
    write(session, book, broken=True)
    say(book, "b")
    write(session, book, broken=True)
    write(session, book)
    say(book, "c")
    write(session, book)
    assert shards.paid(session, claim) == Spent(3 * READ, 3 * SAID)


@pytest.mark.parametrize("identity", [IDENTITY, None])
def test_a_turn_that_was_sampled_twice_was_paid_twice(
    session: Session, claim: Claim, identity: Identity | None
) -> None:
    book = opened(session, claim, identity)
    say(book, "a", "a")
    write(session, book)
    assert shards.paid(session, claim).tokens == 2 * SAID
    assert cached_turns.stats(session, DEFAULT_PROJECT).turns == (1 if identity else 0)


def test_who_goes_on_counts_from_what_was_paid(session: Session, claim: Claim) -> None:
    book = opened(session, claim)
    say(book, "a")
    write(session, book)
    shards.hand_back(session, claim)
    heir = claimed(session)
    assert heir.shard_id == claim.shard_id
    going_on = opened(session, heir)
    say(book, "late")
    with pytest.raises(LeaseLost):
        write(session, book)
    say(going_on, "b")
    write(session, going_on)
    assert shards.paid(session, heir) == Spent(2 * READ, 2 * SAID)
    assert cached_turns.stats(session, DEFAULT_PROJECT).turns == 2


def test_what_was_under_way_at_a_pause_is_paid_for(session: Session, claim: Claim) -> None:
    book = opened(session, claim)
    say(book, "a")
    datasets.pause(session, DEFAULT_PROJECT, claim.dataset_id)
    write(session, book)
    datasets.resume(session, DEFAULT_PROJECT, claim.dataset_id)
    told: dict[str, Any] = datasets.progress(session, claim.dataset_id)
    assert (told["prompt_tokens"], told["tokens"]) == (READ, SAID)
    assert shards.paid(session, claimed(session)).tokens == SAID
