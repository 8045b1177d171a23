"""How answers are printed: tables for people, JSON for machines. Text of models is printed as text, never as markup."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import typer
from pydantic import BaseModel
from rich.console import Console
from rich.table import Table
from rich.text import Text

console = Console()


def as_json(value: BaseModel | Iterable[BaseModel]) -> None:
    """One JSON document: an object, or an array of objects."""
    if isinstance(value, BaseModel):
        typer.echo(value.model_dump_json(indent=2))
    else:
        typer.echo(json.dumps([one.model_dump(mode="json") for one in value], indent=2))


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """A table; every cell is plain text."""
    shown = Table(title=title, title_justify="left", header_style="bold", box=None, pad_edge=False)
    for column in columns:
        shown.add_column(column, overflow="fold", no_wrap=column == "id")  # ids are there to be copied
    for row in rows:
        shown.add_row(*(Text(cell(value)) for value in row))
    console.print(shown)


def cell(value: Any) -> str:
    """A value as a cell."""
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.3f}"
    if isinstance(value, datetime):
        return value.astimezone().strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return str(value)


def fields(title: str, pairs: Iterable[tuple[str, Any]]) -> None:
    """Names and values, one a line."""
    table(title, ("", ""), pairs)


def seconds(number: float) -> str:
    """A span of time as people say it."""
    whole = round(number)
    if whole < 90:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes} min {rest:02d} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"
