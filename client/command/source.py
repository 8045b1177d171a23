"""`--source`: where prompts come from, in one word for the command line."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

FORMS = "dataset:ID, parquet:PATH, hub:OWNER/NAME, file:ID, topics:FILE"
FIELDS: Mapping[str, str] = {"dataset": "dataset", "parquet": "path", "hub": "repo", "file": "file", "topics": "topics"}
Source = Annotated[
    str | None,
    typer.Option(
        help=f"Where prompts come from: {FORMS} (a local file, one topic a line); fields follow as ,name=value."
    ),
]


def read_source(text: str | None) -> dict[str, Any]:
    """`{"source": ...}` of a request: `hub:owner/name,split=test,column=question`; empty without a source."""
    if text is None:
        return {}
    kind, _, rest = text.partition(":")
    value, *settings = rest.split(",")
    if kind not in FIELDS or not value:
        raise typer.BadParameter(f"{text!r} is none of {FORMS}.", param_hint="--source")
    source: dict[str, Any] = {"kind": kind, FIELDS[kind]: _topics(value) if kind == "topics" else value}
    for setting in settings:
        name, sign, given = setting.partition("=")
        if not sign or not name:
            raise typer.BadParameter(f"{setting!r} is not name=value.", param_hint="--source")
        source[name] = yaml.safe_load(given)
    return {"source": source}


def _topics(path: str) -> list[str]:
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise typer.BadParameter(f"{path} cannot be read: {error}", param_hint="--source") from error
    topics = [line.strip() for line in lines if line.strip()]
    if not topics:
        raise typer.BadParameter(f"{path} names no topic; write one a line.", param_hint="--source")
    return topics
