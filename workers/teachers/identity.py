"""Who a teacher is, without loading it: what its rows and its cached turns are filed under."""

from functools import lru_cache
from pathlib import Path

from core.configs.teacher import ModelConfig
from workers.chain import Identity
from workers.chat import Chat
from workers.engine.weights import weights
from workers.teachers import choose_engine

KNOWN = 16  # chat templates that are remembered


def identify(config: ModelConfig) -> Identity:
    """Engine, fingerprint of the weights, hash of the chat template. Raises BadInput, Unavailable."""
    files = weights(str(config.model))
    return Identity(choose_engine(config.engine), files.fingerprint, _template(files.tokenizer, files.fingerprint))


@lru_cache(maxsize=KNOWN)
def _template(folder: Path, fingerprint: str) -> str:
    """The fingerprint covers the template's file: one that changes has another."""
    return Chat(folder).template_hash
