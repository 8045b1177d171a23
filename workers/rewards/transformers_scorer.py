"""Raw logits from transformers. Runs in an engine process only."""

import asyncio
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

import torch
from transformers import AutoModelForSequenceClassification

from core.errors import BadInput
from workers.chat import Chat
from workers.engine.frames import Frame
from workers.teachers.device import context_of, loaded

Numbered = tuple[int, tuple[int, ...]]


def load(config: Frame) -> "TransformersScorer":
    """Load the model of an engine's config."""
    return TransformersScorer(config)


class TransformersScorer:
    """One classifier; answers of like length share a forward pass."""

    def __init__(self, config: Frame) -> None:
        try:
            model = loaded(AutoModelForSequenceClassification, config)
        except (OSError, ValueError, KeyError) as error:
            raise BadInput(f"The reward model cannot be loaded: {error}", param="reward.model") from error
        if model.config.num_labels != 1:
            raise BadInput(
                f"A reward model has one label, this one has {model.config.num_labels}; choose another.",
                param="reward.model",
            )
        self._model = model
        self._chat = Chat(Path(config["model"]))
        self._rows = config["rows"]
        pad, end = self._chat.tokenizer.pad_token_id, self._chat.tokenizer.eos_token_id
        # The model finds the last word by the padding id: one that ends turns as well would hide it.
        self._pad: int | None = None if pad is None or pad == end else pad
        self._model.config.get_text_config().pad_token_id = self._pad
        self._context = context_of(self._model, config["max_model_len"])
        self.facts = {"context": self._context}

    async def answer(self, request: Frame) -> Frame:
        """Score chats: {scores}, with null for one that is too long."""
        ids = [self._chat.whole(chat) for chat in request["chats"]]
        return {"scores": await asyncio.to_thread(self._scores, ids)}

    def close(self) -> None:
        """Nothing outlives the process."""

    def _scores(self, chats: Sequence[tuple[int, ...]]) -> list[float | None]:
        scores: list[float | None] = [None] * len(chats)
        fitting = [(number, ids) for number, ids in enumerate(chats) if len(ids) <= self._context]
        for batch in self._batches(fitting):
            logits = self._logits([ids for _, ids in batch])
            for (number, _), logit in zip(batch, logits, strict=True):
                scores[number] = logit
        return scores

    def _batches(self, chats: Sequence[Numbered]) -> Iterator[list[Numbered]]:
        """Chats by length; without a padding id of its own, a batch holds one length only."""
        ordered = sorted(chats, key=lambda chat: len(chat[1]))
        groups = groupby(ordered, key=lambda chat: len(chat[1]) if self._pad is None else 0)
        for _, group in groups:
            members = list(group)
            for start in range(0, len(members), self._rows):
                yield members[start : start + self._rows]

    def _logits(self, chats: Sequence[tuple[int, ...]]) -> list[float]:
        """Raw logits in float32 of chats [B], padded on the right."""
        width = max(len(ids) for ids in chats)
        ids = torch.full((len(chats), width), self._pad or 0, device=self._model.device)
        mask = torch.zeros_like(ids)
        for row, chat in enumerate(chats):
            ids[row, : len(chat)] = torch.tensor(chat)
            mask[row, : len(chat)] = 1
        with torch.inference_mode():
            logits = self._model(input_ids=ids, attention_mask=mask).logits
        numbers: list[float] = logits[:, 0].float().tolist()
        return numbers
