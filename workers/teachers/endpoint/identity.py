"""Who a model behind an endpoint is, as far as can be said from outside."""

import hashlib

from core.configs.teacher import ModelConfig
from core.outgoing.place import place

EMPTY_TEMPLATE = hashlib.sha256(b"").hexdigest()  # the endpoint keeps its template to itself


def fingerprint(config: ModelConfig) -> str:
    """SHA-256 of where the endpoint is and what it calls the model. Raises BadInput.

    What weights stand behind the name is not known: an endpoint that exchanges them keeps its fingerprint.
    """
    where = place(str(config.base_url), param="teacher.base_url").url
    return hashlib.sha256(f"{where}\n{config.model}".encode()).hexdigest()
