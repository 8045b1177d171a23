"""Errands go beside the worker's own work, a few at once."""

import threading
from collections.abc import Callable

from core.ledger import Claim
from workers.errands import MOST, Errands


def claim(number: int) -> Claim:
    """A claim of a push."""
    return Claim(
        shard_id=number, token=1, stage="push", project_id="p", dataset_id="d", run_id=None, role=None, model="push_1",
        first=0, last=0, total=1, attempts=1,
    )  # fmt: skip


def test_one_more_than_may_go_at_once_is_carried_out_by_the_worker_itself() -> None:
    errands, over, own = Errands(), threading.Event(), list[int]()
    carried: list[Callable[[Claim], object]] = [lambda _: over.wait(60)] * MOST
    assert not errands.wait(0)
    for number, carry_out in enumerate([*carried, lambda one: own.append(one.shard_id)]):
        errands.send(claim(number), carry_out)
    assert own == [MOST]
    assert errands.wait(0.01)
    over.set()
    while errands.wait(60):
        pass
    errands.send(claim(9), lambda one: own.append(threading.get_ident()))
    while errands.wait(60):
        pass
    assert own[1] != threading.get_ident()
