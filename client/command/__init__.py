"""The `burnish` command. Status: 0 done, 1 the work failed, 2 wrong usage, 3 refused by the server, 4 no server."""

import sys

import stamina
import typer
from stamina.instrumentation import RetryDetails

from client.command import (
    behaviors,
    cache,
    datasets,
    distill,
    files,
    keys,
    models,
    pairs,
    runs,
    secrets,
    stack,
    sweeps,
    tail,
)
from client.command.context import Options, Url, UseKey
from client.errors import ApiError, BurnishClientError

REFUSED = 3
NO_SERVER = 4
INTERRUPTED = 130

app = typer.Typer(
    name="burnish",
    help="Turn a description of a behavior into an aligned model.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(datasets.app, name="datasets")
app.add_typer(files.app, name="files")
app.add_typer(runs.app, name="runs")
app.add_typer(sweeps.app, name="sweeps")
app.add_typer(keys.app, name="keys")
app.add_typer(behaviors.app, name="behaviors")
app.add_typer(secrets.app, name="secrets")
app.add_typer(cache.app, name="cache")
app.command("up", context_settings=stack.PASS_ON)(stack.up)
app.command("demo")(stack.demo)
app.command("distill")(distill.distill)
app.command("tail")(tail.tail)
app.command("pairs")(pairs.pairs)
app.command("review")(pairs.review)
app.command("export")(pairs.export)
app.command("models")(models.models)


@app.callback()
def root(context: typer.Context, url: Url = None, key: UseKey = None) -> None:
    """Turn a description of a behavior into an aligned model."""
    context.obj = Options(url=url, key=key)
    stamina.instrumentation.set_on_retry_hooks([_tell_retry])  # standard output is for answers


def _tell_retry(details: RetryDetails) -> None:
    typer.echo(f"burnish: {details.caused_by}; trying again in {details.wait_for:.1f} s", err=True)


def main() -> None:
    """Run the command; errors are one line on standard error and a status that scripts can trust."""
    try:
        app()
    except ApiError as error:
        _end(str(error), REFUSED if error.problem.status < 500 else NO_SERVER)
    except BurnishClientError as error:
        _end(str(error), NO_SERVER)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    except KeyboardInterrupt:
        _end("Stopped watching; the work goes on. `burnish tail <id>` watches it again.", INTERRUPTED)


def _end(message: str, status: int) -> None:
    typer.echo(f"burnish: {message}", err=True)
    sys.exit(status)
