"""`burnish keys`."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from client.command.context import AsJson, server
from client.command.output import as_json, console, fields, table

app = typer.Typer(help="API keys; needs a key of scope admin (`burnish up` makes the first).", no_args_is_help=True)


@app.command("create")
def create(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="What the key is for.")] = "",
    scope: Annotated[list[str] | None, typer.Option(help="read, write or admin; may be given several times.")] = None,
    days: Annotated[float | None, typer.Option(help="Days until it expires; left out: never.")] = None,
    json: AsJson = False,
) -> None:
    """Make a key. It is shown this once."""
    expires = None if days is None else (datetime.now(UTC) + timedelta(days=days)).isoformat()
    body = {"name": name, "scopes": scope or ["read", "write"], "expires_at": expires}
    with server(context) as burnish:
        made = burnish.keys.create(body)
    if json:
        as_json(made)
        return
    fields(made.id, [("scopes", made.scopes), ("expires", made.expires_at)])
    console.print("The key, shown this once:")
    typer.echo(made.key)


@app.command("list")
def list_keys(context: typer.Context, json: AsJson = False) -> None:
    """Newest first, revoked ones too."""
    with server(context) as burnish:
        rows = list(burnish.keys.all())
    if json:
        as_json(rows)
        return
    columns = ("id", "name", "scopes", "created", "expires", "revoked")
    table(
        "Keys",
        columns,
        ((row.id, row.name, row.scopes, row.created_at, row.expires_at, row.revoked_at) for row in rows),
    )


@app.command("revoke")
def revoke(context: typer.Context, id: str, json: AsJson = False) -> None:
    """Close a key for good."""
    with server(context) as burnish:
        row = burnish.keys.revoke(id)
    if json:
        as_json(row)
    else:
        fields(row.id, [("name", row.name), ("revoked", row.revoked_at)])
