"""`burnish up` and `burnish demo`."""

import os
import sys
from typing import Annotated

import typer

from client import demo as demonstration
from client.command.context import AsJson, server
from client.command.output import console

PASS_ON = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": ["--usage"]}


def up(context: typer.Context) -> None:
    """Start everything on this machine; options are those of `python -m local up`."""
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", "local", "up", *context.args])


def demo(
    context: typer.Context,
    prompts: Annotated[int, typer.Option(help="Prompts over the three behaviors.")] = 600,
    json: AsJson = False,
) -> None:
    """Align the miniature student on three behaviors and compare it with the untuned one."""
    with server(context) as burnish:
        result = demonstration.run(burnish, prompts=prompts, quiet=json)
    file = demonstration.write(result)
    if json:
        typer.echo(file.read_text(encoding="utf-8"))
    else:
        demonstration.show(result)
        console.print(f"Written to {file}", markup=False, highlight=False)
    if not result.improved:
        typer.echo("burnish: the interval of the improvement does not exclude zero.", err=True)
        raise typer.Exit(1)
