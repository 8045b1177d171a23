"""Who a teacher is, without loading it: what its rows and its cached turns are filed under."""

from functools import lru_cache
from pathlib import Path

from core.models import fingerprint
from workers.chain import Identity
from workers.chat import Chat
from workers.engine.folder import model_folder
from workers.teachers import choose_engine

KNOWN = 16  # chat templates that are remembered


def identify(engine: str, model: str) -> Identity:
    """Engine, fingerprint of the weights, hash of the chat template. Raises BadInput, Unavailable."""
    folder = model_folder(model)
    weights = fingerprint(folder)
    return Identity(choose_engine(engine), weights, _template(folder, weights))


@lru_cache(maxsize=KNOWN)
def _template(folder: Path, weights: str) -> str:
    """The fingerprint covers the template's file: one that changes has another."""
    return Chat(folder).template_hash
