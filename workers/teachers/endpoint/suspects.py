"""Requests that may be to blame for getting no answer: one that cannot be answered must not hold a dataset for ever."""

import hashlib
from collections import OrderedDict

ROUNDS = 3  # in which a request got no answer while others did, before it is given up
KNOWN = 10_000  # suspects that are remembered


class Suspects:
    """Counts the rounds of each request; a round is a row of tries that all failed."""

    def __init__(self) -> None:
        self._rounds: OrderedDict[bytes, int] = OrderedDict()

    def failed(self, body: bytes) -> bool:
        """A round failed while the endpoint answered others; whether it was the last one."""
        key = hashlib.sha256(body).digest()
        rounds = self._rounds.pop(key, 0) + 1
        if rounds >= ROUNDS:
            return True
        self._rounds[key] = rounds
        if len(self._rounds) > KNOWN:
            self._rounds.popitem(last=False)
        return False
