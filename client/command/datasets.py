"""`burnish datasets`."""

from typing import Annotated

import typer

from client.command.context import AsJson, server
from client.command.output import as_json, fields, table
from client.command.request import File, Set, Wait, lay_over, read_body
from client.command.watch import watch
from client.models import Dataset

app = typer.Typer(help="Datasets: create, list, show, cancel, pause, resume.", no_args_is_help=True)


@app.command("list")
def list_datasets(context: typer.Context, limit: int = 20, json: AsJson = False) -> None:
    """Newest first."""
    with server(context) as burnish:
        rows = [row for row, _ in zip(burnish.datasets.all(limit=min(limit, 100)), range(limit), strict=False)]
    if json:
        as_json(rows)
        return
    columns = ("id", "status", "behavior", "chains", "failed", "created")
    table(
        "Datasets",
        columns,
        (
            (
                row.id,
                row.status,
                row.config["behavior"],
                f"{row.request_counts.completed}/{row.request_counts.total}",
                row.request_counts.failed,
                row.created_at,
            )
            for row in rows
        ),
    )


@app.command("show")
def show(context: typer.Context, id: str, json: AsJson = False) -> None:
    """One dataset."""
    with server(context) as burnish:
        tell(burnish.datasets.get(id), json=json)


@app.command("create")
def create(
    context: typer.Context,
    behavior: Annotated[list[str] | None, typer.Argument(help="Names of behaviors.")] = None,
    file: File = None,
    set: Set = None,
    wait: Wait = True,
    json: AsJson = False,
) -> None:
    """Make a dataset and watch it; status 1 when it does not complete."""
    with server(context) as burnish:
        made = burnish.datasets.create(
            lay_over(read_body(file), set or []) | ({"behavior": behavior} if behavior else {})
        )
        if wait:
            watch(burnish, made.id, quiet=json)
            made = burnish.datasets.get(made.id)
        tell(made, json=json)
    if wait and made.status != "completed":
        raise typer.Exit(1)


def _verb(name: str, text: str) -> None:
    @app.command(name, help=text)
    def move(context: typer.Context, id: str, json: AsJson = False) -> None:
        with server(context) as burnish:
            tell(burnish.datasets.move(id, name), json=json)


_verb("cancel", "Stop; what is finished is kept.")
_verb("pause", "Hold until it is resumed.")
_verb("resume", "Go on with a paused, cancelled or failed dataset.")


def tell(row: Dataset, *, json: bool) -> None:
    """Print a dataset."""
    if json:
        as_json(row)
        return
    counts, pairs = row.request_counts, row.pairs or {}
    fields(
        row.id,
        [
            ("status", row.status),
            ("behavior", row.config["behavior"]),
            ("teacher", row.config["teacher"]["model"]),
            (
                "reward",
                ", ".join(
                    str(one["label"] or one["model"] or one["rule"] or one["kind"]) for one in row.config["reward"]
                ),
            ),
            ("chains", f"{counts.completed} of {counts.total}, {counts.failed} failed"),
            ("pairs", f"{pairs.get('kept', 0)} kept, {pairs.get('dropped', 0)} dropped"),
            ("tokens", row.tokens),
            ("error", row.error),
        ],
    )
