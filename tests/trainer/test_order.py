"""The order of pairs is a pure function of seed, epoch and step."""

import pytest

from trainer.order import Order


def test_every_epoch_takes_every_pair_once_in_an_order_of_its_own() -> None:
    order = Order(pairs=23, batch_size=5, epochs=3, seed=1)
    assert (order.steps_per_epoch, order.total_steps) == (5, 15)
    epochs = [[i for step in range(1 + 5 * e, 6 + 5 * e) for i in order.batch(step)] for e in range(3)]
    assert all(sorted(epoch) == list(range(23)) for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) == 3


def test_a_step_needs_no_memory_of_the_steps_before_it() -> None:
    order = Order(pairs=100, batch_size=7, epochs=4, seed=9)
    forwards = [order.batch(step) for step in range(1, order.total_steps + 1)]
    backwards = [Order(100, 7, 4, 9).batch(step) for step in range(order.total_steps, 0, -1)]
    assert forwards == backwards[::-1]


def test_another_seed_is_another_order() -> None:
    assert Order(50, 50, 1, 0).batch(1) != Order(50, 50, 1, 1).batch(1)


def test_steps_and_epochs_fit_together() -> None:
    order = Order(pairs=10, batch_size=4, epochs=2, seed=0)
    assert [order.epoch_of(step) for step in range(1, 7)] == [0, 0, 0, 1, 1, 1]
    assert [step for step in range(1, 7) if order.ends_epoch(step)] == [3, 6]
    assert len(order.batch(3)) == 2


@pytest.mark.parametrize("every", [None, 1, 2, 3, 4, 6, 7, 100])
def test_validations_are_as_many_as_there_are_steps_before_one(every: int | None) -> None:
    order = Order(pairs=10, batch_size=4, epochs=5, seed=0)
    due = [step for step in range(1, order.total_steps + 1) if order.validates(step, every)]
    assert set(due) >= {3, 6, 9, 12, 15}
    assert order.validations(every) == len(due)
