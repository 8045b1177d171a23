"""The outermost middleware: request id, security headers, a line of log, latency, and an answer to our own faults."""

import time
from dataclasses import dataclass, field
from typing import Any

import structlog
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import unexpected
from api.metrics import observe
from core.ids import new_id

log = structlog.get_logger("api")

HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "cache-control": "no-store",
}
POLLED = ("/healthz", "/readyz", "/metrics")  # asked every few seconds; a good answer is no news


@dataclass
class Seen:
    """What is known of a request while it is answered."""

    id: str
    began: float = field(default_factory=time.perf_counter)
    status: int | None = None


@dataclass(frozen=True)
class Edge:
    """ASGI middleware around everything else."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Every answer leaves with an x-request-id; an exception nobody answered is logged and answered 500."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        seen = Seen(new_id("req"))
        scope.setdefault("state", {})["request_id"] = seen.id

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                seen.status = message["status"]
                _dress(message, seen.id)
            await send(message)

        try:
            await self.app(scope, receive, dressed)
        except Exception:  # recorded here, with its traceback; the caller learns the request id only
            log.exception("request failed", request_id=seen.id, method=scope["method"], route=_route(scope))
            if seen.status is not None:
                raise
            await unexpected()(scope, receive, dressed)
        finally:
            _tell(scope, seen)


def _dress(message: Message, request_id: str) -> None:
    headers = MutableHeaders(raw=message.setdefault("headers", []))
    headers["x-request-id"] = request_id
    for name, value in HEADERS.items():
        headers.setdefault(name, value)


def _route(scope: Scope) -> str:
    """The template of the route, never the path itself: paths carry ids, and metrics would grow without bound."""
    route: Any = scope.get("route")
    return str(getattr(route, "path", "unknown"))


def _tell(scope: Scope, seen: Seen) -> None:
    seconds = time.perf_counter() - seen.began
    observe(scope["method"], _route(scope), seen.status or 499, seconds)
    tell = log.debug if _route(scope) in POLLED and seen.status == 200 else log.info
    tell(
        "request",
        request_id=seen.id,
        method=scope["method"],
        route=_route(scope),
        status=seen.status,
        milliseconds=round(seconds * 1000, 1),
    )
