"""A teacher at work for one shard."""

import threading
from collections.abc import Mapping, Sequence

from core.configs.sampling import Sampling
from workers.lease import Lease
from workers.teachers.teacher import Conversation, Shape, Teacher, Turn


class Stopping(Exception):
    """The worker is to stop: a chain under way is given up between two of its turns, and goes on elsewhere."""


class WatchedTeacher:
    """`Teacher` whose answers are progress of a lease. Nothing more is asked once the lease is lost, or at a stop."""

    def __init__(self, teacher: Teacher, lease: Lease, stop: threading.Event) -> None:
        self._teacher = teacher
        self._lease = lease
        self._stop = stop
        self.engine = teacher.engine
        self.model = teacher.model
        self.fingerprint = teacher.fingerprint
        self.template_hash = teacher.template_hash

    def open(self, messages: Sequence[Mapping[str, str]]) -> Conversation:
        """See `Teacher`."""
        return self._teacher.open(messages)

    def follow(self, conversation: Conversation, turn: Turn, user: str) -> Conversation:
        """See `Teacher`."""
        return self._teacher.follow(conversation, turn, user)

    async def answer(
        self, conversation: Conversation, *, sampling: Sampling, seed: int, shape: Shape | None = None
    ) -> Turn:
        """See `Teacher`; raises LeaseLost and Stopping too."""
        self._lease.check()
        if self._stop.is_set():
            raise Stopping
        turn = await self._teacher.answer(conversation, sampling=sampling, seed=seed, shape=shape)
        self._lease.moved()
        return turn

    async def close(self) -> None:
        """See `Teacher`."""
        await self._teacher.close()
