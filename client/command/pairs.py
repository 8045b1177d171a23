"""`burnish pairs`, `burnish review` and `burnish export`."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from client.command.context import AsJson, server
from client.command.output import as_json, cell, console
from client.models import Pair

Split = Annotated[str | None, typer.Option(help="train or validation.")]


def pairs(
    context: typer.Context,
    dataset: str,
    split: Split = None,
    verdict: Annotated[str | None, typer.Option(help="kept or dropped.")] = None,
    limit: int = 20,
    json: AsJson = False,
) -> None:
    """Pairs of a dataset, newest first."""
    with server(context) as burnish:
        found = burnish.datasets.pairs(dataset, limit=min(limit, 100), split=split, verdict=verdict)
        rows = [row for row, _ in zip(found, range(limit), strict=False)]
    if json:
        as_json(rows)
        return
    for row in rows:
        tell(row)


def review(
    context: typer.Context,
    pair: str,
    action: Annotated[str, typer.Argument(help="accept, reject, swap or edit.")],
    edit: Annotated[
        tuple[str, str] | None, typer.Option(help="For edit: a side (chosen, rejected) and its text.")
    ] = None,
    note: Annotated[str | None, typer.Option(help="Why.")] = None,
    json: AsJson = False,
) -> None:
    """Decide about one pair; the original is kept, and no filter overrules it."""
    asked = dict([edit]) if edit else {}
    asked |= {"note": note} if note else {}
    with server(context) as burnish:
        row = burnish.pairs.review(pair, action, **asked)
    if json:
        as_json(row)
    else:
        tell(row)


def tell(row: Pair) -> None:
    """Print a pair."""
    behavior = row.behavior or "imported"
    console.rule(Text(f"{row.id}  {behavior}  {row.split}  {row.verdict} {row.reason or ''}"), align="left")
    for name, text in (
        ("prompt", row.prompt[-1]["content"]),
        ("rejected", row.rejected),
        ("critique", row.critique),
        ("chosen", row.chosen),
    ):
        console.print(Text.assemble((f"{name:>9} ", "bold"), cell(text)))
    scores = f"{cell(row.score_rejected)} -> {cell(row.score_chosen)}"
    console.print(Text.assemble((f"{'scores':>9} ", "bold"), scores))
    for other in row.scores[1:]:
        cost = " (cost)" if other.purpose == "cost" else ""
        told = f"{cell(other.rejected)} -> {cell(other.chosen)}  {cell(other.scorer)}{cost}"
        console.print(Text.assemble((" " * 10, "bold"), told))


def export(
    context: typer.Context,
    dataset: str,
    format: Annotated[str, typer.Option(help="trl, openai, parquet or jsonl.")] = "trl",
    split: Split = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="A file; left out: standard output.")] = None,
) -> None:
    """Pairs as lines of JSON or as parquet, streamed."""
    with server(context) as burnish:
        chunks = burnish.datasets.download(dataset, format=format, split=split)
        if output is None:
            for chunk in chunks:
                sys.stdout.buffer.write(chunk)
            sys.stdout.flush()
            return
        partial = output.with_name(output.name + ".partial")
        with partial.open("wb") as file:
            size = sum(map(file.write, chunks))
        partial.replace(output)
    typer.echo(f"{size:,} bytes in {output}", err=True)
