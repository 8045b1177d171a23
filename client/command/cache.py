"""`burnish cache`."""

from json import dumps
from typing import Annotated

import typer

from client.command.context import AsJson, server
from client.command.output import as_json, fields

app = typer.Typer(help="The cache of turns.", no_args_is_help=True)


@app.command("show")
def show(context: typer.Context, json: AsJson = False) -> None:
    """How much it holds, and how often it was used."""
    with server(context) as burnish:
        found = burnish.cache.get()
    if json:
        as_json(found)
    else:
        fields("Cache of turns", [("turns", found.turns), ("bytes", found.bytes), ("hits", found.hits)])


@app.command("trim")
def trim(
    context: typer.Context,
    unused_days: Annotated[float, typer.Option(help="Forget turns that nobody used for so many days.")],
    json: AsJson = False,
) -> None:
    """Make it smaller. Datasets that are made already lose nothing."""
    with server(context) as burnish:
        forgotten = burnish.cache.trim(unused_days=unused_days)
    if json:
        typer.echo(dumps({"forgotten": forgotten}))
    else:
        typer.echo(f"{forgotten} turns forgotten", err=True)
