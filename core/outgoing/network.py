"""TCP connections to addresses that were checked: what was looked at is what is connected to."""

import asyncio
from collections.abc import Iterable

import httpcore

from core.outgoing.guard import Guard


class CheckedNetwork(httpcore.AsyncNetworkBackend):
    """httpcore's seam for connections. TLS above it is still spoken with the name, which the certificate must bear."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first address that answers. Raises Refused, ConnectError, ConnectTimeout."""
        try:
            addresses = await asyncio.wait_for(self._guard.addresses(host, port), timeout)
        except TimeoutError as error:
            raise httpcore.ConnectTimeout(f"no answer about the name {host} in {timeout} s") from error
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(f"the name {host} cannot be resolved: {error}") from error
        last: Exception = httpcore.ConnectError(f"the name {host} has no address")
        for address in addresses:
            try:
                return await self._inner.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                last = error
        raise last

    async def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None
    ) -> httpcore.AsyncNetworkStream:
        """Nothing outside is behind a path."""
        raise httpcore.UnsupportedProtocol("unix sockets are no outgoing connections")

    async def sleep(self, seconds: float) -> None:
        """See httpcore."""
        await asyncio.sleep(seconds)
