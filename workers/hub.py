"""The hub's own client, bounded, and what goes wrong with it in our own words.

Left alone it waits for ever where its caller names no time-out, and sleeps for as long as a hub asks it to. Here every
silence ends, and longer waits are the ledger's: a shard that waits blames nobody and holds no worker.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import httpx2
from huggingface_hub import set_client_factory
from huggingface_hub.errors import HfHubHTTPError
from huggingface_hub.utils._http import default_client_factory

from core.errors import BadInput, Unavailable
from core.settings import settings

AGAIN = frozenset({408, 409, 425, 429})  # statuses below 500 that another try may mend
NAPS = ("retry-after", "ratelimit")  # headers that the client would sleep by


@cache
def bound_client() -> None:
    """From now on every request of the hub's client in this process ends."""
    set_client_factory(_client)


def may_answer_later(error: HfHubHTTPError) -> bool:
    """Whether a status is about now, and not about what was asked."""
    return error.response.status_code in AGAIN or error.response.status_code >= 500


@contextmanager
def hub_answers(what: str = "", *, param: str | None = None) -> Iterator[None]:
    """What the client raises in this block, as our own errors; `what` says what it was asked for.

    Raises BadInput for what the hub refuses, Unavailable when it does not answer now.
    """
    bound_client()
    try:
        yield
    except HfHubHTTPError as error:
        reason = (error.server_message or "no reason given").rstrip(".")
        told = f"The hub answers {error.response.status_code}{what}: {reason}."
        if may_answer_later(error):
            raise Unavailable(told) from error
        raise BadInput(told, param=param) from error
    except (httpx2.HTTPError, OSError) as error:
        raise Unavailable(f"The hub does not answer{what}: {first_line(error)}.") from error


def first_line(error: Exception) -> str:
    """What an error says, in one line; its name where it says nothing."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")


def _client() -> httpx2.Client:
    client = default_client_factory()
    client.event_hooks["request"].append(_bound)
    client.event_hooks["response"].append(_awake)
    return client


def _bound(request: httpx2.Request) -> None:
    """No wait of a request is endless, not even where its caller says so."""
    waits = request.extensions.get("timeout", {})
    names = ("connect", "read", "write", "pool")
    request.extensions["timeout"] = {name: waits.get(name) or settings().hub_seconds for name in names}


def _awake(response: httpx2.Response) -> None:
    for name in NAPS:
        response.headers.pop(name, None)
