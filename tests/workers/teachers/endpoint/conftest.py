"""A scripted endpoint, and settings that make waiting for it short."""

import json
from collections.abc import Callable, Iterator

import pytest

from tests.conftest import forget_settings
from tests.fakes.endpoint import Endpoint, serving


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
