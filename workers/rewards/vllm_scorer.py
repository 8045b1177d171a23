"""Raw logits from vLLM's pooling runner. Runs in an engine process only."""

import asyncio
from pathlib import Path

from vllm import LLM, PoolingParams
from vllm.inputs import TokensPrompt

from core.errors import BadInput
from workers.chat import Chat
from workers.engine.frames import Frame
from workers.teachers.vllm_engine import accepted


def load(config: Frame) -> "VllmScorer":
    """Load the model of an engine's config."""
    return VllmScorer(config)


class VllmScorer:
    """One classifier; vLLM batches."""

    def __init__(self, config: Frame) -> None:
        self._engine = LLM(runner="pooling", **accepted(config))
        model = self._engine.llm_engine.model_config
        if model.hf_config.num_labels != 1:
            raise BadInput(
                f"A reward model has one label, this one has {model.hf_config.num_labels}; choose another.",
                param="reward.model",
            )
        self._chat = Chat(Path(config["model"]))
        self._turn = asyncio.Lock()  # an LLM serves one call at a time
        self.facts = {"context": model.max_model_len}

    async def answer(self, request: Frame) -> Frame:
        """Score chats: {scores}, with null for one that is too long."""
        chats = [self._chat.whole(chat) for chat in request["chats"]]
        async with self._turn:
            return {"scores": await asyncio.to_thread(self._scores, chats)}

    def close(self) -> None:
        """Nothing outlives the process."""

    def _scores(self, chats: list[tuple[int, ...]]) -> list[float | None]:
        fitting = [number for number, ids in enumerate(chats) if len(ids) <= self.facts["context"]]
        raw = PoolingParams(task="classify", use_activation=False)  # the logit itself, not its sigmoid
        prompts = [TokensPrompt(prompt_token_ids=list(chats[number])) for number in fitting]
        outputs = self._engine.classify(prompts, pooling_params=raw, use_tqdm=False) if prompts else []
        scores: list[float | None] = [None] * len(chats)
        for number, output in zip(fitting, outputs, strict=True):
            scores[number] = float(output.outputs.probs[0])
        return scores
