"""Windows in alternation, and what is told of them."""

from bench.window import Window, ratios, rounds


def test_a_round_is_a_b_b_a_and_both_sides_get_the_same_numbers() -> None:
    seen: list[tuple[str, int]] = []

    def side(name: str, seconds: float) -> Window:
        return Window(10, seconds, 2 * seconds)

    def first(number: int) -> Window:
        seen.append(("first", number))
        return side("first", 1.0)

    def second(number: int) -> Window:
        seen.append(("second", number))
        return side("second", 2.0)

    pairs = rounds(first, second, range(4))
    order = ["first", "second", "second", "first"] * 2
    assert seen == list(zip(order, [0, 0, 1, 1, 2, 2, 3, 3], strict=True))
    assert pairs == [(Window(20, 2.0, 4.0), Window(20, 4.0, 8.0))] * 2


def test_ratios_are_of_rates_and_of_work_done_in_a_cpu_second() -> None:
    pairs = [(Window(10, 1.0, 4.0), Window(10, 2.0, 2.0)), (Window(10, 1.0, 4.0), Window(10, 3.0, 2.0))]
    told = ratios("a", pairs)
    assert told["a"] == {"ratio": 2.5, "low": 2.0, "high": 3.0}
    assert told["a/cpu"] == {"ratio": 0.5, "low": 0.5, "high": 0.5}
