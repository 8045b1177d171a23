"""Which addresses lie out in the world: a list of our own, for Python's differs between its versions."""

import socket
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Address = IPv4Address | IPv6Address

# Everything of IANA's registries of special purpose that is not globally reachable, multicast and the reserved rest.
CLOSED_4 = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
        "224.0.0.0/4", "240.0.0.0/4",
    )
)  # fmt: skip
OPEN_6 = IPv6Network("2000::/3")  # the only block that global unicast addresses are given from
CLOSED_6 = tuple(IPv6Network(text) for text in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"))
CARRIES_4 = tuple(IPv6Network(text) for text in ("::ffff:0:0/96", "64:ff9b::/96"))  # mapped, and NAT64


def is_public(address: Address) -> bool:
    """Whether an address is one of the wide world's: not private, loopback, link-local, shared, reserved or mapped."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in CLOSED_4)
    if any(address in network for network in CARRIES_4):
        return is_public(IPv4Address(int(address) & 0xFFFFFFFF))
    return address in OPEN_6 and not any(address in network for network in CLOSED_6)


def literal(host: str) -> Address | None:
    """The address that a host is spelled as, in any of the spellings that resolvers take; None for a name.

    `127.1`, `0x7f000001`, `0177.0.0.1` and `2130706433` are all spellings of 127.0.0.1.
    """
    try:
        return ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        pass
    try:
        return IPv4Address(socket.inet_aton(host))
    except OSError:
        return None
