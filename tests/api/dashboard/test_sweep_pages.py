"""Pages of sweeps and of runs beside each other: tables, curves over each other, what is chosen, buttons."""

import itertools
import re

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import update
from starlette.testclient import TestClient

from core.database import transaction
from core.queries import run_metrics
from core.tables import Run, RunMetric
from tests.api.dashboard.conftest import Served, send
from tests.factories import ledger, sweeps


@pytest.fixture
def sweep(signed_in: TestClient) -> str:
    """The id of a sweep of two runs that wait."""
    with transaction() as session:
        return sweeps.sweep(session, ledger.made_dataset(session).id, {"training.seed": [3, 4]}).id


def states(sweep: str) -> list[str]:
    with transaction() as session:
        return [session.get_one(Run, id).state for id in sweeps.run_ids(session, sweep)]


def test_the_buttons_act_on_every_run_and_say_the_request(signed_in: TestClient, sweep: str) -> None:
    address = f"/dashboard/sweeps/{sweep}"
    page = signed_in.get(address).text
    assert "Sweep of 2 runs" in page
    assert f"/sweeps/{sweep}/pause" in page
    assert f"{address}/resume" not in page
    for action, state in (("pause", "paused"), ("resume", "queued"), ("cancel", "cancelled")):
        answer = send(signed_in, f"{address}/{action}")
        assert (answer.status_code, answer.headers["location"]) == (303, address)
        assert states(sweep) == [state] * 2
    page = signed_in.get(address).text
    assert f"{address}/cancel" not in page
    assert f"{address}/resume" in page
    assert send(signed_in, f"{address}/explode").status_code == 404
    assert sweep in signed_in.get("/dashboard/sweeps").text
    run = re.findall(r'data-run="(run_\w+)"', page)[0]
    assert f'href="{address}"' in signed_in.get(f"/dashboard/runs/{run}").text
    assert f'href="{address}"' in signed_in.get("/dashboard/runs").text


def test_a_sweep_or_a_run_that_is_not_there_says_so(signed_in: TestClient, sweep: str) -> None:
    for address in ("/dashboard/sweeps/sweep_x", "/dashboard/sweeps/sweep_x/curves.json"):
        assert signed_in.get(address).status_code == 404
    for address in ("/dashboard/runs/compare", "/dashboard/runs/compare/curves.json"):
        few = signed_in.get(address)
        assert (few.status_code, "Name 2 to 16" in few.text) == (400, True)
        assert signed_in.get(f"{address}?ids=run_a&ids=run_b").status_code == 404
    assert signed_in.get(f"/dashboard/sweeps/{sweep}?order=colour").status_code == 422


def test_the_curves_are_those_of_the_training_where_nothing_was_validated(signed_in: TestClient, sweep: str) -> None:
    with transaction() as session:
        first, second = sweeps.run_ids(session, sweep)
        sweeps.running(session, first, [])
    found = signed_in.get(f"/dashboard/sweeps/{sweep}/curves.json").json()
    assert (found["kind"], [run["id"] for run in found["runs"]]) == ("train", [first, second])
    assert found["runs"][0] == {
        "id": first, "mark": 0, "steps": [1], "loss": [1.0], "accuracy": [None], "margin": [None],
    }  # fmt: skip
    with transaction() as session:
        session.add(RunMetric(run_id=second, kind="validation", step=7, values={"loss": 0.5, "accuracy": 1.0}))
    found = signed_in.get(f"/dashboard/runs/compare/curves.json?ids={second},{first}").json()
    assert (found["kind"], [run["steps"] for run in found["runs"]]) == ("validation", [[7], []])


def test_a_long_curve_is_thinned_evenly_and_ends_with_its_newest_point(database: str) -> None:
    with transaction() as session:
        ids = [ledger.run(session, ledger.made_dataset(session).id) for _ in range(2)]
        for id, steps in zip(ids, (1001, 5), strict=True):
            session.add_all(RunMetric(run_id=id, kind="train", step=step, values={}) for step in range(1, steps + 1))
        session.flush()
        rows = run_metrics.thinned(session, ids, "train", most=100)
    long, short = ([row.step for row in rows if row.run_id == id] for id in ids)
    assert short == [1, 2, 3, 4, 5]
    assert 80 < len(long) <= 100
    assert (long[0] < 20, long[-1]) == (True, 1001)
    assert len({after - before for before, after in itertools.pairwise(long)}) == 1


def test_the_table_is_sorted_by_its_heads_and_marks_the_best_run(page: Page, served: Served) -> None:
    page.goto(f"/dashboard/sweeps/{served.shown.sweep}")
    best = page.locator("tr.best")
    expect(best).to_have_count(1)
    expect(best).to_contain_text("learning_rate 0.0005")
    expect(best).to_contain_text("beta 0.1")
    expect(best.locator("[data-label='untuned → tuned']")).to_contain_text("0.00 → ")
    expect(page.locator(".summary tbody tr")).to_have_count(6)
    assert page.locator(".summary tbody tr").first.get_attribute("data-run") == served.shown.swept_runs[0]
    page.get_by_role("link", name="Untuned → tuned").click()
    expect(page.locator(".summary tbody tr").first).to_have_class("best")
    expect(page.locator("th[aria-sort]")).to_have_text("Untuned → tuned")
    expect(page.locator("#chart-loss .scatterlayer .trace")).to_have_count(5)
    expect(page.locator("#said-loss")).to_contain_text("learning_rate 0.0005, beta 0.1: ")
    assert page.locator("tr.best .mark").evaluate("mark => getComputedStyle(mark).color") != page.locator(
        ".summary tbody tr:nth-child(2) .mark"
    ).evaluate("mark => getComputedStyle(mark).color")


def test_runs_are_chosen_in_the_list_and_stay_chosen_while_it_is_refreshed(page: Page, served: Served) -> None:
    first, second = served.shown.swept_runs[:2]
    page.goto("/dashboard/runs")
    button = page.get_by_role("button", name="Compare", exact=True)
    expect(button).to_be_disabled()
    for id in (first, second):
        page.locator(f"#pick-{id}").check()
    expect(page.locator("#picked")).to_have_text("2 chosen.")
    page.locator("h1").click()
    with transaction() as session:
        session.execute(update(Run).where(Run.id == served.shown.swept_runs[4]).values(step=41))
    expect(page.locator("#lines")).to_contain_text("41 of 60")
    expect(page.locator(f"#pick-{second}")).to_be_checked()
    button.click()
    expect(page.locator("h1")).to_have_text("2 runs compared")
    differing = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="method.rdpo.beta"))
    expect(differing.locator("td")).to_have_text(["0.1", "0.05"])
    expect(page.locator("#against tbody tr")).to_contain_text("8")
