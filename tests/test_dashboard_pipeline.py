"""A distillation started from the form in a real browser, and followed there to its end through every real part."""

import re

import httpx
import pytest
import yaml
from playwright.sync_api import Browser, Page, expect

from core.settings import ROOT
from tests.browser import Complaints, browser, complaints
from tests.stack import Stack

__all__ = ["browser", "complaints"]  # fixtures of this file

BEHAVIOR = "tiny-safety"
MINUTES = 10
SETTINGS = {
    "dataset.n_prompts": "48",
    "dataset.teacher.sampling.max_tokens": "48",
    "training.epochs": "2",
    "training.learning_rate": "0.0005",
    "training.max_length": "256",
}


def sign_in(page: Page, stack: Stack) -> None:
    """Through the form, with the key that the launcher printed."""
    page.goto(stack.url)
    page.get_by_label("API key").fill(stack.key)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()


def start(page: Page) -> None:
    """Fill in the form of a small distillation and send it."""
    page.get_by_role("link", name="New distillation").click()
    page.locator(f"input[value='{BEHAVIOR}']").check()
    page.locator("[name='method.rdpo.sft_weight']").fill("1")
    for name, value in SETTINGS.items():
        page.locator(f"[name='{name}']").fill(value)
    page.get_by_role("button", name="Start distillation").click()
    page.wait_for_url(re.compile(r"/dashboard/distillations/dist_[0-9a-z]{26}$"))


def hold_result(page: Page) -> None:
    """The page of the distillation, the run and the dataset show what came out."""
    expect(page.get_by_role("heading", name="Before and after")).to_be_visible()
    expect(page.get_by_role("rowheader", name=BEHAVIOR).first).to_be_visible()
    page.get_by_role("link", name="Training").click()
    expect(page.locator("#chart-loss .main-svg").first).to_be_visible()
    expect(page.locator("#said-logps")).to_contain_text("chosen:")
    expect(page.locator(".samples .answer.tuned").first).to_be_visible()
    page.get_by_role("link", name="Its dataset").click()
    expect(page.locator("#survivors")).to_contain_text("survive")
    expect(page.locator(".pair").first).to_be_visible()


@pytest.mark.timeout(60 * (MINUTES + 4))
def test_a_distillation_is_started_from_the_form_and_followed_to_its_end(
    browser: Browser, stack: Stack, complaints: Complaints
) -> None:
    recipe = yaml.safe_load((ROOT / "tiny" / "behaviors" / f"{BEHAVIOR}.yaml").read_text())
    with stack.client() as client:
        assert client.post("/behaviors", json=recipe).status_code in (httpx.codes.CREATED, httpx.codes.OK)
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = complaints.listen(context.new_page())
    sign_in(page, stack)
    start(page)
    ended = re.compile("succeeded|failed|cancelled")
    expect(page.locator("#head .badge")).to_have_text(ended, timeout=MINUTES * 60_000)
    expect(page.locator("#head .badge")).to_have_text("succeeded")
    hold_result(page)
    context.close()
    complaints.found[:] = [said for said in complaints.found if "Failed to load resource" not in said]  # tried again
