"""`burnish behaviors`."""

from pathlib import Path
from typing import Annotated

import typer

from client.command.context import AsJson, server
from client.command.output import as_json, table
from client.command.request import read_body
from client.models import Behavior

app = typer.Typer(help="Behaviors: list, show, add.", no_args_is_help=True)


@app.command("list")
def list_behaviors(context: typer.Context, json: AsJson = False) -> None:
    """The newest version of each."""
    with server(context) as burnish:
        tell(list(burnish.behaviors.all()), json=json)


@app.command("show")
def show(context: typer.Context, name: str, version: Annotated[int | None, typer.Option()] = None) -> None:
    """One behavior, whole, as JSON."""
    with server(context) as burnish:
        as_json(burnish.behaviors.get(name, version=version))


@app.command("add")
def add(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(help="Files in the form of behaviors/*.yaml.")],
    json: AsJson = False,
) -> None:
    """Add behaviors, or their next versions; the same text changes nothing."""
    with server(context) as burnish:
        tell([burnish.behaviors.create(read_body(file)) for file in files], json=json)


def tell(rows: list[Behavior], *, json: bool) -> None:
    """Print behaviors."""
    if json:
        as_json(rows)
        return
    columns = ("name", "version", "title", "prompts", "evaluation prompts")
    table(
        "Behaviors", columns, ((row.name, row.version, row.title, row.prompts, row.evaluation_prompts) for row in rows)
    )
