"""Round numbers along a scale."""

import math
from decimal import Decimal

STEPS = (Decimal(1), Decimal(2), Decimal(5))


def ticks(least: float, most: float, *, number: int = 40) -> list[float]:
    """At most `number` + 1 equal steps of 1, 2 or 5 times a power of ten, from `least` or below to above `most`.

    Each is the float nearest to its short decimal, so what people read is what is compared.
    """
    span = Decimal(most) - Decimal(least) or max(abs(Decimal(most)), Decimal(1))
    scale = Decimal(10) ** (math.floor(math.log10(span / number)))
    step = next(step for step in (*(scale * one for one in STEPS), scale * 10) if span / step <= number)
    first, last = (math.floor(Decimal(end) / step) for end in (least, most))
    if float(step * (last + 1)) <= most:  # the nearest float of a tick may reach what lies just below the tick
        last += 1
    return [float(step * place) for place in range(first, last + 2)]
