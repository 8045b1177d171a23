"""`burnish models`."""

import typer

from client.command.context import AsJson, server
from client.command.output import as_json, table


def models(context: typer.Context, json: AsJson = False) -> None:
    """Models that can be named: tuned ones first, then folders."""
    with server(context) as burnish:
        rows = list(burnish.models.all())
    if json:
        as_json(rows)
    else:
        table("Models", ("id", "source", "kind", "path"), ((row.id, row.source, row.kind, row.path) for row in rows))
