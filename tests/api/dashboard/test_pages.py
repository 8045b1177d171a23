"""Every page in a real browser: no complaint, in light and dark, narrow and wide, with hostile text shown as text."""

from playwright.sync_api import Page, expect

from tests.api.dashboard.conftest import Served
from tests.browser import Complaints
from tests.factories.showroom import Showroom
from tests.factories.worked import CANARY


def charted(shown: Showroom) -> tuple[str, ...]:
    """What has something to draw."""
    return (shown.done_dataset, shown.training_run, shown.done_run, shown.sweep, compared(shown))


def compared(shown: Showroom) -> str:
    """The end of the address of a comparison."""
    return f"compare?ids={shown.done_run},{shown.swept_runs[0]},{shown.training_run}"


def pages(shown: Showroom) -> list[str]:
    """The address of every page there is."""
    ids = {
        "distillations": [shown.waiting, shown.held, shown.training, shown.done],
        "datasets": [shown.done_dataset, shown.held_dataset],
        "runs": [shown.training_run, shown.done_run, compared(shown)],
        "sweeps": [shown.sweep],
        "behaviors": ["candour"],
    }
    lists = [f"/dashboard/{noun}" for noun in ids]
    more = ["/dashboard/keys", "/dashboard/secrets", f"/dashboard/pairs/{shown.pair}"]
    more.append(f"/dashboard/datasets/{shown.done_dataset}/review?at={shown.pair}")
    return [
        "/",
        "/dashboard/distillations/new",
        *more,
        *lists,
        *(f"/dashboard/{k}/{id}" for k, v in ids.items() for id in v),
    ]


def look(page: Page, address: str, charted: tuple[str, ...]) -> None:
    """Open a page and hold what every page promises."""
    answer = page.goto(address)
    assert answer is not None
    assert answer.status == 200
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "unsafe" not in answer.headers["content-security-policy"]
    expect(page.locator("h1")).to_have_count(1)
    expect(page.locator("nav[aria-label=Main] a")).to_have_count(6)
    if address.rpartition("/")[2] in charted:
        expect(page.locator(".main-svg").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{address} scrolls sideways"
    assert page.title() != "taken"
    assert page.evaluate("document.querySelectorAll('main script, main img').length") == 0


def test_every_page_is_quiet_in_light_on_a_desk(page: Page, served: Served) -> None:
    for address in pages(served.shown):
        look(page, address, charted(served.shown))


def test_every_page_is_quiet_in_dark_on_a_phone(page: Page, served: Served) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.emulate_media(color_scheme="dark")
    for address in pages(served.shown):
        look(page, address, charted(served.shown))
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == "rgb(20, 18, 16)"


def test_text_of_models_and_users_appears_as_text(page: Page, served: Served) -> None:
    for address, place in (
        (f"/dashboard/datasets/{served.shown.done_dataset}", ".pair details.more"),
        (f"/dashboard/datasets/{served.shown.done_dataset}/review", ".three-sides"),
        (f"/dashboard/pairs/{served.shown.pair}", ".turn-card:nth-child(2)"),
        (f"/dashboard/runs/{served.shown.done_run}", ".answer.tuned"),
        ("/dashboard/behaviors/candour", ".long"),
    ):
        page.goto(address)
        assert CANARY in (page.locator(place).first.text_content() or "")


def test_a_page_that_is_not_there_says_so(page: Page, served: Served, complaints: Complaints) -> None:
    answer = page.goto("/dashboard/runs/run_nothing")
    assert answer is not None
    assert answer.status == 404
    expect(page.get_by_role("heading", name="Not found")).to_be_visible()
    expect(page.get_by_text("There is no run 'run_nothing' in this project.")).to_be_visible()
    complaints.found.clear()  # the browser tells of the 404 itself


def test_the_card_compares_the_two_models_with_intervals(page: Page, served: Served) -> None:
    page.goto(f"/dashboard/runs/{served.shown.done_run}")
    row = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="candour")).first
    expect(row).to_contain_text("0.31")
    expect(row).to_contain_text("0.79 to 0.89")
    expect(row).to_contain_text("+0.53")
    expect(page.locator(".headline")).to_contain_text("excludes zero")
    expect(page.get_by_text("Harmless lookalikes not helped with")).to_be_visible()


def test_pairs_show_which_words_the_revision_changed(page: Page, served: Served) -> None:
    page.goto(f"/dashboard/datasets/{served.shown.done_dataset}?verdict=kept")
    pair = page.locator(".pair").first
    assert "absolutely right" in " ".join(pair.locator("del").all_text_contents())
    assert "Not quite" in " ".join(pair.locator("ins").all_text_contents())
    page.goto(f"/dashboard/datasets/{served.shown.done_dataset}?verdict=dropped")
    expect(page.locator(".pair").first).to_contain_text("identical")


def test_the_slider_says_how_many_pairs_survive_a_least_margin(page: Page, served: Served) -> None:
    page.goto(f"/dashboard/datasets/{served.shown.done_dataset}")
    survivors = page.locator("#survivors")
    expect(survivors).to_have_text("50 of 50 kept pairs with a margin survive (100%).")
    page.locator("#least").focus()
    page.keyboard.press("End")
    expect(survivors).to_contain_text("0 of 50")
    for _ in range(12):
        page.keyboard.press("ArrowLeft")
    expect(survivors).not_to_contain_text("0 of 50 ")
    left = (survivors.text_content() or "").split()[0]
    page.locator("#verdict").select_option("kept")
    page.get_by_role("button", name="Review these").click()
    expect(page.locator(".in-list")).to_have_text(f"{left} in this list")


def test_curves_are_told_in_words_too(page: Page, served: Served) -> None:
    page.goto(f"/dashboard/runs/{served.shown.done_run}")
    expect(page.locator("#said-loss")).to_contain_text("at step 90")
    expect(page.locator("#said-logps")).to_contain_text("rejected:")
    page.get_by_label("Smooth").check()
    expect(page.locator("#chart-loss .main-svg").first).to_be_visible()
