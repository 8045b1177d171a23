"""`burnish sweeps`."""

from typing import Annotated

import typer

from client.command.context import AsJson, server
from client.command.output import as_json, fields, table
from client.command.request import File, Grid, Set, Wait, lay_over, read_body, read_grid
from client.command.table_of_runs import print_numbers, print_swept, value
from client.command.watch import watch
from client.run_tables import Sweep

app = typer.Typer(help="Sweeps: create, list, show, cancel, pause, resume.", no_args_is_help=True)


@app.command("list")
def list_sweeps(context: typer.Context, limit: int = 20, json: AsJson = False) -> None:
    """Newest first."""
    with server(context) as burnish:
        rows = [row for row, _ in zip(burnish.sweeps.all(limit=min(limit, 100)), range(limit), strict=False)]
    if json:
        as_json(rows)
        return
    columns = ("id", "status", "runs", "swept", "created")
    table(
        "Sweeps",
        columns,
        ((row.id, row.status, row.run_counts["total"], list(row.grid), row.created_at) for row in rows),
    )


@app.command("show")
def show(
    context: typer.Context,
    id: str,
    order: Annotated[str, typer.Option(help="A column of the table, such as tuned: the best run first.")] = "place",
    json: AsJson = False,
) -> None:
    """One sweep with the table of its runs."""
    with server(context) as burnish:
        tell(burnish.sweeps.get(id, order=order), json=json)


@app.command("create")
def create(  # noqa: PLR0913, PLR0917  (the options of a command)
    context: typer.Context,
    dataset: Annotated[str | None, typer.Argument(help="Id of a completed dataset.")] = None,
    grid: Grid = None,
    file: File = None,
    set: Set = None,
    wait: Wait = True,
    json: AsJson = False,
) -> None:
    """Train a student once for each combination of the grid, and watch; status 1 unless all of them succeed."""
    body = lay_over(read_body(file), set or []) | ({"dataset": dataset} if dataset else {})
    body["grid"] = {**(body.get("grid") or {}), **read_grid(grid or [])}
    if not body["grid"]:
        raise typer.BadParameter("A sweep needs values to try: --grid training.learning_rate=1e-5,5e-5.")
    with server(context) as burnish:
        made = burnish.sweeps.create(body)
        if wait:
            watch(burnish, made.id, quiet=json)
            made = burnish.sweeps.get(made.id)
        tell(made, json=json)
    if wait and made.status != "succeeded":
        raise typer.Exit(1)


def _verb(name: str, text: str) -> None:
    @app.command(name, help=text)
    def move(context: typer.Context, id: str, json: AsJson = False) -> None:
        with server(context) as burnish:
            tell(burnish.sweeps.move(id, name), json=json)


_verb("cancel", "Stop all runs that have not ended.")
_verb("pause", "Hold all runs that wait or train.")
_verb("resume", "Go on with all runs that were stopped.")


def tell(row: Sweep, *, json: bool) -> None:
    """Print a sweep and its runs."""
    if json:
        as_json(row)
        return
    counted = ", ".join(f"{number} {state}" for state, number in row.run_counts.items() if state != "total")
    swept = [(path, ", ".join(map(value, values))) for path, values in row.grid.items()]
    fields(row.id, [("status", row.status), ("runs", counted), *swept])
    print_swept(row.summary or [])
    print_numbers(row.summary or [], row.best)
