"""A scripted endpoint, and settings that make waiting for it short."""

import json
from collections.abc import Callable, Iterator

import pytest

from tests.conftest import forget_settings
from tests.fakes.endpoint import Endpoint, serving
from workers.lease import Beats


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    """One that behaves until a test says otherwise."""
    with serving(Endpoint()) as running:
        yield running


@pytest.fixture
def of_hosted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Sets what the operator says about the model `hosted`."""

    def tell(**told: object) -> None:
        monkeypatch.setenv("BURNISH_MODELS", json.dumps({"hosted": told, "another": {"requests_per_minute": 1e-6}}))
        forget_settings()

    yield tell
    forget_settings()


@pytest.fixture
def short_waits(database: str, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    """The endpoint is allowed; nobody waits for it long, and a shard that waits is tried again at once."""
    for name, value in {
        "ALLOWED_ENDPOINTS": json.dumps([endpoint.door]),
        "ENDPOINT_ANSWER_SECONDS": 0.5,
        "ENDPOINT_RETRY_SECONDS": 0.01,
        "RETRY_SECONDS": 0,
        "MAX_ATTEMPTS": 2,
    }.items():
        monkeypatch.setenv(f"BURNISH_{name}", str(value))
    forget_settings()


@pytest.fixture
def beats() -> Iterator[Beats]:
    with Beats() as thread:
        yield thread
