"""The counts of a dataset's pairs: what was counted with every write is what counting all of them tells."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import update

from core.database import transaction
from core.errors import LeaseLost
from core.queries import datasets, pairs, verdicts
from core.queries.verdicts import Judged
from core.states import Queue
from core.tables import DEFAULT_PROJECT, Dataset, Pair
from tests.conftest import forget_settings
from tests.factories import hands, ledger, scene


@pytest.fixture(autouse=True)
def small_shards(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BURNISH_SHARD_PROMPTS", "4")
    forget_settings()


def told(id: str) -> dict[str, int]:
    """The counts of a dataset, which are those of its pairs."""
    with transaction() as session:
        row = datasets.get(session, DEFAULT_PROJECT, id)
        assert row.counts == pairs.counts(session, id)
        return datasets.pair_counts(session, row)


def scored(prompts: int) -> str:
    """A dataset whose chains are scored and wait for their pairs."""
    id = scene.ask(scene.Asked(prompts=prompts))
    while (hand := hands.take(Queue.generate)) is not None:
        hand.write(len(hand.rows))
        hand.finish()
    for _ in range(-(-prompts // 4)):
        hand = hands.take(Queue.score)
        assert hand is not None
        assert hand.claim.stage == "score"
        hand.write(len(hand.rows))
        hand.finish()
    return id


def test_counts_grow_with_every_write_and_a_write_that_comes_twice_counts_once() -> None:
    id = scored(8)
    assert told(id) == {"kept": 0, "dropped": 0, "scored": 0}
    hand = hands.take(Queue.score)
    assert hand is not None
    hand.rows[0] |= {"verdict": "dropped", "reason": "refusal"}
    hand.rows[1] |= {"score_chosen": None}
    hand.write(3)
    assert told(id) == {"kept": 2, "dropped": 1, "dropped:refusal": 1, "scored": 2}
    hand.write_again()
    assert told(id) == {"kept": 2, "dropped": 1, "dropped:refusal": 1, "scored": 2}
    scene.change("UPDATE shard SET token = token + 1000 WHERE id = :id", id=hand.claim.shard_id)
    with pytest.raises(LeaseLost):
        hand.write(1)
    assert told(id)["kept"] == 2


def test_workers_that_write_at_once_count_everything_and_never_lock_each_other_out() -> None:
    id = scored(80)
    start = threading.Barrier(4)

    def work(_: int) -> int:
        start.wait()
        written = 0
        while (hand := hands.take(Queue.score)) is not None:
            while hand.rows:
                hand.write(1)
                written += 1
            hand.finish()
        return written

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(work, range(4))) == 80
    assert told(id) == {"kept": 80, "dropped": 0, "scored": 80}


def test_filters_do_not_overrule_what_a_person_decides_while_they_run() -> None:
    with transaction() as session:
        id = ledger.made_dataset(session, n_prompts=3).id
    rows = scene.rows("SELECT id FROM pair ORDER BY id")
    with transaction() as session:
        session.execute(update(Pair).where(Pair.id == rows[0].id).values(review="accepted"))
    with transaction() as session:
        change = verdicts.judge(session, [Judged(row.id, None, "refusal") for row in rows])
        verdicts.count(session, id, change)
    assert told(id) == {"kept": 1, "dropped": 2, "dropped:refusal": 2, "scored": 3}
    with transaction() as session:
        back = [Judged(row.id, "refusal", None) for row in rows]
        verdicts.count(session, id, verdicts.judge(session, back))
    assert told(id) == {"kept": 3, "dropped": 0, "scored": 3}


def test_a_dataset_from_before_there_were_counts_is_counted() -> None:
    with transaction() as session:
        id = ledger.made_dataset(session, n_prompts=3).id
        session.execute(update(Dataset).where(Dataset.id == id).values(counts=None))
    with transaction() as session:
        verdicts.count(session, id, {"kept": 1})
        row = datasets.get(session, DEFAULT_PROJECT, id)
        assert row.counts is None
        assert datasets.pair_counts(session, row) == {"kept": 3, "dropped": 0, "scored": 3}
