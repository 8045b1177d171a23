"""The run's page lists the pairs that its model finds hardest."""

from playwright.sync_api import Page, expect

from tests.api.dashboard.conftest import Served


def numbers(page: Page, column: str) -> list[float]:
    """A column of the table, top down."""
    found = page.locator(f"#pairs td[data-label={column}]").all_inner_texts()
    return [float(text.replace("\N{MINUS SIGN}", "-")) for text in found]


def test_the_hardest_pairs_are_listed_in_the_order_and_of_the_split_that_is_chosen(page: Page, served: Served) -> None:
    page.goto(f"/dashboard/runs/{served.shown.done_run}")
    expect(page.get_by_role("heading", name="Pairs the model finds hardest")).to_be_visible()
    losses = numbers(page, "loss")
    assert len(losses) == 8
    assert losses == sorted(losses, reverse=True)
    page.get_by_role("link", name="least margin").click()
    expect(page.get_by_role("link", name="least margin")).to_have_attribute("aria-current", "true")
    margins = numbers(page, "margin")
    assert margins == sorted(margins)
    page.get_by_role("link", name="train", exact=True).click()
    assert set(page.locator("#pairs td[data-label=split]").all_inner_texts()) == {"train"}
    page.locator("#pairs summary").first.click()
    expect(page.locator("#pairs details").first).to_contain_text("you are absolutely right")
    page.locator("#pairs tbody a").first.click()
    expect(page.locator("h1")).to_contain_text("Pair of prompt")


def test_a_run_that_stopped_early_says_why_and_which_checkpoint_became_the_model(page: Page, served: Served) -> None:
    page.goto(f"/dashboard/runs/{served.shown.done_run}")
    expect(page.locator("#error")).to_contain_text("Stopped early, as asked. Validation loss got no better")
    expect(page.locator("#checkpoints li", has_text="step 60")).to_contain_text("best validation loss 0.310")
    page.goto(f"/dashboard/runs/{served.shown.training_run}")
    expect(page.locator("h1")).to_be_visible()
    expect(page.locator("#pairs table")).to_have_count(0)
