"""Pages follow the ledger while something is under way."""

from playwright.sync_api import Page, expect

from core.database import transaction
from core.queries import distillations
from core.tables import DEFAULT_PROJECT
from tests.api.dashboard.conftest import Served
from tests.browser import Complaints
from tests.factories import showroom


def test_a_distillation_is_followed_from_its_dataset_to_its_result_without_a_reload(page: Page, served: Served) -> None:
    page.goto(f"/dashboard/distillations/{served.shown.waiting}")
    page.evaluate("window.stayed = true")
    expect(page.locator("#head .badge")).to_have_text("generating")
    with transaction() as session:
        row = distillations.get(session, DEFAULT_PROJECT, served.shown.waiting)
        showroom.finished_dataset(session, row)
    expect(page.locator("#head .badge")).to_have_text("training")
    with transaction() as session:
        run_id = distillations.get(session, DEFAULT_PROJECT, served.shown.waiting).run_id
        assert run_id is not None
        showroom.training(session, run_id)
    expect(page.locator(".step.active")).to_contain_text("66%")
    expect(page.locator(".step.active")).to_contain_text("left")
    with transaction() as session:
        showroom.evaluated(session, run_id)
        distillations.follow(session, served.shown.waiting)
    expect(page.locator("#head .badge")).to_have_text("succeeded")
    expect(page.get_by_role("heading", name="Before and after")).to_be_visible()
    expect(page.locator("#spoken")).to_have_text("Finished.")
    assert page.evaluate("window.stayed") is True
    assert not page.evaluate("document.body.hasAttribute('data-following')")


def test_a_part_that_was_opened_stays_open_and_a_lost_server_is_told(
    page: Page, served: Served, complaints: Complaints
) -> None:
    page.goto(f"/dashboard/distillations/{served.shown.held}")
    page.locator("#cmd-cancel summary").click()
    page.locator("h1").click()
    with page.expect_response(lambda answer: served.shown.held in answer.url):
        pass
    expect(page.locator("#code-cancel")).to_be_visible()
    page.context.set_offline(True)
    expect(page.locator("#connection")).to_be_visible()
    page.context.set_offline(False)
    expect(page.locator("#connection")).to_be_hidden()
    complaints.found.clear()  # the browser tells of the lost connection itself


def test_new_steps_are_added_to_the_curves(page: Page, served: Served) -> None:
    page.goto(f"/dashboard/runs/{served.shown.training_run}")
    expect(page.locator("#said-loss")).to_contain_text("at step 60")
    with transaction() as session:
        showroom.more_steps(session, served.shown.training_run, 61, 75)
    expect(page.locator("#said-loss")).to_contain_text("at step 75")
