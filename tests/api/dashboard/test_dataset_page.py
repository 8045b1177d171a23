"""What the page of a dataset tells about its work: stages, waits, budgets, failures, previews."""

import io
from types import SimpleNamespace
from typing import Any

import pytest
from pyarrow import parquet
from sqlalchemy import update
from starlette.testclient import TestClient

from api.dashboard.funnel import gates
from api.dashboard.stages import stage_bars
from api.export import FORMATS
from api.schemas.dataset import show_dataset
from api.schemas.stats import FunnelObject
from core.database import transaction
from core.queries import datasets
from core.tables import Dataset, Shard
from tests.factories import ledger
from tests.factories.ledger import Made


def row(stage: str, **numbers: Any) -> Any:
    """A row as `core.queries.stages` gives it."""
    return SimpleNamespace(**({"stage": stage, "total": 0, "completed": 0, "failed": 0, "seconds": None} | numbers))


def test_every_stage_that_was_asked_for_tells_how_far_it_is_and_what_it_takes(database: str) -> None:
    with transaction() as session:
        made = ledger.dataset(session, n_prompts=40)
        rewards = [made.config["reward"][0], {"kind": "rule", "rule": "length"}]
        made.config = made.config | {"reward": rewards}
        shown = show_dataset(made, datasets.progress(session, made.id))
    found = stage_bars(
        shown,
        [row("gather", total=40, completed=40, seconds=1.0), row("generate", total=40, completed=10, seconds=5.0)],
    )
    assert [bar.title for bar in found] == ["Read the source", "Draft, critique, revise", "Score", "Pair and filter"]
    assert [bar.counts.total for bar in found] == [40, 40, 80, 40]
    assert [bar.share for bar in found] == [1.0, 0.25, 0.0, 0.0]
    left = found[1].remaining
    assert left is not None
    assert left.seconds == pytest.approx(15.0)
    assert left.low < left.seconds < left.high
    assert [bar.remaining for bar in found[2:]] == [None, None]


def test_the_funnel_shows_each_reason_at_its_gate_with_a_link_to_the_pairs() -> None:
    found = gates(
        "ds_1",
        FunnelObject(
            asked=20, produced=18, parsed=15, scored=14, distinct=13, kept=9, quarantined=2,
            dropped={"identical": 2, "min_margin": 1, "near_duplicates": 3}, failed={"draft truncated": 3},
        ),
    )  # fmt: skip
    assert [(gate.title, gate.number) for gate in found] == [
        ("Asked", 20), ("Produced", 18), ("Parsed", 15), ("Scored", 14), ("Distinct", 13), ("Kept", 9),
    ]  # fmt: skip
    assert [[loss.reason for loss in gate.losses] for gate in found] == [
        [], ["prompts taken out"], ["draft truncated"], [], ["identical"], ["near_duplicates", "min_margin"],
    ]  # fmt: skip
    assert found[5].losses[0].link == "/dashboard/datasets/ds_1/review?verdict=dropped&reason=near_duplicates"
    assert found[5].share == 9 / 20


def test_waits_budgets_and_failures_are_told(signed_in: TestClient) -> None:
    with transaction() as session:
        made = ledger.made_dataset(session, made=Made(fail_each=5))
        budget = {"tokens": 1000, "usd": 2.5, "seconds": 3600}
        changed = {"stopped": "tokens", "config": made.config | {"budget": budget}}
        session.execute(update(Dataset).where(Dataset.id == made.id).values(**changed))
        spent = {"tokens": 700, "prompt_tokens": 250, "usd": 1.25, "hits": 4}
        waits = spent | {"waiting": "the teacher at http://teacher answers 503"}
        session.execute(update(Shard).where(Shard.dataset_id == made.id, Shard.stage == "generate").values(**waits))
        ledger.quarantine(session, made.id, 3)
    page = signed_in.get(f"/dashboard/datasets/{made.id}").text
    for told in (
        "Waiting: the teacher at http://teacher answers 503",
        "The budget of tokens is used up",
        "of 1,000 at most",
        "of $2.50 at most",
        "$1.25",
        "2 failed",
        "2 revision truncated",
        "1 prompt taken out",
        "The engine died.",
        '<td data-label="turn">revision</td><td data-label="attempt" class="num">1</td>',
    ):
        assert told in page, told


def test_a_preview_says_that_it_is_one(signed_in: TestClient) -> None:
    with transaction() as session:
        made = ledger.made_dataset(session, n_prompts=5)
        session.execute(update(Dataset).where(Dataset.id == made.id).values(purpose="preview"))
    assert "A preview of a few prompts" in signed_in.get(f"/dashboard/datasets/{made.id}").text


def test_every_form_of_export_is_linked_and_downloads(signed_in: TestClient) -> None:
    with transaction() as session:
        id = ledger.made_dataset(session).id
    page = signed_in.get(f"/dashboard/datasets/{id}").text
    for format in FORMATS:
        path = f"/dashboard/datasets/{id}/export?format={format}"
        assert f'href="{path}"' in page
        answer = signed_in.get(path)
        assert answer.status_code == 200
        rows = (
            parquet.read_table(io.BytesIO(answer.content)).num_rows if format == "parquet" else answer.text.count("\n")
        )
        assert rows == 12
    assert signed_in.get(f"/dashboard/datasets/{id}/export?format=csv").status_code == 400
