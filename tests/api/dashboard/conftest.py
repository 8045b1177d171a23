"""A real browser before a real door: pages are served by uvicorn and looked at in Chromium."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

import pytest
import uvicorn
from httpx import Response
from playwright.sync_api import Browser, BrowserContext, Page
from starlette.testclient import TestClient

from api.dashboard.visitor import COOKIE
from api.first_key import make_first_key
from api.main import create_door
from core.database import transaction
from local.postgres import Cluster
from tests.api.conftest import ADDRESS, Visitor
from tests.browser import PATIENCE, Complaints, browser, complaints
from tests.conftest import _database as databases
from tests.conftest import forget_settings
from tests.factories.ledger import REWARD, STUDENT, TEACHER, model_folders
from tests.factories.showroom import Showroom, furnish
from tests.stack import free_port

__all__ = ["browser", "complaints", "context", "page", "send", "served", "signed_in"]

SAME = {"sec-fetch-site": "same-origin", "origin": ADDRESS}
FORM = {"content-type": "application/x-www-form-urlencoded"}


@pytest.fixture
def signed_in(visitor: Visitor) -> TestClient:
    """A client with the cookie, without the header, that does not follow redirects."""
    return TestClient(create_door(), base_url=ADDRESS, cookies={COOKIE: visitor.key}, follow_redirects=False)


def send(client: TestClient, path: str, **fields: str | list[str]) -> Response:
    """Send a form as a browser without scripts does; `__` in a name stands for a dot."""
    named = {name.replace("__", "."): value for name, value in fields.items()}
    return client.post(path, data=named, headers=SAME)


@dataclass(frozen=True)
class Served:
    """A door that listens, its admin key, and what stands in its ledger."""

    url: str
    key: str
    shown: Showroom


@pytest.fixture(scope="module")
def ledger_of_module(
    postgres_server: Cluster, template_database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """A migrated database, model folders and settings for the tests of one file together."""
    folder = tmp_path_factory.mktemp("dashboard")
    models = json.dumps([str(model_folders(folder / "models"))])
    with pytest.MonkeyPatch.context() as patch, closing(databases(postgres_server, template_database)) as made:
        chosen = {"DATABASE_URL": next(made), "DATA_DIR": str(folder / "data"), "BEHAVIOR_DIRS": "[]"}
        chosen |= {"MODEL_ROOTS": models, "DEFAULT_TEACHER": TEACHER, "DEFAULT_REWARD": REWARD}
        for name, value in (chosen | {"DEFAULT_STUDENT": STUDENT}).items():
            patch.setenv(f"BURNISH_{name}", value)
        forget_settings()
        yield
        forget_settings()


@pytest.fixture(scope="module")
def served(ledger_of_module: None) -> Iterator[Served]:
    """The door on a port of its own, before a furnished ledger."""
    key = make_first_key()
    assert key is not None
    with transaction() as session:
        shown = furnish(session)
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(create_door(), port=port, log_config=None, access_log=False))
    thread = threading.Thread(target=server.run)
    thread.start()
    deadline = time.monotonic() + 60
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.02)
    yield Served(f"http://127.0.0.1:{port}", key, shown)
    server.should_exit = True
    thread.join()


@pytest.fixture
def context(browser: Browser, served: Served) -> Iterator[BrowserContext]:
    """A browser window that is signed in."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, base_url=served.url)
    cookie = {"name": "burnish_session", "value": served.key, "url": served.url, "httpOnly": True, "sameSite": "Strict"}
    context.add_cookies([cookie])  # type: ignore[list-item]
    context.set_default_timeout(PATIENCE)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext, complaints: Complaints) -> Page:
    """A page of that window; its complaints fail the test."""
    return complaints.listen(context.new_page())
