"""A teacher at work for one shard."""

from collections.abc import Mapping, Sequence

from core.configs.sampling import Sampling
from workers.lease import Lease
from workers.teachers.teacher import Conversation, Shape, Teacher, Turn


class WatchedTeacher:
    """`Teacher` whose answers are progress of a lease; once the lease is lost it is asked for nothing more."""

    def __init__(self, teacher: Teacher, lease: Lease) -> None:
        self._teacher = teacher
        self._lease = lease
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
        """See `Teacher`; raises LeaseLost too."""
        self._lease.check()
        turn = await self._teacher.answer(conversation, sampling=sampling, seed=seed, shape=shape)
        self._lease.moved()
        return turn

    async def close(self) -> None:
        """See `Teacher`."""
        await self._teacher.close()
