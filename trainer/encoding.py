"""A conversation and its answers as token ids, by the student's own chat template."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jinja2 import TemplateError
from numpy.typing import NDArray
from transformers import PreTrainedTokenizerBase

from core.errors import BadInput

Ids = NDArray[np.int32]
Messages = list[dict[str, str]]


@dataclass(frozen=True)
class ChatEncoder:
    """A tokenizer with a chat template, and the tokens at which an answer ends."""

    tokenizer: PreTrainedTokenizerBase
    end_tokens: frozenset[int]

    def prompt(self, messages: Messages) -> list[int]:
        """The conversation up to where the answer begins. Raises BadInput when the template refuses it."""
        return self._render(messages, add_generation_prompt=True)

    def answer(self, messages: Messages, prompt: list[int], text: str) -> tuple[list[int], bool]:
        """The tokens of an answer to `prompt`, end token included, and whether the template kept the boundary.

        The whole conversation must be rendered to the prompt's tokens followed by the answer's. Where it is not
        (tokens merge across the boundary, or the template treats an answered conversation otherwise), the answer is
        encoded on its own, which is what the student meets when it generates.
        """
        whole = self._render([*messages, {"role": "assistant", "content": text}], add_generation_prompt=False)
        kept = whole[: len(prompt)] == prompt and len(whole) > len(prompt)
        ids = whole[len(prompt) :] if kept else self.tokenizer.encode(text, add_special_tokens=False)
        return self._ended(ids), kept

    def _ended(self, ids: list[int]) -> list[int]:
        """Cut what the template writes after the end token (often a line break); add the token where there is none."""
        last = max((i for i, token in enumerate(ids) if token in self.end_tokens), default=None)
        return [*ids, int(self.tokenizer.eos_token_id)] if last is None else ids[: last + 1]

    def _render(self, messages: Messages, *, add_generation_prompt: bool) -> list[int]:
        try:
            ids: Any = self.tokenizer.apply_chat_template(
                messages, add_generation_prompt=add_generation_prompt, tokenize=True, return_dict=False
            )
        except TemplateError as error:
            raise BadInput(f"The student's chat template refuses a prompt of the dataset: {error}.") from error
        return list(ids)


def chat_encoder(tokenizer: PreTrainedTokenizerBase, end_tokens: frozenset[int]) -> ChatEncoder:
    """An encoder whose end tokens are those of the generation config and the tokenizer's own.

    Raises BadInput when the tokenizer has no chat template or no end token.
    """
    if not tokenizer.chat_template:
        raise BadInput("The student's tokenizer has no chat template; choose a chat model.", param="student")
    if tokenizer.eos_token_id is None:
        raise BadInput("The student's tokenizer has no end token; set eos_token in its config.", param="student")
    return ChatEncoder(tokenizer, end_tokens | {int(tokenizer.eos_token_id)})
