"""A sequence-classification model with one label, served by an engine process; its score is the raw logit."""

import math
from collections.abc import Sequence

from core.configs.reward import RewardConfig
from core.models import fingerprint
from core.settings import settings
from workers.engine.folder import is_small, model_folder
from workers.engine.options import options
from workers.engine.process import EngineProcess, Patience
from workers.rewards.reward import Answer, Missing

ENGINES = {"auto": "classifier", "transformers": "classifier", "vllm": "vllm-classifier"}


class Classifier:
    """`RewardModel` over an engine process."""

    def __init__(self, config: RewardConfig) -> None:
        """Start the engine and wait until it is loaded. Raises EngineDied, BadInput."""
        model = config.model or settings().default_reward
        folder = model_folder(model, param="reward.model")
        self.scorer = config.scorer
        self.fingerprint = fingerprint(folder)
        asked = settings()
        self._process = EngineProcess(
            ENGINES[config.engine],
            {**options(model, in_vllm=config.engine == "vllm"), "model": str(folder), "rows": asked.scoring_batch},
            patience=Patience(load=asked.engine_load_seconds, answer=asked.engine_answer_seconds),
            small=is_small(folder),
        )
        try:
            self._process.ready()
        except BaseException:
            self._process.close()
            raise

    @property
    def pid(self) -> int:
        """Process id of the engine, which is its process group too."""
        return self._process.pid

    def score(self, answers: Sequence[Answer]) -> list[float | Missing]:
        """See `RewardModel`."""
        chats = [[*map(dict, answer.messages), {"role": "assistant", "content": answer.text}] for answer in answers]
        scores = self._process.ask({"chats": chats}).result()["scores"]
        return [_value(score) for score in scores]

    def close(self) -> None:
        """See `RewardModel`."""
        self._process.close()


def _value(score: float | None) -> float | Missing:
    if score is None:
        return Missing("too_long")
    return score if math.isfinite(score) else Missing("not_finite")
