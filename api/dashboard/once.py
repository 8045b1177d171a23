"""A form that counts once, however often it is sent."""

import hashlib
import json
from typing import Any

from api.auth import Caller
from api.deps import Post


def once(caller: Caller, what: str, shown: str, body: dict[str, Any]) -> Post:
    """The POST behind a form: `what` it asks for, and the key it was `shown` with; without one it counts each time."""
    hashed = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).digest()
    key = f"dashboard:{what}:{shown[:64]}" if shown.isascii() and shown else None
    return Post(caller, key, hashed, sealed=False)
