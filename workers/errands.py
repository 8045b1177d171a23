"""Errands: shards that wait for a server far away and need nothing of the worker's, carried out beside its own work."""

import threading
from collections.abc import Callable

from core.ledger import Claim
from workers import give_up

MOST = 4  # under way at once; the worker carries out a further one itself


class Errands:
    """Each runs in a thread of its own, which nobody waits for at the end."""

    def __init__(self) -> None:
        self._begun: dict[threading.Thread, Claim] = {}

    def send(self, claim: Claim, carry_out: Callable[[Claim], object]) -> None:
        """Begin one."""
        if len(self._under_way()) >= MOST:
            carry_out(claim)
            return
        thread = threading.Thread(target=carry_out, args=(claim,), name=f"shard {claim.shard_id}", daemon=True)
        self._begun[thread] = claim
        thread.start()

    def wait(self, seconds: float) -> bool:
        """Wait so long at most for the first to end; whether there was one."""
        going = self._under_way()
        for thread in list(going)[:1]:
            thread.join(seconds)
        return bool(going)

    def leave(self) -> None:
        """Hand back what is under way. Whatever its thread still writes is refused by the ledger."""
        for claim in self._under_way().values():
            give_up.hand_back(claim)

    def _under_way(self) -> dict[threading.Thread, Claim]:
        self._begun = {thread: claim for thread, claim in self._begun.items() if thread.is_alive()}
        return self._begun
