"""Bodies of requests: from a file (JSON or YAML), with the options of the command laid over it."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

File = Annotated[Path | None, typer.Option("--file", "-f", help="The request as JSON or YAML; - is standard input.")]
Set = Annotated[list[str] | None, typer.Option("--set", "-s", help="A field, as path=value; may be given many times.")]
Grid = Annotated[
    list[str] | None,
    typer.Option("--grid", "-g", help="Values to try, as path=value,value; every combination is a run."),
]
Wait = Annotated[bool, typer.Option(help="Watch until it ends.")]


def read_body(file: Path | None) -> dict[str, Any]:
    """The object in a file; `-` reads standard input; empty without a file."""
    if file is None:
        return {}
    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
        found = json.loads(text) if file.suffix == ".json" else yaml.safe_load(text)
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise typer.BadParameter(f"{file} cannot be read: {error}") from error
    if not isinstance(found, dict):
        raise typer.BadParameter(f"{file} holds no object.")
    return found


def lay_over(body: dict[str, Any], settings: Sequence[str]) -> dict[str, Any]:
    """The body with each `path=value` laid over it: `dataset.teacher.model=tiny-teacher`, values read as YAML."""
    whole: dict[str, Any] = json.loads(json.dumps(body))
    for setting in settings:
        path, sign, text = setting.partition("=")
        if not sign or not path:
            raise typer.BadParameter(f"{setting!r} is not path=value.")
        *parents, last = path.split(".")
        here = whole
        for parent in parents:
            here = here.setdefault(parent, {})
            if not isinstance(here, dict):
                raise typer.BadParameter(f"{path!r} leads into a value that has no fields.")
        here[last] = yaml.safe_load(text)
    return whole


def read_grid(asked: Sequence[str]) -> dict[str, list[Any]]:
    """Values by their path, from `training.learning_rate=1e-5,5e-5`: as JSON where they are, else as YAML."""
    grid: dict[str, list[Any]] = {}
    for one in asked:
        path, sign, text = one.partition("=")
        if not sign or not path:
            raise typer.BadParameter(f"{one!r} is not path=value,value.")
        grid[path] = _values(text)
    return grid


def _values(text: str) -> list[Any]:
    try:
        found = json.loads(f"[{text}]")
    except ValueError:
        try:
            found = yaml.safe_load(f"[{text}]")
        except yaml.YAMLError as error:
            raise typer.BadParameter(f"{text!r} is no list of values: {error}") from error
    return list(found)
