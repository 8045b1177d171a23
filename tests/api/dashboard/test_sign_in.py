"""Signing in with a key, and out."""

from playwright.sync_api import Browser, expect

from api.dashboard.visitor import COOKIE
from tests.api.dashboard.conftest import Served
from tests.browser import Complaints


def test_a_person_signs_in_with_a_key_comes_to_the_page_they_wanted_and_signs_out(
    browser: Browser, served: Served, complaints: Complaints
) -> None:
    context = browser.new_context(base_url=served.url)
    page = complaints.listen(context.new_page())
    page.goto("/dashboard/behaviors")
    page.get_by_label("API key").fill(served.key)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Behaviors")).to_be_visible()
    (cookie,) = context.cookies()
    assert (cookie["name"], cookie["httpOnly"], cookie["sameSite"]) == (COOKIE, True, "Strict")
    assert page.evaluate("document.cookie") == ""
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert context.cookies() == []
    context.close()
