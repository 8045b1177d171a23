"""A teacher that is watched: for every turn behind the first, what the prefix cache served of what it could."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.configs.sampling import Sampling
from workers.teachers.teacher import Conversation, Shape, Teacher, Turn


@dataclass(frozen=True)
class Hit:
    """One prompt: its tokens, those that stand in whole blocks which the turn before has filled, those served."""

    turn: int
    prompt: int
    servable: int
    served: int


class Watched:
    """`Teacher` over another one, which stays open when this one is closed: many desks may share it."""

    def __init__(self, teacher: Teacher, *, block: int) -> None:
        self.hits: list[Hit] = []
        self._teacher = teacher
        self._block = block
        self._added: dict[str, int] = {}  # tokens that a message of the user adds behind an answer
        self.engine = teacher.engine
        self.model = teacher.model
        self.fingerprint = teacher.fingerprint
        self.template_hash = teacher.template_hash

    def open(self, messages: Sequence[Mapping[str, str]]) -> Conversation:
        """See `Teacher`."""
        return self._teacher.open(messages)

    def follow(self, conversation: Conversation, turn: Turn, user: str) -> Conversation:
        """See `Teacher`."""
        followed = self._teacher.follow(conversation, turn, user)
        self._added[user] = len(followed.token_ids) - len(conversation.token_ids) - len(turn.token_ids)
        return followed

    async def answer(
        self, conversation: Conversation, *, sampling: Sampling, seed: int, shape: Shape | None = None
    ) -> Turn:
        """See `Teacher`."""
        turn = await self._teacher.answer(conversation, sampling=sampling, seed=seed, shape=shape)
        number = sum(message["role"] == "assistant" for message in conversation.messages)
        if number:
            before = turn.prompt_tokens - self._added[conversation.messages[-1]["content"]]
            servable = before // self._block * self._block
            self.hits.append(Hit(number, turn.prompt_tokens, servable, turn.cached_tokens))
        return turn

    async def close(self) -> None:
        """See `Teacher`; whoever loaded the other one ends it."""
