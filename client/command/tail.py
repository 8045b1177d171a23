"""`burnish tail <id>`: live events until the end."""

from collections.abc import Iterator

import typer
from rich.text import Text

from client.burnish import Burnish
from client.command.context import AsJson, server
from client.command.output import console
from client.stages import GOOD
from client.stream import End, Event

STYLES = {"info": "", "warn": "yellow", "error": "red"}


def tail(context: typer.Context, id: str, json: AsJson = False) -> None:
    """Events of a dataset, run, sweep or distillation as they happen; status 1 when it does not end well."""
    with server(context) as burnish:
        for found in events(burnish, id):
            if json:
                typer.echo(found.model_dump_json())
            elif isinstance(found, Event):
                time = found.created_at[11:19]
                console.print(Text.assemble((f"{time} ", "dim"), (found.message, STYLES.get(found.level, ""))))
            else:
                console.print(Text(f"{id} {found.status}" + (f": {found.error}" if found.error else ""), "bold"))
    if not (isinstance(found, End) and found.status in GOOD):
        raise typer.Exit(1)


def events(burnish: Burnish, id: str) -> Iterator[Event | End]:
    """The live events of the thing that has this id."""
    if id.startswith("ds_"):
        return burnish.datasets.follow(id)
    if id.startswith("run_"):
        return burnish.runs.follow(id)
    if id.startswith("sweep_"):
        return burnish.sweeps.follow(id)
    return burnish.distillations.follow(id)
