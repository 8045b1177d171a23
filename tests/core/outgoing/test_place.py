"""URLs are read strictly, and the same place is always written in the same words."""

import pytest

from core.errors import BadInput
from core.outgoing.place import place


@pytest.mark.parametrize(
    ("url", "same"),
    [
        ("https://API.Example.com:443/v1/", "https://api.example.com/v1"),
        ("http://api.example.com.:80", "http://api.example.com"),
        ("http://[0:0::0:1]:8001/v1", "http://[::1]:8001/v1"),
        ("http://host/a/../b@c", "http://host/a/../b@c"),
    ],
)
def test_a_place_is_written_in_one_way(url: str, same: str) -> None:
    assert place(url, param="x").url == same


@pytest.mark.parametrize(
    ("url", "remedy"),
    [
        ("file:///etc/passwd", "http://host:port/path"),
        ("gopher://host/", "http://host:port/path"),
        ("https://user@host/v1", "name a secret"),
        ("https://user:pass@host/v1", "name a secret"),
        ("https://host#@other/", "leave out"),
        ("https://host?x=1", "leave out"),
        ("https://hóst/v1", "ASCII"),
        ("https://①②⑦.0.0.1/v1", "ASCII"),
        ("https://host\\@other/v1", "plain letters"),
        ("https://host\\other/v1", "plain letters"),
        ("https://host/v1\r\nHost: other", "plain letters"),
        ("https://ho st/v1", "plain letters"),
        ("https://host%00/v1", "plain letters"),
        ("https://[::1%25eth0]/v1", "plain letters"),
        ("https://host:70000/v1", "65535"),
        ("https://host:0/v1", "65535"),
        ("https://", "plain letters"),
        ("https://010.8.8.8/v1", "usual form, 8.8.8.8"),
        ("https://134744072/v1", "usual form, 8.8.8.8"),
        ("https://[::::]/v1", "no IPv6 address"),
    ],
)
def test_what_two_readers_might_read_in_two_ways_is_refused_with_its_remedy(url: str, remedy: str) -> None:
    with pytest.raises(BadInput, match=remedy) as told:
        place(url, param="teacher.base_url")
    assert told.value.param == "teacher.base_url"


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("https://user:hidden@host/v1", "'https://host/v1'"),
        ("https://user:hidden/hidden@host/v1", "'https://host/v1'"),
        ("user:hidden@host/v1", "'host/v1'"),
        ("https://host/v1?key=hidden", "'https://host/v1'"),
        ("https://host/v1#hidden", "'https://host/v1'"),
        ("https://host/v1?to=https://hidden", "'https://host/v1'"),
        ("https://user:hidden?hidden@host/v1", "'https://...'"),
    ],
)
def test_a_refused_url_is_told_without_what_may_be_secret(url: str, told: str) -> None:
    with pytest.raises(BadInput) as refused:
        place(url, param="teacher.base_url")
    assert refused.value.message.startswith(f"{told} is not the address of a server: ")
