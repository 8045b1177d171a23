"""F23: requests reach what they may reach, and a canary on loopback never."""

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path

import httpx
import pytest

from core.errors import Refused
from core.outgoing import transport
from core.outgoing.guard import Guard, Resolve, resolve
from core.outgoing.transport import client
from tests.factories.certificate import certificate
from tests.fakes.endpoint import Endpoint, says, serving


@pytest.fixture
def canary() -> Iterator[Endpoint]:
    """Nobody may ever ask it, unless a test allows it by name."""
    with serving(Endpoint(script=lambda asked: says({"it": "sings"}))) as running:
        yield running


def names(*answers: Sequence[str]) -> Resolve:
    """A resolver that gives these answers one after the other, the last one for ever."""
    left = list(answers)

    async def look_up(host: str, port: int) -> Sequence[str]:
        return left.pop(0) if len(left) > 1 else left[0]

    return look_up


def get(url: str, guard: Guard, *, times: int = 1, timeout: float = 5.0) -> list[httpx.Response]:
    async def run() -> list[httpx.Response]:
        async with client(guard) as outside:
            return [await outside.get(url, timeout=timeout) for _ in range(times)]

    return asyncio.run(run())


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0x7f.1", "017700000001", "0.0.0.0", "localhost", "[::1]",
        "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "user:pass@127.0.0.1", "api.example.com@127.0.0.1",
    ],
)  # fmt: skip
def test_no_spelling_of_loopback_reaches_the_canary(canary: Endpoint, host: str) -> None:
    with pytest.raises(Refused, match="not a public address"):
        get(f"http://{host}:{canary.port}/", Guard(allowed=[]))
    assert canary.asked == []


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1", "fe80::1%lo", "64:ff9b::7f00:1"]
)
def test_a_name_for_a_closed_address_is_refused(canary: Endpoint, address: str) -> None:
    with pytest.raises(Refused, match="not a public address"):
        get(f"http://api.example.com:{canary.port}/", Guard(allowed=[], resolve=names([address])))
    assert canary.asked == []


def test_one_closed_address_among_open_ones_is_enough(canary: Endpoint) -> None:
    with pytest.raises(Refused):
        get(f"http://api.example.com:{canary.port}/", Guard(allowed=[], resolve=names(["8.8.8.8", "127.0.0.1"])))
    assert canary.asked == []


def test_a_name_that_is_rebound_is_looked_at_again_and_never_used_unseen(canary: Endpoint) -> None:
    """What was checked is what is connected to: between the two nobody asks a resolver."""
    asked: list[str] = []
    rebinding = names(["192.0.2.1"], ["127.0.0.1"])

    async def look_up(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return await rebinding(host, port)

    for _ in range(3):
        with pytest.raises((Refused, httpx.TransportError)):
            get(f"http://api.example.com:{canary.port}/", Guard(allowed=[], resolve=look_up), timeout=0.2)
    assert asked == ["api.example.com"] * 3
    assert canary.asked == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_the_canary_is_not_followed(canary: Endpoint, status: int) -> None:
    there = f"http://127.0.0.1:{canary.port}/"
    with serving(Endpoint(script=lambda asked: says({}, status=status, location=there))) as outside:
        [answer] = get(outside.url, Guard(allowed=[outside.door]))
    assert answer.status_code == status
    assert canary.asked == []


def test_a_proxy_of_the_environment_is_not_used(canary: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{canary.port}")
    with serving(Endpoint()) as outside:
        get(f"http://api.example.com:{outside.port}/", Guard(allowed=[outside.door], resolve=names(["127.0.0.1"])))
        assert outside.asked[0].headers["host"] == f"api.example.com:{outside.port}"
    assert canary.asked == []


def test_the_operator_opens_a_place_by_its_name_or_its_address_and_one_port(canary: Endpoint) -> None:
    url, here = f"http://api.example.com:{canary.port}/", names(["127.0.0.1"])
    for allowed in ([f"API.example.com:{canary.port}"], [canary.door]):
        [answer] = get(url, Guard(allowed=allowed, resolve=here))
        assert answer.json() == {"it": "sings"}
    for allowed in ([f"api.example.com:{canary.port + 1}"], [f"example.com:{canary.port}"], []):
        with pytest.raises(Refused, match="BURNISH_ALLOWED_ENDPOINTS"):
            get(url, Guard(allowed=allowed, resolve=here))
    assert len(canary.asked) == 2


def test_an_address_that_does_not_answer_is_passed_over_for_the_next(canary: Endpoint) -> None:
    url = f"http://api.example.com:{canary.port}/"
    guard = Guard(allowed=[f"api.example.com:{canary.port}"], resolve=names(["127.0.0.2", "127.0.0.1"]))
    assert get(url, guard)[0].status_code == 200


def test_connections_are_kept_and_resolved_once(canary: Endpoint) -> None:
    asked: list[str] = []

    async def look_up(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return ["127.0.0.1"]

    url = f"http://api.example.com:{canary.port}/"
    assert len(get(url, Guard(allowed=[canary.door], resolve=look_up), times=5)) == 5
    assert len(asked) == 1


def test_a_name_that_nobody_knows_or_tells_in_time_is_no_connection() -> None:
    async def unknown(host: str, port: int) -> Sequence[str]:
        raise OSError("no such name")

    async def silent(host: str, port: int) -> Sequence[str]:
        await asyncio.Event().wait()
        return []

    for slow, error in ((unknown, httpx.ConnectError), (silent, httpx.ConnectTimeout)):
        with pytest.raises(error):
            get("http://api.example.com/", Guard(allowed=[], resolve=slow), timeout=0.2)


def test_the_certificate_must_bear_the_name_that_was_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trusted, context = certificate(tmp_path, "api.example.com")
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    transport._tls.cache_clear()
    with serving(Endpoint(tls=context)) as outside:
        guard = Guard(allowed=[outside.door], resolve=names(["127.0.0.1"]))
        assert get(f"https://api.example.com:{outside.port}/", guard)[0].status_code == 200
        for host in ("other.example.com", "127.0.0.1"):
            with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
                get(f"https://{host}:{outside.port}/", guard)
        assert len(outside.asked) == 1
    transport._tls.cache_clear()


def test_this_machines_resolver_answers() -> None:
    assert "127.0.0.1" in asyncio.run(resolve("localhost", 80))
