"""How many second tries there may be: a share of the first ones, so that a sick endpoint is not asked all the more."""

SHARE = 0.2
RESERVE = 10.0  # second tries that are there at the start, and the most that can be saved up


class RetryBudget:
    """Every request adds a share of a try, every second try takes one."""

    def __init__(self) -> None:
        self._left = RESERVE

    def asked(self) -> None:
        """A request is made for the first time."""
        self._left = min(RESERVE, self._left + SHARE)

    def take(self) -> bool:
        """Whether a request may be made again."""
        if self._left < 1:
            return False
        self._left -= 1
        return True
