"""A real Chromium for tests, and everything it complains about."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from local.browser import installed
from tests.absence import may_skip

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
PATIENCE = 60_000  # milliseconds: machines that run many tests at once are slow
REMEDY = "No Chromium here: run `make browser` (Debian as root: `apt-get install -y chromium`)."


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for the tests of a file, with a new empty profile. Without one: skipped here, failed in CI.

    Not for longer: Playwright keeps an event loop in this thread, and other tests begin loops of their own.
    """
    with sync_playwright() as playwright:
        path = installed() or playwright.chromium.executable_path
        if not shutil.which(path):
            (pytest.skip if may_skip() else pytest.fail)(REMEDY)
        expect.set_options(timeout=PATIENCE)
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


@dataclass
class Complaints:
    """What the browser said against a page: errors, and breaches of the content security policy."""

    found: list[str] = field(default_factory=list)

    def listen(self, page: Page) -> Page:
        """Note every error of the page from now on."""
        page.on("console", lambda message: self._note(message.type, message.text))
        page.on("pageerror", lambda error: self.found.append(f"uncaught: {error}"))
        return page

    def _note(self, kind: str, text: str) -> None:
        if kind in ("error", "warning") or "Content Security Policy" in text:
            self.found.append(f"{kind}: {text}")


@pytest.fixture
def complaints() -> Iterator[Complaints]:
    """Fails the test for whatever the browser complained about."""
    complaints = Complaints()
    yield complaints
    assert complaints.found == []
