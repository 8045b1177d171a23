"""`burnish runs`."""

from typing import Annotated

import typer
from rich.text import Text

from client.command import preflight
from client.command.context import AsJson, server
from client.command.output import as_json, cell, console, fields, table
from client.command.pairs import Split
from client.command.pairs import tell as tell_pair
from client.command.request import File, Set, Wait, lay_over, read_body
from client.command.table_of_runs import name_of, print_numbers, value
from client.command.watch import watch
from client.models import Run

app = typer.Typer(help="Runs: create, list, show, compare, pairs, cancel, pause, resume.", no_args_is_help=True)


@app.command("list")
def list_runs(context: typer.Context, limit: int = 20, json: AsJson = False) -> None:
    """Newest first."""
    with server(context) as burnish:
        rows = [row for row, _ in zip(burnish.runs.all(limit=min(limit, 100)), range(limit), strict=False)]
    if json:
        as_json(rows)
        return
    columns = ("id", "status", "method", "student", "step", "created")
    table(
        "Runs",
        columns,
        (
            (
                row.id,
                row.status,
                row.config["method"]["type"],
                row.config["student"],
                f"{row.step}/{row.total_steps or '?'}",
                row.created_at,
            )
            for row in rows
        ),
    )


@app.command("show")
def show(context: typer.Context, id: str, json: AsJson = False) -> None:
    """One run."""
    with server(context) as burnish:
        tell(burnish.runs.get(id), json=json)


@app.command("create")
def create(  # noqa: PLR0913, PLR0917  (the options of a command)
    context: typer.Context,
    dataset: Annotated[str | None, typer.Argument(help="Id of a completed dataset.")] = None,
    file: File = None,
    set: Set = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Tell what it would take, and train nothing.")] = False,
    wait: Wait = True,
    json: AsJson = False,
) -> None:
    """Train a student and watch it; status 1 when it does not succeed."""
    body = lay_over(read_body(file), set or []) | ({"dataset": dataset} if dataset else {})
    if "grid" in body:
        raise typer.BadParameter("A grid makes a sweep of runs; ask for it with `burnish sweeps create`.")
    with server(context) as burnish:
        made = burnish.runs.create(body | ({"dry_run": True} if dry_run else {}))
        if wait:
            watch(burnish, made.id, quiet=json)
            made = burnish.runs.get(made.id)
        tell(made, json=json)
    if wait and made.status != "succeeded":
        raise typer.Exit(1)


@app.command("compare")
def compare(
    context: typer.Context,
    ids: Annotated[list[str], typer.Argument(help="Two to sixteen runs; the others are held against the first.")],
    json: AsJson = False,
) -> None:
    """What the runs differ in, their numbers, and how their answers to the same prompts were scored."""
    with server(context) as burnish:
        found = burnish.runs.compare(ids)
    if json:
        as_json(found)
        return
    names = [name_of(place) for place in range(len(ids))]
    table("Differences", ("", *names), ((path, *map(value, row)) for path, row in found.differences.items()))
    print_numbers(found.runs, found.best)
    against = [
        (
            name_of(place + 1),
            one["scorer"],
            one["n"],
            one["mean_against"],
            one["mean_run"],
            *_interval(one["difference"]),
        )
        for place, one in enumerate(found.evaluations)
    ]
    columns = ("", "scorer", "answers", "run 1", "this run", "difference", "95% interval")
    table("Answers to the same prompts", columns, against)


def _interval(found: dict[str, float] | None) -> tuple[str | None, str | None]:
    return (None, None) if found is None else (f"{found['mean']:+.3f}", f"{found['low']:+.3f} to {found['high']:+.3f}")


@app.command("pairs")
def list_pairs(
    context: typer.Context,
    id: str,
    order: Annotated[str, typer.Option(help="loss: the greatest first; margin: the least first.")] = "loss",
    split: Split = None,
    limit: int = 10,
    json: AsJson = False,
) -> None:
    """The pairs that the tuned model finds hardest: a bad row stands among them."""
    with server(context) as burnish:
        found = burnish.runs.pairs(id, order=order, split=split, limit=min(limit, 100))
        rows = [row for row, _ in zip(found, range(limit), strict=False)]
    if json:
        as_json(rows)
        return
    for row in rows:
        tell_pair(row.pair)
        console.print(Text.assemble((f"{'loss':>9} ", "bold"), f"{cell(row.loss)}, margin {cell(row.margin)}"))


def _verb(name: str, text: str) -> None:
    @app.command(name, help=text)
    def move(context: typer.Context, id: str, json: AsJson = False) -> None:
        with server(context) as burnish:
            tell(burnish.runs.move(id, name), json=json)


_verb("cancel", "Stop; checkpoints are kept.")
_verb("pause", "Write a checkpoint and hold.")
_verb("resume", "Go on at the exact step.")


def tell(row: Run, *, json: bool) -> None:
    """Print a run."""
    if json:
        as_json(row)
        return
    fields(
        row.id,
        [
            ("status", row.status),
            ("dataset", row.dataset),
            ("student", row.config["student"]),
            ("method", row.config["method"]["type"]),
            ("step", f"{row.step} of {row.total_steps or '?'}"),
            *sorted((row.metrics or {}).items()),
            ("tuned model", row.model),
            ("stopped early", row.stopped),
            ("error", row.error),
        ],
    )
    if row.preflight is not None:
        preflight.tell(row.preflight)
