"""Waits of the hub's client end, and what it raises is told apart."""

import socket
from collections.abc import Iterator

import pytest
from huggingface_hub import get_session

from core.errors import Unavailable
from tests.conftest import forget_settings
from tests.fakes import receiving_hub as fake
from workers.hub import hub_answers


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[fake.Hub]:
    monkeypatch.setenv("BURNISH_HUB_SECONDS", "0.2")
    forget_settings()
    with fake.serving() as one:
        yield one
    forget_settings()


def test_a_silent_hub_is_given_up_even_where_the_library_would_wait_for_ever(hub: fake.Hub) -> None:
    hub.failing = ["hang"]
    with pytest.raises(Unavailable, match="The hub does not answer: timed out"), hub_answers():
        get_session().get(f"{hub.url}/api/datasets/me/pairs/tree/main", timeout=None)


def test_a_connection_that_is_refused_or_reset_is_a_hub_that_does_not_answer(hub: fake.Hub) -> None:
    hub.failing = ["reset"]
    with pytest.raises(Unavailable, match="The hub does not answer for it: "), hub_answers(" for it"):
        get_session().get(hub.url)
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        with pytest.raises(Unavailable, match=r"\[Errno 111\] Connection refused"), hub_answers():
            get_session().get(f"http://127.0.0.1:{closed.getsockname()[1]}")


def test_the_client_does_not_sleep_for_as_long_as_a_hub_asks(hub: fake.Hub) -> None:
    hub.failing, hub.naps = [429], {"retry-after": "86400", "ratelimit": '"api";r=0;t=86400'}
    with hub_answers():
        answer = get_session().get(hub.url)
    assert answer.status_code == 429
    assert not {*hub.naps} & {*answer.headers}  # which is all that it sleeps by
