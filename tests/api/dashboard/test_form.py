"""The form of a new distillation, by keyboard and by mouse."""

import json
import re

from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session

from core.database import transaction
from core.queries import datasets, distillations
from core.tables import DEFAULT_PROJECT, Distillation
from tests.api.dashboard.conftest import Served
from tests.browser import Complaints
from tests.factories.worked import work

NEW = "/dashboard/distillations/new"
STARTED = re.compile(r"/dashboard/distillations/dist_[0-9a-z]{26}$")


def newest() -> Distillation:
    """The distillation that was asked for last."""
    with transaction() as session:
        return distillations.page(session, DEFAULT_PROJECT, limit=1)[0]


def work_on(session: Session, dataset_id: str) -> None:
    """Do what the workers would do, the preview first."""
    work(session)
    datasets.advance(session, dataset_id)


def number_of_distillations() -> int:
    """How many there are."""
    with transaction() as session:
        return len(distillations.page(session, DEFAULT_PROJECT, limit=100))


def test_a_distillation_is_started_with_the_keyboard_alone(page: Page, served: Served) -> None:
    page.goto(NEW)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.value") == "candour":
            break
    page.keyboard.press("Space")
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.name") == "dataset.n_prompts":
            break
    page.keyboard.type("24")
    page.keyboard.press("Enter")
    page.wait_for_url(STARTED)
    expect(page.locator("h1")).to_have_text("candour")
    assert newest().config["dataset"]["n_prompts"] == 24
    assert page.url.endswith(newest().id)


def test_every_field_of_the_form_reaches_the_request_as_its_command_says(page: Page, served: Served) -> None:
    page.goto(NEW)
    page.get_by_label("Candour before comfort").check()
    page.get_by_label("dpo", exact=False).nth(1).check()
    expect(page.locator("[data-method=rdpo]")).to_be_hidden()
    page.locator("[name='method.dpo.beta']").fill("0.3")
    page.locator("[name='training.mode']").select_option("lora")
    page.locator("[name='training.epochs']").fill("2")
    page.get_by_text("Choose filters").click()
    page.get_by_label("Near duplicates", exact=False).check()
    page.locator("[name='dataset.filters.near_duplicates.threshold']").fill("0.7")
    page.get_by_label("Identical").uncheck()
    page.locator("[name='dataset.budget.tokens']").fill("500000")
    page.locator("[name='dataset.reward.0.model']").fill("rule:expected")
    expect(page.locator("#code-new")).to_contain_text("expected")
    command = page.locator("#code-new").text_content() or ""
    body = json.loads(command[command.index("-d '") + 4 : -1])
    assert body == {
        "dataset": {
            "behavior": ["candour"],
            "reward": {"kind": "rule", "rule": "expected"},
            "filters": {"identical": False, "near_duplicates": {"threshold": 0.7}},
            "budget": {"tokens": 500000},
        },
        "method": {"type": "dpo", "dpo": {"beta": 0.3}},
        "training": {"mode": "lora", "epochs": 2},
    }
    page.get_by_role("button", name="Start distillation").click()
    page.wait_for_url(STARTED)
    asked = newest().config
    assert asked["method"] == {"type": "dpo", "dpo": {"beta": 0.3, "sft_weight": 0.0}}
    assert (asked["training"]["mode"], asked["training"]["epochs"]) == ("lora", 2)
    assert asked["dataset"]["filters"]["near_duplicates"]["threshold"] == 0.7
    assert asked["dataset"]["budget"]["tokens"] == 500000
    assert [scorer["rule"] for scorer in asked["dataset"]["reward"]] == ["expected"]


def test_what_is_asked_follows_the_strategy_and_its_variant(page: Page, served: Served) -> None:
    page.goto(NEW)
    page.get_by_label("Candour before comfort").check()
    page.get_by_text("Critique, or counterfactual pairs").click()
    page.get_by_text("Rounds, candidates, wrappers").click()
    style, negative = (page.locator(f"[name='dataset.counterfactual.{name}']") for name in ("style", "negative"))
    rounds = page.locator("[name='dataset.rounds']")
    expect(style).to_be_hidden()
    expect(rounds).to_be_visible()
    page.locator("[name='dataset.strategy']").select_option("counterfactual")
    expect(style).to_be_visible()
    expect(negative).to_be_visible()
    expect(rounds).to_be_hidden()
    page.locator("[name='dataset.counterfactual.variant']").select_option("enc")
    expect(negative).to_be_hidden()
    style.fill("Be candid.")
    expect(page.locator("#code-new")).to_contain_text('"counterfactual": {')
    command = page.locator("#code-new").text_content() or ""
    assert json.loads(command[command.index("-d '") + 4 : -1])["dataset"] == {
        "behavior": ["candour"],
        "strategy": "counterfactual",
        "counterfactual": {"variant": "enc", "style": "Be candid."},
    }


def test_the_estimate_follows_what_is_written_and_says_what_is_missing(page: Page, served: Served) -> None:
    page.goto(NEW)
    estimate = page.locator("#estimate")
    expect(estimate).to_contain_text("Choose a behavior")
    page.get_by_label("Candour before comfort").check()
    expect(estimate).to_contain_text("From 109 chains of the same teacher.")
    chains = estimate.locator("dd").first
    expect(chains).to_have_text("60")
    page.locator("[name='dataset.n_prompts']").fill("30")
    page.locator("[name='dataset.samples_per_prompt']").fill("3")
    expect(chains).to_have_text("90")
    page.locator("[name='dataset.budget.tokens']").fill("100")
    expect(estimate).to_contain_text("The budget of tokens would be reached")
    page.locator("[name='dataset.n_prompts']").fill("1000")
    expect(estimate).to_contain_text("n_prompts is 1000")


def test_a_preview_shows_its_five_pairs_beside_the_form_which_stays(
    page: Page, served: Served, complaints: Complaints
) -> None:
    before = number_of_distillations()
    page.goto(NEW)
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#preview-said")).to_contain_text("behavior")
    page.get_by_label("Candour before comfort").check()
    page.locator("[name='dataset.n_prompts']").fill("40")
    page.get_by_role("button", name="Preview").click()
    link = page.locator("#preview-link")
    expect(link).to_have_attribute("href", re.compile(r"/dashboard/datasets/ds_"))
    preview = (link.get_attribute("href") or "").rpartition("/")[2]
    with transaction() as session:
        work_on(session, preview)
    expect(page.locator("#preview-pairs > .pair")).to_have_count(5)
    expect(page.locator("#preview-said")).to_have_text("Finished.")
    expect(page.locator("[name='dataset.n_prompts']")).to_have_value("40")
    complaints.found.clear()  # the browser tells of the 4xx itself
    assert number_of_distillations() == before


def test_what_is_wrong_is_told_beside_the_form_which_keeps_its_fields(
    page: Page, served: Served, complaints: Complaints
) -> None:
    before = number_of_distillations()
    page.goto(NEW)
    page.get_by_label("Candour before comfort").check()
    page.locator("[name='dataset.n_prompts']").fill("1000")
    page.get_by_role("button", name="Start distillation").click()
    expect(page.get_by_role("alert")).to_contain_text("1000")
    expect(page.get_by_role("alert")).to_be_focused()
    expect(page.locator("[name='dataset.n_prompts']")).to_have_value("1000")
    expect(page.locator("[name='dataset.n_prompts']")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Candour before comfort")).to_be_checked()
    page.get_by_label("Candour before comfort").uncheck()
    page.get_by_role("button", name="Start distillation").click()
    expect(page.get_by_role("alert")).to_contain_text("behavior")
    assert number_of_distillations() == before
    complaints.found.clear()  # the browser tells of the 4xx itself


def test_sending_the_form_twice_starts_one_distillation(page: Page, served: Served) -> None:
    before = number_of_distillations()
    page.goto(NEW + "?behavior=candour")
    page.locator("[name='dataset.n_prompts']").fill("12")
    sent = page.evaluate("new URLSearchParams(new FormData(document.getElementById('new'))).toString()")
    kind = {"content-type": "application/x-www-form-urlencoded", "origin": served.url}
    places = {
        page.context.request.post("/dashboard/distillations", data=sent, headers=kind, max_redirects=0).headers[
            "location"
        ]
        for _ in range(3)
    }
    assert len(places) == 1
    assert number_of_distillations() == before + 1


def test_a_distillation_is_cancelled_with_its_button(page: Page, served: Served) -> None:
    page.goto(f"/dashboard/distillations/{served.shown.held}")
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("#head .badge")).to_have_text("cancelled")
