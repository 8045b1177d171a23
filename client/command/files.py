"""`burnish files`."""

from pathlib import Path
from typing import Annotated

import typer

from client.command.context import AsJson, server
from client.command.output import as_json, fields, table
from client.models import File

app = typer.Typer(help="Files of prompts and pairs.", no_args_is_help=True)


@app.command("upload")
def upload(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="JSON lines or parquet.", exists=True, dir_okay=False)],
    purpose: Annotated[str, typer.Option(help="prompts or pairs.")],
    format: Annotated[str | None, typer.Option(help="trl, openai, jsonl or parquet; left out: by the name.")] = None,
    json: AsJson = False,
) -> None:
    """Upload a file; a line that is wrong is named."""
    with server(context) as burnish:
        _tell(burnish.files.upload(file, purpose=purpose, format=format), json=json)


@app.command("list")
def list_files(context: typer.Context, json: AsJson = False) -> None:
    """Newest first."""
    with server(context) as burnish:
        rows = list(burnish.files.all())
    if json:
        as_json(rows)
        return
    columns = ("id", "purpose", "format", "name", "rows", "bytes", "created")
    table(
        "Files",
        columns,
        ((row.id, row.purpose, row.format, row.filename, row.rows, row.bytes, row.created_at) for row in rows),
    )


@app.command("show")
def show(context: typer.Context, id: str, json: AsJson = False) -> None:
    """One file."""
    with server(context) as burnish:
        _tell(burnish.files.get(id), json=json)


@app.command("delete")
def delete(context: typer.Context, id: str, json: AsJson = False) -> None:
    """Delete a file that no dataset in progress needs."""
    with server(context) as burnish:
        _tell(burnish.files.delete(id), json=json)


def _tell(row: File, *, json: bool) -> None:
    if json:
        as_json(row)
        return
    told = [("purpose", row.purpose), ("format", row.format), ("name", row.filename), ("rows", row.rows)]
    fields(row.id, [*told, ("bytes", row.bytes), ("sha256", row.sha256), ("created", row.created_at)])
