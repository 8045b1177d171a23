"""A scripted endpoint, and settings that make waiting for it short."""

from collections.abc import Iterator

import pytest

from tests.fakes.endpoint import Endpoint, serving


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    """One that behaves until a test says otherwise."""
    with serving(Endpoint()) as running:
        yield running
