"""Where a request goes, read from a URL so strictly that no two readers of it can disagree."""

import re
from dataclasses import dataclass

from core.errors import BadInput
from core.outgoing.addresses import literal

FORM = re.compile(
    r"(https?)://(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::([0-9]{1,5}))?(/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*)?"
)
PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Place:
    """A server and a path on it. `host` is a name or an address in lower case, an IPv6 address in its brackets."""

    scheme: str
    host: str
    port: int
    path: str  # without a slash at its end

    @property
    def door(self) -> str:
        """`host:port`, as the operator's list of allowed endpoints names it."""
        return f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        """The same place always in the same words."""
        port = "" if self.port == PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{self.host}{port}{self.path}"


def place(url: str, *, param: str) -> Place:
    """Read a URL. Raises BadInput for anything but http(s), a host, a port and a path."""
    found = FORM.fullmatch(url)
    if found is None:
        raise BadInput(f"{shown(url)!r} is not the address of a server: {_remedy(url)}.", param=param)
    scheme, host, port, path = found.groups()
    number = int(port) if port else PORTS[scheme]
    if not 0 < number < 1 << 16:
        raise BadInput(f"{shown(url)!r} has the port {number}; ports go from 1 to 65535.", param=param)
    return Place(scheme, _host(host.lower().removesuffix("."), param), number, (path or "").rstrip("/"))


def shown(url: str) -> str:
    """A URL, well formed or not, without what may be secret in it: a name and password, what stands behind ? and #."""
    head = re.match(r"[A-Za-z]+://", url)
    scheme = head[0] if head else ""
    plain, *behind = re.split(r"[?#]", url[len(scheme) :], maxsplit=1)
    if "@" in "".join(behind):  # it may be of a password: two readers would cut it in two ways
        return f"{scheme}..."
    return scheme + plain.rpartition("@")[2]


def _host(host: str, param: str) -> str:
    """The host, an address in its usual form. Raises BadInput for other spellings: readers differ on what they mean."""
    spelled = literal(host)
    if host.startswith("["):
        if spelled is None:
            raise BadInput(f"{host!r} is no IPv6 address; write one, or a name.", param=param)
        return f"[{spelled}]"
    if spelled is not None and str(spelled) != host:
        raise BadInput(
            f"{host!r} is an address in an odd spelling; write it in its usual form, {spelled}.", param=param
        )
    return host


def _remedy(url: str) -> str:
    scheme, apart, rest = url.partition("://")
    authority = re.split(r"[/?#\\]", rest, maxsplit=1)[0]
    if not apart or scheme not in PORTS:
        return "write it as http://host:port/path or https://host/path"
    if "@" in authority:
        return "leave name and password out of it, and name a secret instead"
    if "?" in rest or "#" in rest:
        return "leave out what stands behind ? and #"
    if not authority.isascii():
        return "write the host in its ASCII form (xn--...)"
    return "write host, port and path in plain letters, digits and their usual signs"
