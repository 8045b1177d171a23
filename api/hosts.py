"""Middleware: only Hosts named in the settings are answered, so that a foreign name pointed at us opens nothing."""

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from api.errors import plain


@dataclass(frozen=True)
class TrustedHosts:
    """ASGI middleware; an entry is a name, `*.name` for every name below it, or `*`."""

    app: ASGIApp
    allowed: Sequence[str]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 400 to a Host that is missing, doubled or unknown."""
        if scope["type"] != "http" or self._known(Headers(scope=scope).getlist("host")):
            await self.app(scope, receive, send)
        else:
            refusal = plain(400, "This Host is not answered here; add it to BURNISH_ALLOWED_HOSTS.", param="host")
            await refusal(scope, receive, send)

    def _known(self, hosts: Sequence[str]) -> bool:
        if len(hosts) != 1:
            return False
        name = host_name(hosts[0])
        return any(
            entry == "*" or name == entry.lower() or (entry.startswith("*.") and name.endswith(entry[1:].lower()))
            for entry in self.allowed
        )


def host_name(host: str) -> str:
    """The name or address in a Host header, without its port and brackets, in lower case."""
    bare = host.strip().lower()
    if bare.startswith("["):
        return bare[1:].partition("]")[0]
    name, colon, port = bare.rpartition(":")
    return name if colon and port.isdigit() else bare
