"""Chats as token ids: the template is rendered once for the first turn, later turns are appended as ids.

Appending keeps every earlier id as it was, so the engine's prefix cache serves it; rendering the whole chat again
could give other ids for the same text.
"""

import hashlib
from collections.abc import Mapping, Sequence
from functools import cached_property, lru_cache
from pathlib import Path

from jinja2 import TemplateError
from transformers import AutoTokenizer, PreTrainedTokenizerBase

from core.errors import BadInput

Messages = Sequence[Mapping[str, str]]
SHAPES = 4096  # suffixes that are remembered: one for each instruction and sequence of roles


class Chat:
    """A model's tokenizer and chat template."""

    def __init__(self, folder: Path) -> None:
        try:
            self.tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
        except (OSError, ValueError) as error:
            raise BadInput(f"The tokenizer of model {folder.name!r} cannot be read: {error}", param="model") from error
        if not isinstance(self.tokenizer.chat_template, str):
            raise BadInput(
                f"Model {folder.name!r} has no chat template; choose one that was tuned for chat.", param="model"
            )
        self.name = folder.name
        self._suffix = lru_cache(SHAPES)(self._find_suffix)

    @cached_property
    def template_hash(self) -> str:
        """SHA-256 of the chat template, as 64 hex digits."""
        return hashlib.sha256(str(self.tokenizer.chat_template).encode()).hexdigest()

    def open(self, messages: Messages) -> tuple[int, ...]:
        """Ids of the chat up to the place where the assistant begins to answer. Raises BadInput."""
        return self.ids(self.render(messages))

    def whole(self, messages: Messages) -> tuple[int, ...]:
        """Ids of a chat that has ended, the last turn the assistant's. Raises BadInput."""
        return self.ids(self.render(messages, answer_next=False))

    def suffix(self, roles: Sequence[str], user: str) -> tuple[int, ...]:
        """Ids between the assistant's words and its next answer: end of turn, the user's turn, the assistant's head.

        `roles` are those of the chat so far, without the answer. Raises BadInput for a template that changes earlier
        turns when a later one comes, so that appending would not give what the template means.
        """
        return self._suffix(tuple(roles), user)

    def text(self, ids: Sequence[int]) -> str:
        """The words of an answer, without special tokens and without space around them."""
        return str(self.tokenizer.decode(list(ids), skip_special_tokens=True)).strip()

    def ids(self, text: str) -> tuple[int, ...]:
        """Ids of rendered text; the template has written the special tokens already."""
        return tuple(self.tokenizer.encode(text, add_special_tokens=False))

    def render(self, messages: Messages, *, answer_next: bool = True) -> str:
        """The text of a chat. Raises BadInput where the template refuses it."""
        turns = [dict(message) for message in messages]
        try:
            text = self.tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=answer_next)
        except TemplateError as error:
            shape = ", ".join(turn["role"] for turn in turns)
            raise BadInput(f"The chat template of {self.name!r} refuses a chat of {shape}: {error}.") from error
        return str(text)

    def _find_suffix(self, roles: tuple[str, ...], user: str) -> tuple[int, ...]:
        """Render with marked words in every turn, and look at what stands behind the mark of the answer."""
        mark = _absent(user)
        before = [{"role": role, "content": f"{mark}{number}"} for number, role in enumerate(roles)]
        answer = f"{mark}answer"
        opened = self.render(before)
        after = self.render([*before, {"role": "assistant", "content": answer}, {"role": "user", "content": user}])
        head, found, tail = after.rpartition(answer)
        if not found or not head.startswith(opened) or head.removeprefix(opened).strip():
            raise BadInput(
                f"The chat template of {self.name!r} changes or drops earlier turns when a later one is added, "
                "so a chain cannot be continued; choose a model whose template keeps them.",
                param="model",
            )
        ids = self.ids(tail)
        if self.ids(head + found) + ids != self.ids(after):
            raise BadInput(
                f"The tokenizer of {self.name!r} joins the end of an answer with what follows it, "
                "so a chain cannot be continued; choose a model whose template ends turns with a special token.",
                param="model",
            )
        return ids


def _absent(text: str) -> str:
    """A word that does not occur in the text."""
    mark = "mark"
    while mark in text:
        mark += "x"
    return mark
