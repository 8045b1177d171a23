"""The `burnish` command: what it prints and which status it ends with."""

import json
from pathlib import Path

import pytest
import structlog
import yaml
from pyarrow import parquet
from sqlalchemy import select
from typer.testing import CliRunner, Result

from api.first_key import make_first_key
from client import Burnish, command
from client.command import app
from client.command.watch import watch
from core.database import transaction
from core.queries import datasets, pair_losses, runs
from core.tables import DEFAULT_PROJECT, Pair, Run
from tests.client.test_client import ADDRESS, Door
from tests.factories import exchange, ledger, preflights, sweeps
from tests.factories.world import furnish


@pytest.fixture
def key(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An admin key; every command of the test talks to the door without a socket."""
    furnish(tmp_path, monkeypatch)
    made = make_first_key()
    assert made is not None
    monkeypatch.setenv("BURNISH_KEY", made)
    door = Door()
    monkeypatch.setattr("client.command.context.Burnish", lambda url, key: Burnish(url or ADDRESS, key, transport=door))
    monkeypatch.setattr("api.edge.log", structlog.wrap_logger(structlog.testing.CapturingLogger(), processors=[]))
    return made


def run(*arguments: str) -> Result:
    """The outcome of a command."""
    return CliRunner().invoke(app, list(arguments))


def test_keys_are_made_listed_and_revoked(key: str) -> None:
    made = json.loads(run("keys", "create", "robot", "--scope", "read", "--days", "1", "--json").output)
    assert made["key"].startswith("bk_")
    assert made["scopes"] == ["read"]
    shown = run("keys", "create", "robot")
    assert shown.output.strip().splitlines()[-1].startswith("bk_")
    assert made["id"] in run("keys", "list").output
    assert json.loads(run("keys", "revoke", made["id"], "--json").output)["revoked_at"] is not None


def test_behaviors_are_added_from_files_and_listed(key: str, tmp_path: Path) -> None:
    file = tmp_path / "brave.yaml"
    file.write_text(yaml.safe_dump(ledger.behavior("brave").model_dump(mode="json")))
    assert run("behaviors", "add", str(file)).exit_code == 0
    assert "brave" in run("behaviors", "list").output
    assert json.loads(run("behaviors", "show", "brave").output)["version"] == 1


def test_a_dataset_is_asked_for_with_options_files_and_fields(key: str, tmp_path: Path) -> None:
    file = tmp_path / "request.json"
    file.write_text(json.dumps({"behavior": ["brief"], "samples_per_prompt": 2}))
    made = json.loads(
        run("datasets", "create", "polite", "-f", str(file), "--set", "n_prompts=3", "--no-wait", "--json").output
    )
    assert (made["config"]["behavior"], made["request_counts"]["total"]) == (["polite"], 6)
    listed = run("datasets", "list")
    assert made["id"] in listed.output
    assert json.loads(run("datasets", "cancel", made["id"], "--json").output)["status"] == "cancelled"
    assert "cancelled" in run("datasets", "show", made["id"]).output


def test_a_dataset_takes_its_prompts_from_another(key: str) -> None:
    with transaction() as session:
        first = ledger.made_dataset(session).id
    asked = ("datasets", "create", "polite", "--source", f"dataset:{first},kept=true", "--set", "n_prompts=7")
    made = json.loads(run(*asked, "--no-wait", "--json").output)
    assert made["config"]["source"] == {"kind": "dataset", "dataset": first, "kept": True}
    assert made["stages"]["gather"]["total"] == 7


def test_waiting_ends_with_a_status_that_says_how_it_went(key: str) -> None:
    with transaction() as session:
        whole = ledger.made_dataset(session).id
        stopped = ledger.dataset(session).id
        datasets.cancel(session, DEFAULT_PROJECT, stopped)
    assert run("tail", whole).exit_code == 0
    failed = run("tail", stopped)
    assert failed.exit_code == 1
    assert "Dataset cancelled." in failed.output
    lines = [json.loads(line) for line in run("tail", whole, "--json").output.splitlines()]
    assert lines[-1] == {"status": "completed", "error": None}


def test_pairs_are_printed_and_exported(key: str, tmp_path: Path) -> None:
    with transaction() as session:
        id = ledger.made_dataset(session).id
    assert "That was rude." in run("pairs", id, "--limit", "1").output
    assert len(json.loads(run("pairs", id, "--limit", "3", "--json").output)) == 3
    file = tmp_path / "pairs.jsonl"
    assert run("export", id, "--output", str(file)).exit_code == 0
    assert len(file.read_text().splitlines()) == 12
    assert len(run("export", id, "--format", "jsonl").output.splitlines()) == 12


def test_a_distillation_and_a_run_are_asked_for(key: str) -> None:
    made = json.loads(run("distill", "polite", "--set", "training.epochs=2", "--no-wait", "--json").output)
    assert made["config"]["training"]["epochs"] == 2
    with transaction() as session:
        id = ledger.made_dataset(session).id
    run_made = json.loads(run("runs", "create", id, "--set", "method.type=dpo", "--no-wait", "--json").output)
    assert run_made["config"]["method"]["type"] == "dpo"
    assert run_made["id"] in run("runs", "list").output
    with transaction() as session:
        rows = [
            {"pair_id": row.id, "split": "train", "loss": 0.25, "margin": -1.5} for row in session.scalars(select(Pair))
        ]
        pair_losses.store(session, run_made["id"], rows)
    assert "0.250, margin -1.500" in run("runs", "pairs", run_made["id"], "--limit", "1").output
    hardest = json.loads(run("runs", "pairs", run_made["id"], "--order", "margin", "--limit", "3", "--json").output)
    assert [row["pair"]["id"] for row in hardest] == [row["id"] for row in hardest]
    assert len(hardest) == 3
    assert json.loads(run("runs", "cancel", run_made["id"], "--json").output)["status"] == "cancelled"


def test_a_sweep_is_asked_for_shown_and_cancelled(key: str) -> None:
    with transaction() as session:
        id = ledger.made_dataset(session).id
    grid = ("--grid", "training.learning_rate=1e-5,5e-5", "-g", "method=dpo,ipo", "--set", "method.type=rdpo")
    asked = run("sweeps", "create", id, *grid, "--no-wait", "--json")
    assert asked.exit_code == 0, asked.output
    made = json.loads(asked.output)
    assert made["grid"] == {"training.learning_rate": [1e-5, 5e-5], "method": ["dpo", "ipo"]}
    assert [row["method"] for row in made["summary"]] == ["dpo", "ipo", "dpo", "ipo"]
    shown = run("sweeps", "show", made["id"], "--order", "tuned").output
    for words in ("4 queued", "learning_rate", "5e-05", "ipo"):
        assert words in shown, shown
    assert made["id"] in run("sweeps", "list").output
    assert json.loads(run("sweeps", "cancel", made["id"], "--json").output)["run_counts"]["cancelled"] == 4
    assert run("tail", made["id"]).exit_code == 1
    assert run("sweeps", "create", id).exit_code == 2
    assert run("sweeps", "create", id, "--grid", "training.seed").exit_code == 2


def test_a_sweep_is_watched_until_its_runs_have_ended(key: str) -> None:
    with transaction() as session:
        made = sweeps.sweep(session, ledger.made_dataset(session).id, {"training.seed": [0, 1]}).id
        for id, values in zip(sweeps.run_ids(session, made), ([1.0, 0.0, 0.0], [1.0, 1.0, 0.0]), strict=True):
            sweeps.trained(session, id, [(4, 0.5, 0.75, 1.25)])
            sweeps.judged(session, id, values)
    ended = watch(Burnish(ADDRESS, key, transport=Door()), made)
    assert (ended.status, [stage.done for stage in ended.stages]) == ("succeeded", [4, 4])
    first, second = json.loads(run("sweeps", "show", made, "--json").output)["runs"]
    told = run("runs", "compare", first, second).output
    for words in ("training.seed", "run 2", "+0.333", "0.750", "1.250", "0.667"):
        assert words in told, told
    found = json.loads(run("runs", "compare", first, second, "--json").output)
    assert found["evaluations"][0]["difference"]["mean"] == pytest.approx(1 / 3)


def test_a_dry_run_is_asked_for_and_its_report_printed(key: str) -> None:
    with transaction() as session:
        id = ledger.made_dataset(session).id
    made = json.loads(run("runs", "create", id, "--dry-run", "--no-wait", "--json").output)
    assert made["dry_run"]
    with transaction() as session:
        row = session.get_one(Run, made["id"])
        row.state, row.facts = "succeeded", row.facts | {runs.PREFLIGHT: preflights.found()}
    told = run("runs", "show", made["id"]).output
    for words in (
        "Warning (training.learning_rate): Far off.",
        "1,200",
        "3 (pair_a, pair_b, ...)",
        "2 min 00 s",
        "1.50 GiB",
    ):
        assert words in told, told


def test_a_field_that_leads_nowhere_is_wrong_usage(key: str) -> None:
    assert run("datasets", "create", "polite", "--set", "n_prompts").exit_code == 2
    assert run("datasets", "create", "polite", "--set", "seed=1", "--set", "seed.x=2").exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        (["datasets", "show", "ds_x"], command.REFUSED, "ds_x"),
        (["datasets", "create", "rude", "--no-wait"], command.REFUSED, "param behavior"),
    ],
)
def test_a_refusal_is_one_line_and_a_status_of_its_own(
    key: str, arguments: list[str], status: int, told: str, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setattr("sys.argv", ["burnish", *arguments])
    with pytest.raises(SystemExit) as ended:
        command.main()
    assert ended.value.code == status
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("burnish: ")
    assert told in lines[0]


def test_secrets_are_stored_from_standard_input_and_never_printed(key: str) -> None:
    stored = CliRunner().invoke(app, ["secrets", "set", "hosted"], input="sk-canary-77\n")
    assert stored.exit_code == 0, stored.output
    listed = run("secrets", "list")
    assert "hosted" in listed.output
    assert "sk-canary-77" not in stored.output + listed.output
    assert run("secrets", "forget", "hosted").exit_code == 0
    assert json.loads(run("secrets", "list", "--json").output) == []


def test_an_estimate_is_printed_with_its_bounds(key: str) -> None:
    shown = run("datasets", "estimate", "polite", "--set", "n_prompts=4")
    assert shown.exit_code == 0, shown.output
    assert "sampled tokens" in shown.output
    told = json.loads(run("datasets", "estimate", "polite", "--set", "n_prompts=4", "--json").output)
    assert told["chains"] == 4


def test_a_pair_is_reviewed(key: str) -> None:
    with transaction() as session:
        dataset = ledger.made_dataset(session)
        pair = ledger.pairs_of(session, dataset.id)[0].id
    shown = run("review", pair, "reject", "--note", "no")
    assert shown.exit_code == 0, shown.output
    assert "dropped review" in shown.output
    assert (
        json.loads(run("review", pair, "edit", "--edit", "chosen", "Better.", "--json").output)["chosen"] == "Better."
    )


def test_the_cache_is_shown_and_trimmed(key: str) -> None:
    assert json.loads(run("cache", "show", "--json").output)["turns"] == 0
    assert json.loads(run("cache", "trim", "--unused-days", "0", "--json").output) == {"forgotten": 0}


def test_files_are_uploaded_imported_and_deleted(key: str, tmp_path: Path) -> None:
    pairs, prompts = tmp_path / "pairs.jsonl", tmp_path / "prompts.jsonl"
    pairs.write_bytes(exchange.numbered(3))
    prompts.write_bytes(b'{"text": "Why?"}')
    told = json.loads(run("files", "upload", str(prompts), "--purpose", "prompts", "--json").output)
    assert (told["rows"], told["filename"]) == (1, "prompts.jsonl")
    made = run("datasets", "import", str(pairs), "--set", "behavior=polite", "--no-wait", "--json")
    assert made.exit_code == 0, made.output
    assert json.loads(made.output)["request_counts"]["total"] == 3
    assert told["id"] in run("files", "list").output
    assert run("files", "show", told["id"]).exit_code == 0
    assert run("files", "delete", told["id"]).exit_code == 0
    assert len(json.loads(run("files", "list", "--json").output)) == 1


def test_every_form_is_exported_and_a_line_separator_of_unicode_ends_no_line(key: str, tmp_path: Path) -> None:
    with transaction() as session:
        id = ledger.made_dataset(session).id
        for pair in ledger.pairs_of(session, id):
            pair.chosen = "one\u2028two\x85three"
    for format in ("trl", "openai", "jsonl"):
        lines = run("export", id, "--format", format).output.split("\n")
        assert [bool(json.loads(line)) for line in lines if line] == [True] * 12, format
    file = tmp_path / "pairs.parquet"
    assert run("export", id, "--format", "parquet", "--output", str(file)).exit_code == 0
    assert parquet.read_table(file).num_rows == 12
    with Burnish(ADDRESS, key, transport=Door()) as burnish:
        assert len([json.loads(line) for line in burnish.datasets.export(id)]) == 12
    assert "pairs kept | 12" in run("datasets", "card", id).output


def test_a_dataset_is_pushed(key: str) -> None:
    with transaction() as session:
        id = ledger.made_dataset(session).id
    CliRunner().invoke(app, ["secrets", "set", "hub"], input="hf_1\n")
    told = run("datasets", "push", id, "me/pairs", "--secret", "hub", "--json")
    assert told.exit_code == 0, told.output
    assert (json.loads(told.output)["repo"], json.loads(told.output)["private"]) == ("me/pairs", True)
    assert json.loads(told.output)["id"] in run("datasets", "pushes", id).output
