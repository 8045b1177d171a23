"""The check every outgoing connection passes: names are resolved once, and every address they have is looked at."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address

from core.errors import BadInput, Refused
from core.outgoing.addresses import is_public, literal
from core.outgoing.place import Place
from core.settings import settings

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]


async def resolve(host: str, port: int) -> list[str]:
    """Every address of a name, in the resolver's order. Raises OSError."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(place[4][0]) for place in found))


@dataclass(frozen=True)
class Guard:
    """`allowed` holds the operator's `host:port`, for places that are not public; hosts are names or addresses."""

    allowed: Collection[str] = field(default_factory=lambda: settings().allowed_endpoints)
    resolve: Resolve = resolve

    async def addresses(self, host: str, port: int) -> list[str]:
        """The addresses of a host that may be connected to. Raises Refused where one of them may not, and OSError."""
        found = [str(spelled)] if (spelled := literal(host)) else list(await self.resolve(host, port))
        if not self._named(host, port):
            for address in found:
                self._check(host, port, address)
        return found

    def check_literal(self, place: Place, *, param: str) -> None:
        """What can be said before anything is resolved. Raises BadInput for a closed address that nobody allowed."""
        spelled = literal(place.host)
        if spelled is not None and not self._named(place.host, place.port):
            try:
                self._check(place.host, place.port, str(spelled))
            except Refused as error:
                raise BadInput(error.message, param=param) from error

    def _check(self, host: str, port: int, address: str) -> None:
        if not is_public(ip_address(address.partition("%")[0])) and not self._named(address, port):
            raise Refused(
                f"{host}:{port} is at {address}, which is not a public address; the operator may allow it by naming "
                f'"{host}:{port}" in BURNISH_ALLOWED_ENDPOINTS.'
            )

    def _named(self, host: str, port: int) -> bool:
        plain = f"[{host}]" if ":" in host and not host.startswith("[") else host
        return f"{plain}:{port}".lower() in {one.lower() for one in self.allowed}
