"""Scorers, sources, files and pushes in a real browser."""

import json
import re
from pathlib import Path

from playwright.sync_api import Page, expect

from core.database import transaction
from core.queries import datasets
from core.tables import DEFAULT_PROJECT
from tests.api.dashboard.conftest import Served
from tests.browser import Complaints
from tests.factories import exchange
from tests.factories.processes import wait_until

DATASET = re.compile(r"/dashboard/datasets/(ds_[0-9a-z]{26})$")


def fits(page: Page) -> None:
    """Nothing stays wider than a telephone; charts take a moment to follow."""
    page.set_viewport_size({"width": 390, "height": 800})
    assert wait_until(lambda: page.evaluate("document.documentElement.scrollWidth") <= 390, seconds=10)
    page.set_viewport_size({"width": 1280, "height": 800})


def config_of(page: Page) -> dict[str, object]:
    """What the dataset on the page was asked for as."""
    found = DATASET.search(page.url)
    assert found is not None
    with transaction() as session:
        return dict(datasets.get(session, DEFAULT_PROJECT, found[1]).config)


def test_scorers_and_a_source_unfold_are_told_by_the_command_and_reach_the_dataset(page: Page, served: Served) -> None:
    page.goto("/dashboard/distillations/new?behavior=candour")
    expect(page.locator("#more-scorers")).not_to_have_attribute("open", "")
    page.get_by_text("Judges, rules, several scorers").click()
    add = page.get_by_role("button", name="Add a scorer")
    for place, kind in enumerate(("judge", "rule"), start=1):
        add.click()
        row = page.locator(f"[name='dataset.reward.{place}.kind']")
        expect(row).to_be_focused()
        row.select_option(kind)
    secret = page.locator("[name='dataset.reward.1.secret']")
    expect(secret).to_be_hidden()
    page.locator("[name='dataset.reward.1.engine']").select_option("openai")
    expect(secret).to_be_visible()
    page.get_by_role("button", name="Remove scorer 2").click()
    expect(page.locator("[name='dataset.reward.2.kind']")).to_have_count(0)
    page.locator("[name='dataset.reward.1.rule']").select_option("length")
    page.get_by_text("Where prompts come from").click()
    page.get_by_label("Prompts from").select_option("topics")
    expect(page.locator("[name='hub.repo']")).to_be_hidden()
    page.locator("[name='topics.topics']").fill("medicine\nlaw")
    fits(page)
    expect(page.locator("#code-new")).to_contain_text("medicine")
    command = page.locator("#code-new").text_content() or ""
    body = json.loads(command[command.index("-d '") + 4 : -1])["dataset"]
    assert body["source"] == {"kind": "topics", "topics": ["medicine", "law"]}
    assert body["reward"] == [{"kind": "classifier"}, {"kind": "rule", "rule": "length"}]
    page.get_by_role("button", name="Make the dataset only").click()
    page.wait_for_url(DATASET)
    expect(page.locator("main")).to_contain_text("2 topics, written by the teacher")
    config = config_of(page)
    assert [one["kind"] for one in config["reward"]] == ["classifier", "rule"]  # type: ignore[attr-defined]


def test_a_file_is_uploaded_beside_the_form_refused_by_line_then_taken_and_imported(
    page: Page, served: Served, complaints: Complaints, tmp_path: Path
) -> None:
    page.goto("/dashboard/datasets/import")
    page.get_by_label("Behavior", exact=True).select_option("candour")
    said = page.locator("#upload-pairs-said")
    page.get_by_role("button", name="Upload").click()
    expect(said).to_have_text("Choose a file first.")
    file = tmp_path / "pairs.jsonl"
    faulty = exchange.numbered(1) + b'{"prompt": "Why?", "chosen": 3, "rejected": "No."}\n'
    file.write_bytes(faulty + exchange.numbered(1, provenance="x" * 1_000) * 20_000)
    page.get_by_label("New file").set_input_files(file)
    page.get_by_role("button", name="Upload").click()
    expect(said).to_contain_text("Line 2: chosen")
    file.write_bytes(exchange.numbered(2))
    page.get_by_label("New file").set_input_files(file)
    page.get_by_role("button", name="Upload").click()
    expect(said).to_contain_text("2 pairs, just now: uploaded and chosen.")
    expect(page.get_by_label("Behavior", exact=True)).to_have_value("candour")
    expect(page.locator("#code-import")).to_contain_text("file-")
    fits(page)
    page.get_by_role("button", name="Import pairs").click()
    page.wait_for_url(DATASET)
    expect(page.locator("#progress")).to_contain_text("0 of 2 rows")
    assert config_of(page)["behavior"] == ["candour"]
    complaints.found.clear()  # the browser tells of the 4xx itself


def test_a_push_is_asked_for_on_the_page_of_its_dataset(page: Page, served: Served, complaints: Complaints) -> None:
    page.goto(f"/dashboard/datasets/{served.shown.done_dataset}")
    page.locator("#push-form > summary").click()
    page.get_by_label("Repo").fill("me/candid-pairs")
    fits(page)
    page.get_by_role("button", name="Push", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("There is no token for the hub")
    expect(page.get_by_label("Repo")).to_have_value("me/candid-pairs")
    expect(page.get_by_label("Secret")).to_have_attribute("aria-invalid", "true")
    fits(page)
    complaints.found.clear()  # the browser tells of the 4xx itself
