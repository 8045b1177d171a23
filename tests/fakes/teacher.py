"""A teacher that answers from a script, with everything else of a teacher real."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

from core.configs.sampling import Sampling
from core.configs.teacher import ModelConfig
from core.turn_key import Identity
from workers.teachers.teacher import Conversation, Shape, Turn

Script = Callable[
    [str, int], Turn
]  # the prompt's last words and the number of the turn (0 is the draft) give the answer
NAMES = ("draft", "critique", "revision")


def turn(text: str, *, finish: str = "stop") -> Turn:
    """An answer of as many tokens as it has words; half of its prompt was cached."""
    return Turn(text, tuple(range(len(text.split()))), finish, prompt_tokens=20, cached_tokens=10)


def plain(prompt: str, number: int) -> Turn:
    """`draft of <prompt>` and so on, from the second round on `critique 2 of <prompt>`: each turn another text."""
    if number < len(NAMES):
        return turn(f"{NAMES[number]} of {prompt}")
    return turn(f"{NAMES[2 - number % 2]} {(number + 1) // 2} of {prompt}")


def identify(_config: ModelConfig) -> Identity:
    """Who every scripted teacher is."""
    return Identity("transformers", "scripted", "scripted")


class ScriptedTeacher:
    """`Teacher` without a model; it thinks `seconds` before each answer, and as long as `pause` of the turn takes."""

    engine = "transformers"
    fingerprint = "scripted"
    template_hash = "scripted"

    def __init__(
        self,
        script: Script = plain,
        *,
        model: str = "a-teacher",
        seconds: float = 0.0,
        pause: Callable[[int], Awaitable[None]] | None = None,
    ) -> None:
        self.model = model
        self.seeds: list[int] = []
        self.closed = False
        self._script = script
        self._seconds = seconds
        self._pause = pause

    def open(self, messages: Sequence[Mapping[str, str]]) -> Conversation:
        """The ids hold how many messages the prompt has; each later turn appends one id."""
        return Conversation(tuple(messages), (len(messages),))

    def follow(self, conversation: Conversation, turn: Turn, user: str) -> Conversation:
        """See `Teacher`."""
        added = ({"role": "assistant", "content": turn.text}, {"role": "user", "content": user})
        return Conversation((*conversation.messages, *added), (*conversation.token_ids, 0))

    async def answer(
        self, conversation: Conversation, *, sampling: Sampling, seed: int, shape: Shape | None = None
    ) -> Turn:
        """See `Teacher`."""
        self.seeds.append(seed)
        await asyncio.sleep(self._seconds)
        if self._pause is not None:
            await self._pause(len(conversation.token_ids) - 1)
        prompt = conversation.messages[conversation.token_ids[0] - 1]["content"]
        return self._script(prompt, len(conversation.token_ids) - 1)

    async def close(self) -> None:
        """See `Teacher`."""
        self.closed = True
