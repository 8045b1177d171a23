"""POSTs that count once: the effect and the first answer are committed in one transaction."""

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from cryptography.fernet import Fernet
from fastapi import Response
from pydantic import BaseModel
from sqlalchemy.orm import Session

from api.deps import Post
from core.database import transaction
from core.errors import IdempotencyInFlight, IdempotencyMismatch
from core.queries import idempotency_keys
from core.settings import settings
from core.tables import IdempotencyKey

JSON = "application/json"
REPLAYED = {"idempotent-replayed": "true"}


@dataclass(frozen=True)
class Answer:
    """What a POST answers: 202 where work begins, 201 where something is made, 200 where something changes."""

    status: int
    body: BaseModel
    location: str | None = None


def answer_once(post: Post, work: Callable[[Session], Answer]) -> Response:
    """Run `work` in a transaction, or repeat the first answer under the same Idempotency-Key.

    Raises IdempotencyInFlight while another request holds the key, IdempotencyMismatch when it asked something else.
    An error of `work` is not kept: nothing happened, so the same key may try again.
    """
    with transaction() as session:
        if post.key is None:
            return _response(work(session))
        kept = _first_answer(session, post, post.key)
        if kept is not None:
            return Response(_opened(post, kept.body or b""), kept.status or 200, (kept.headers or {}) | REPLAYED, JSON)
        answer = _response(work(session))
        idempotency_keys.store(
            session,
            post.caller.project_id,
            post.key,
            request_hash=post.request_hash,
            status=answer.status_code,
            headers={name: value for name, value in answer.headers.items() if name == "location"},
            body=_seal(post).encrypt(bytes(answer.body)) if post.sealed else bytes(answer.body),
        )
        return answer


def _first_answer(session: Session, post: Post, key: str) -> IdempotencyKey | None:
    project_id = post.caller.project_id
    if not idempotency_keys.take(session, project_id, key):
        raise IdempotencyInFlight(
            f"The first request with Idempotency-Key {key!r} has not ended; ask again in a second."
        )
    idempotency_keys.forget(session, settings().idempotency_hours, project_id=project_id, key=key)
    kept = idempotency_keys.get(session, project_id, key)
    if kept is not None and kept.request_hash != post.request_hash:
        raise IdempotencyMismatch(f"Idempotency-Key {key!r} was used for another request; choose a new one.")
    return kept


def _response(answer: Answer) -> Response:
    headers = {"location": answer.location} if answer.location else None
    return Response(answer.body.model_dump_json(), answer.status, headers, JSON)


def _seal(post: Post) -> Fernet:
    """A cipher under the sender's key, of which the ledger has only a hash."""
    return Fernet(
        base64.urlsafe_b64encode(hashlib.sha256(b"burnish answer\x1f" + post.caller.bearer.encode()).digest())
    )


def _opened(post: Post, body: bytes) -> bytes:
    return _seal(post).decrypt(body) if post.sealed else body
