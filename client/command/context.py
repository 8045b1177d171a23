"""Options every command shares."""

from dataclasses import dataclass
from typing import Annotated

import typer

from client.burnish import Burnish

Url = Annotated[str | None, typer.Option("--url", help="Address of the server [env BURNISH_URL].")]
UseKey = Annotated[str | None, typer.Option("--key", help="API key [env BURNISH_KEY].")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]


@dataclass(frozen=True)
class Options:
    """What the root command was given."""

    url: str | None
    key: str | None


def server(context: typer.Context) -> Burnish:
    """A client for the server the options name."""
    options: Options = context.find_root().obj
    return Burnish(options.url, options.key)
