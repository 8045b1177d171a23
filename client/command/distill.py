"""`burnish distill`."""

from typing import Annotated

import typer

from client.command.context import AsJson, server
from client.command.output import as_json, console, fields
from client.command.request import File, Set, Wait, lay_over, read_body
from client.command.source import Source, read_source
from client.command.watch import watch
from client.comparison import compare
from client.models import Distillation


def distill(  # noqa: PLR0913, PLR0917  (the options of a command)
    context: typer.Context,
    behavior: Annotated[list[str] | None, typer.Argument(help="Names of behaviors.")] = None,
    file: File = None,
    set: Set = None,
    source: Source = None,
    wait: Wait = True,
    json: AsJson = False,
) -> None:
    """Dataset, training and evaluation in one request; status 1 when it does not succeed."""
    body = lay_over(read_body(file), set or [])
    if behavior:
        body["dataset"] = body.get("dataset", {}) | {"behavior": behavior}
    if source:
        body["dataset"] = body.get("dataset", {}) | read_source(source)
    with server(context) as burnish:
        made = burnish.distillations.create(body)
        if wait:
            watch(burnish, made.id, quiet=json)
            made = burnish.distillations.get(made.id)
        tell(made, json=json)
        if wait and not json and made.run is not None:
            for evaluation in burnish.runs.evaluations(made.run, samples=0):
                console.print(compare(evaluation))
    if wait and made.status != "succeeded":
        raise typer.Exit(1)


def tell(row: Distillation, *, json: bool) -> None:
    """Print a distillation."""
    if json:
        as_json(row)
        return
    model = row.run_object.model if row.run_object else None
    fields(
        row.id,
        [
            ("status", row.status),
            ("dataset", row.dataset),
            ("run", row.run),
            ("tuned model", model),
            ("error", row.error),
        ],
    )
