"""Reviewing pairs with keys alone, in a real browser."""

import re

from playwright.sync_api import Page, expect

from core.database import transaction
from core.queries import distillations, pairs
from core.queries.pairs import PairFilter
from core.tables import DEFAULT_PROJECT
from tests.api.dashboard.conftest import Served
from tests.browser import Complaints


def listed(dataset: str) -> list[str]:
    """The kept pairs in the order of the review."""
    with transaction() as session:
        return [row.Pair.id for row in pairs.page(session, dataset, PairFilter(verdict="kept"), limit=100)]


def test_pairs_are_gone_through_accepted_rejected_swapped_and_edited_with_keys(page: Page, served: Served) -> None:
    dataset = served.shown.done_dataset
    first, second, third, fourth, *_ = listed(dataset)
    card = page.locator("article.review")
    page.goto(f"/dashboard/datasets/{dataset}/review?verdict=kept")
    for key, shown in (("j", second), ("k", first), ("a", second), ("r", third)):
        page.keyboard.press(key)
        expect(card).to_have_id(shown)
    expect(page.get_by_role("status").first).to_contain_text("Rejected by")
    chosen = card.locator(".three-sides .tuned .text").text_content()
    page.keyboard.press("s")
    expect(card).to_contain_text("swapped by a person")
    expect(card.locator(".three-sides .base .text")).to_have_text(chosen or "")
    page.keyboard.press("j")
    expect(card).to_have_id(fourth)
    page.keyboard.press("e")
    expect(page.locator("#chosen")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#chosen")).to_be_hidden()
    page.keyboard.press("e")
    page.keyboard.press("Control+a")
    page.keyboard.type("jar? said a rake.")  # letters that are keys, while writing
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(card.locator(".three-sides .tuned .text")).to_have_text("jar? said a rake.")
    expect(page.locator("#original")).to_contain_text("Not quite.")
    page.keyboard.press("?")
    expect(page.locator("#keys .facts")).to_be_visible()
    with transaction() as session:
        verdicts = [pairs.get(session, DEFAULT_PROJECT, id).Pair.review for id in (first, second, third, fourth)]
    assert verdicts == ["accepted", "rejected", "swapped", "edited"]


def test_keys_can_be_turned_off_and_stay_off_from_pair_to_pair(page: Page, served: Served) -> None:
    dataset = served.shown.done_dataset
    page.goto(f"/dashboard/datasets/{dataset}/review?keys=off&reviewed=false")
    card = page.locator("article.review")
    here = card.get_attribute("id") or ""
    page.keyboard.press("j")
    page.get_by_role("link", name=re.compile("^Next")).click()
    expect(card).not_to_have_id(here)
    assert "keys=off" in page.url
    shown = card.get_attribute("id") or ""
    page.keyboard.press("r")
    page.reload()
    expect(card).to_have_id(shown)
    with transaction() as session:
        assert pairs.get(session, DEFAULT_PROJECT, shown).Pair.review is None


def test_a_pair_that_a_run_trains_on_is_refused_in_words(page: Page, served: Served, complaints: Complaints) -> None:
    with transaction() as session:
        dataset = distillations.get(session, DEFAULT_PROJECT, served.shown.training).dataset_id
    page.goto(f"/dashboard/datasets/{dataset}/review")
    page.keyboard.press("r")
    expect(page.get_by_role("alert")).to_contain_text("trains on dataset")
    expect(page.get_by_role("alert")).to_be_focused()
    complaints.found.clear()  # the browser tells of the 409 itself
