"""Which addresses are the wide world's, however they are spelled."""

from ipaddress import ip_address

import pytest

from core.outgoing.addresses import is_public, literal

CLOSED = [
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "127.0.0.1", "127.255.255.254", "169.254.169.254", "172.16.0.1",
    "172.31.255.255", "192.0.0.8", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.19.255.255",
    "198.51.100.7", "203.0.113.9", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255", "::", "::1", "::7f00:1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "64:ff9b:1::1", "100::1", "fe80::1", "fec0::1",
    "fc00::1", "fd12::1", "ff02::1", "2001::1", "2001:db8::1", "2002:7f00:1::", "3fff::1", "4000::1",
]  # fmt: skip
OPEN = [
    "1.1.1.1", "8.8.8.8", "100.128.0.1", "172.32.0.1", "192.0.1.1", "198.20.0.1", "2606:4700::1111",
    "2001:4860:4860::8888",
]  # fmt: skip


@pytest.mark.parametrize("address", CLOSED)
def test_special_addresses_are_closed(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", [*OPEN, "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_addresses_of_the_world_are_open(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.1", "2130706433", "0x7f000001", "0x7f.0.0.1", "0177.0.0.1", "017700000001"]
)
def test_every_spelling_of_an_address_is_seen_through(host: str) -> None:
    assert str(literal(host)) == "127.0.0.1"


@pytest.mark.parametrize(
    "host", ["api.example.com", "localhost", "127.0.0.1.example.com", "xn--80ak6aa92e.com", "face"]
)
def test_a_name_is_no_address(host: str) -> None:
    assert literal(host) is None
