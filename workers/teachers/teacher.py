"""A teacher: a model that continues chats. Base and tuned models answer evaluation prompts through the same seam."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from core.configs.sampling import Sampling


@dataclass(frozen=True)
class Conversation:
    """A chat as text and as token ids; the ids end where the assistant begins to answer."""

    messages: tuple[Mapping[str, str], ...]
    token_ids: tuple[int, ...]


@dataclass(frozen=True)
class Turn:
    """One answer. The ids are the words alone, without the token that ends the turn.

    `finish` is stop, length when max_tokens cut it off, error when the model cannot write the shape asked for, or what
    an endpoint says: content_filter, refusal or tool_calls.
    """

    text: str
    token_ids: tuple[int, ...]
    finish: str
    prompt_tokens: int
    cached_tokens: int  # of the prompt's, how many the prefix cache served
    counted: int | None = None  # sampled tokens, where the ids are not known
    omitted: tuple[str, ...] = ()  # fields of the sampling, or the seed, that its endpoint does not take

    @property
    def tokens(self) -> int:
        """How many tokens were sampled."""
        return len(self.token_ids) if self.counted is None else self.counted


@dataclass(frozen=True)
class Shape:
    """What form an answer must have: it matches a regular expression, or is JSON of a schema. One of the two."""

    regex: str | None = None
    schema: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        if (self.regex is None) == (self.schema is None):
            raise ValueError("a shape has either a regex or a schema")


class Teacher(Protocol):
    """A loaded model that answers many conversations at once."""

    @property
    def engine(self) -> str:
        """The engine it runs in: vllm or transformers; openai for an endpoint."""
        ...

    @property
    def model(self) -> str:
        """The model by the name it was asked for."""
        ...

    @property
    def fingerprint(self) -> str:
        """SHA-256 of weights, configs and tokenizer; of an endpoint, of its address and its name of the model."""
        ...

    @property
    def template_hash(self) -> str:
        """SHA-256 of the chat template."""
        ...

    def open(self, messages: Sequence[Mapping[str, str]]) -> Conversation:
        """Begin a conversation. Raises BadInput where the chat template refuses it."""
        ...

    def follow(self, conversation: Conversation, turn: Turn, user: str) -> Conversation:
        """The conversation after the answer and a further message of the user; ids are appended, none is changed.

        Raises BadInput for a chat template that cannot be continued.
        """
        ...

    async def answer(
        self, conversation: Conversation, *, sampling: Sampling, seed: int, shape: Shape | None = None
    ) -> Turn:
        """Sample one answer; the same arguments give the same noise whatever else is being answered.

        A `shape` binds the answer where the engine can (vLLM, here or at an endpoint); the transformers engine
        answers freely, so whoever asks for a shape reads the answer as if it had none.

        Raises EngineDied, and BadInput for a conversation that leaves no room for `max_tokens`; of an endpoint
        Unavailable, Refused, and Unanswered (a BadInput) for a conversation that it does not take.
        """
        ...

    async def close(self) -> None:
        """End the engine."""
        ...
