"""An httpx transport over checked connections.

httpcore's pool looks at all of its connections for each request. So every connection here has a pool of its own, and
the one that was used last is used next: the cost of a request does not grow with their number.
"""

import ssl
from collections.abc import AsyncIterable, AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import cache
from typing import cast

import httpcore
import httpx

from core.outgoing.guard import Guard
from core.outgoing.network import CheckedNetwork

KEEP_SECONDS = 4.0  # an idle connection is not used again after so long; many servers close theirs after five
NAMES = (
    "ConnectError", "ConnectTimeout", "LocalProtocolError", "PoolTimeout", "ReadError", "ReadTimeout",
    "RemoteProtocolError", "UnsupportedProtocol", "WriteError", "WriteTimeout",
)  # fmt: skip
OURS = {getattr(httpcore, name): getattr(httpx, name) for name in NAMES}


def client(guard: Guard | None = None) -> httpx.AsyncClient:
    """A client that follows no redirect, knows no proxy and keeps no cookie. Requests raise Refused, httpx's errors."""
    return httpx.AsyncClient(transport=Transport(guard or Guard()), trust_env=False, follow_redirects=False)


class Transport(httpx.AsyncBaseTransport):
    """As many connections as there are requests at once; who calls bounds them."""

    def __init__(self, guard: Guard) -> None:
        self._network = CheckedNetwork(guard)
        self._idle: list[httpcore.AsyncConnectionPool] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """See httpx."""
        lane = self._idle.pop() if self._idle else self._lane()
        async with _given_up(lane):
            with _translated():
                answer = await lane.handle_async_request(_asked(request))
        body = cast(httpcore.AsyncConnectionPool, answer.stream)
        stream = _Body(cast("AsyncIterable[bytes]", body), lane, self._idle)
        return httpx.Response(answer.status, headers=answer.headers, stream=stream, extensions=answer.extensions)

    async def aclose(self) -> None:
        """Close what is idle; nothing else is open by then."""
        idle, self._idle = self._idle, []
        for lane in idle:
            await lane.aclose()

    def _lane(self) -> httpcore.AsyncConnectionPool:
        return httpcore.AsyncConnectionPool(
            ssl_context=_tls(), max_connections=1, keepalive_expiry=KEEP_SECONDS, network_backend=self._network
        )


class _Body(httpx.AsyncByteStream):
    """The bytes of an answer; at their end the connection is free for the next request."""

    def __init__(
        self, stream: AsyncIterable[bytes], lane: httpcore.AsyncConnectionPool, idle: list[httpcore.AsyncConnectionPool]
    ) -> None:
        self._stream = stream
        self._lane: httpcore.AsyncConnectionPool | None = lane
        self._idle = idle

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _translated():
            async for part in self._stream:
                yield part

    async def aclose(self) -> None:
        lane, self._lane = self._lane, None
        if lane is None:
            return
        async with _given_up(lane):
            await self._stream.aclose()  # type: ignore[attr-defined] # httpcore's streams have it, its types do not say
        self._idle.append(lane)


@asynccontextmanager
async def _given_up(lane: httpcore.AsyncConnectionPool) -> AsyncIterator[None]:
    """Close a connection whose request does not end as it should, so that it is not used again.

    One that was cancelled at the wrong moment keeps its place in httpcore's pool, and all later ones would wait for it.
    """
    try:
        yield
    except BaseException:
        await lane.aclose()
        raise


@cache
def _tls() -> ssl.SSLContext:
    """Certificates are verified against certifi's list, or the operator's own (SSL_CERT_FILE); long to read."""
    return httpx.create_ssl_context()


def _asked(request: httpx.Request) -> httpcore.Request:
    url = request.url
    return httpcore.Request(
        request.method,
        httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
        headers=request.headers.raw,
        content=cast("AsyncIterable[bytes]", request.stream),
        extensions=request.extensions,
    )


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except tuple(OURS) as error:
        raise OURS[type(error)](str(error)) from error
