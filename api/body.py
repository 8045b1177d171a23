"""Middleware for request bodies: capped in bytes while they stream in, in time, and strictly JSON when they say so."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import plain
from core.strict_json import fault_in

CHUNK_SECONDS = 15.0  # longest silence inside a body
BODY_SECONDS = 300.0  # longest body
STREAM_SECONDS = 3 * 3600.0  # longest body that is passed on as it comes
INLINE_BYTES = 64 << 10  # a larger body is checked in a thread


class TooLarge(Exception):
    """The body has more bytes than allowed."""


@dataclass(frozen=True)
class BodyGuard:
    """ASGI middleware: reads the body before the application does and refuses what should not reach it.

    Bodies of the routes in `streamed` (method and path, with a cap of their own) are passed on as they come.
    """

    app: ASGIApp
    max_bytes: int
    streamed: Mapping[tuple[str, str], int] = field(default_factory=dict)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 400, 408, 413 or 422 in the error shape, or pass the body on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        refusal = _bad_target(scope)
        most = self.streamed.get((scope["method"], scope["path"]))
        if refusal is None and most is not None:
            passed = _Passed(receive, most)
            await self.app(scope, passed.next, passed.answering(send))
            return
        body = b""
        if refusal is None:
            try:
                body = await self._read(Headers(scope=scope), receive)
            except TooLarge:
                refusal = plain(413, f"The body is larger than {self.max_bytes} bytes; send less.", headers=_close())
            except TimeoutError:
                refusal = plain(408, "The body came too slowly; send it again.", headers=_close())
            else:
                refusal = await _refuse_json(scope, body)
        if refusal is not None:
            await refusal(scope, receive, send)
        else:
            await self.app(scope, _replay(body, receive), send)

    async def _read(self, headers: Headers, receive: Receive) -> bytes:
        """The whole body. Raises TooLarge or TimeoutError."""
        length = headers.get("content-length", "")
        if length.isdigit() and len(length) < 20 and int(length) > self.max_bytes:
            raise TooLarge
        parts: list[bytes] = []
        size = 0
        async with asyncio.timeout(BODY_SECONDS):
            while True:
                message = await asyncio.wait_for(receive(), CHUNK_SECONDS)
                part = message.get("body", b"")
                size += len(part)
                if size > self.max_bytes:
                    raise TooLarge
                parts.append(part)
                if not message.get("more_body", False):
                    return b"".join(parts)


@dataclass
class _Passed:
    """A body that is passed on as it comes, no larger than `most` and not for ever."""

    receive: Receive
    most: int
    size: int = 0
    ended: bool = False
    until: float = field(default_factory=lambda: time.monotonic() + STREAM_SECONDS)

    async def next(self) -> Message:
        """The next message. Raises HTTPException 413 or 408."""
        try:
            message = await asyncio.wait_for(self.receive(), min(CHUNK_SECONDS, self.until - time.monotonic()))
        except TimeoutError:
            raise HTTPException(408, "The body came too slowly; send it again.") from None
        self.size += len(message.get("body", b""))
        self.ended = not message.get("more_body", False)
        if self.size > self.most:
            raise HTTPException(413, f"The body is larger than {self.most} bytes; send less.")
        return message

    def answering(self, send: Send) -> Send:
        """An answer before the end of the body closes the connection: the rest is not read."""

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start" and not self.ended:
                MutableHeaders(scope=message)["connection"] = "close"
            await send(message)

        return answer


def _close() -> dict[str, str]:
    return {"connection": "close"}  # the rest of the body is not read


def _bad_target(scope: Scope) -> ASGIApp | None:
    if "\x00" in scope["path"]:
        return plain(404, "The path has a NUL character; no object has such an id.")
    for part in scope["query_string"].split(b"&"):
        if b"\x00" in unquote_to_bytes(part):
            name = part.partition(b"=")[0].decode("ascii", "replace")
            return plain(422, f"{name} has a NUL character; remove it.", param=name)
    return None


async def _refuse_json(scope: Scope, body: bytes) -> ASGIApp | None:
    kind = Headers(scope=scope).get("content-type", "").split(";")[0].strip().lower()
    if not body or not (kind == "application/json" or kind.endswith("+json")):
        return None
    fault = fault_in(body) if len(body) < INLINE_BYTES else await asyncio.to_thread(fault_in, body)
    return plain(fault.status, fault.message, param=fault.param) if fault else None


def _replay(body: bytes, receive: Receive) -> Receive:
    """A receive that gives the body once, then what the server says (the client going away)."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
