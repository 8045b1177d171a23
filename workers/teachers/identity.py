"""Who a teacher is, without loading it: what its rows and its cached turns are filed under."""

from functools import lru_cache
from pathlib import Path

from core.configs.teacher import ModelConfig
from core.turn_key import Identity
from workers.chat import Chat
from workers.engine.weights import weights
from workers.teachers import choose_engine
from workers.teachers.endpoint.identity import EMPTY_TEMPLATE, fingerprint

KNOWN = 16  # chat templates that are remembered


def identify(config: ModelConfig) -> Identity:
    """Engine, fingerprint of the weights, hash of the chat template. Raises BadInput, Unavailable.

    Behind an endpoint both are unknown: its address and its name of the model stand for the weights, an empty template
    for the template.
    """
    if config.engine == "openai":
        return Identity(config.engine, fingerprint(config), EMPTY_TEMPLATE)
    files = weights(str(config.model))
    return Identity(choose_engine(config.engine), files.fingerprint, _template(files.tokenizer, files.fingerprint))


@lru_cache(maxsize=KNOWN)
def _template(folder: Path, fingerprint: str) -> str:
    """The fingerprint covers the template's file: one that changes has another."""
    return Chat(folder).template_hash
