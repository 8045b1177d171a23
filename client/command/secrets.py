"""`burnish secrets`."""

import sys

import typer

from client.command.context import AsJson, server
from client.command.output import as_json, fields, table

app = typer.Typer(help="Secrets, such as the API keys of endpoints; needs a key of scope admin.", no_args_is_help=True)


@app.command("set")
def store(context: typer.Context, name: str, json: AsJson = False) -> None:
    """Store a secret. Its value is asked for, or read from standard input: no command line ever shows it."""
    value = typer.prompt("Value", hide_input=True) if sys.stdin.isatty() else sys.stdin.read().strip()
    with server(context) as burnish:
        row = burnish.secrets.store(name, value)
    if json:
        as_json(row)
    else:
        fields(row.id, [("stored", row.updated_at)])


@app.command("list")
def list_secrets(context: typer.Context, json: AsJson = False) -> None:
    """By name; values are never shown."""
    with server(context) as burnish:
        rows = list(burnish.secrets.all())
    if json:
        as_json(rows)
    else:
        table("Secrets", ("name", "created", "updated"), ((row.id, row.created_at, row.updated_at) for row in rows))


@app.command("forget")
def forget(context: typer.Context, name: str, json: AsJson = False) -> None:
    """Forget a secret."""
    with server(context) as burnish:
        row = burnish.secrets.forget(name)
    if json:
        as_json(row)
    else:
        typer.echo(f"{row.id} is forgotten", err=True)
