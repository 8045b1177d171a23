"""`burnish datasets`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from client.command.context import AsJson, server
from client.command.output import as_json, fields, table
from client.command.pairs import tell as tell_pair
from client.command.request import File, Set, Wait, lay_over, read_body
from client.command.source import Source, read_source
from client.command.watch import watch
from client.models import Dataset, Interval, Scorer

Behavior = Annotated[list[str] | None, typer.Argument(help="Names of behaviors.")]
app = typer.Typer(
    help="Datasets: estimate, preview, create, import, list, show, push, cancel, pause, resume.", no_args_is_help=True
)


@app.command("list")
def list_datasets(context: typer.Context, limit: int = 20, json: AsJson = False) -> None:
    """Newest first."""
    with server(context) as burnish:
        rows = [row for row, _ in zip(burnish.datasets.all(limit=min(limit, 100)), range(limit), strict=False)]
    if json:
        as_json(rows)
        return
    columns = ("id", "status", "behavior", "chains", "failed", "created")
    table(
        "Datasets",
        columns,
        (
            (
                row.id,
                row.status,
                row.config["behavior"],
                f"{row.request_counts.completed}/{row.request_counts.total}",
                row.request_counts.failed,
                row.created_at,
            )
            for row in rows
        ),
    )


@app.command("show")
def show(context: typer.Context, id: str, json: AsJson = False) -> None:
    """One dataset."""
    with server(context) as burnish:
        tell(burnish.datasets.get(id), json=json)


@app.command("create")
def create(  # noqa: PLR0913, PLR0917  (the options of a command)
    context: typer.Context,
    behavior: Behavior = None,
    file: File = None,
    set: Set = None,
    source: Source = None,
    wait: Wait = True,
    json: AsJson = False,
) -> None:
    """Make a dataset and watch it; status 1 when it does not complete."""
    with server(context) as burnish:
        made = burnish.datasets.create(_body(behavior, file, set) | read_source(source))
        if wait:
            watch(burnish, made.id, quiet=json)
            made = burnish.datasets.get(made.id)
        tell(made, json=json)
    if wait and made.status != "completed":
        raise typer.Exit(1)


@app.command("estimate")
def estimate(
    context: typer.Context,
    behavior: Behavior = None,
    file: File = None,
    set: Set = None,
    source: Source = None,
    json: AsJson = False,
) -> None:
    """What a dataset would take: tokens, time and money, with bounds. Nothing is made."""
    with server(context) as burnish:
        found = burnish.datasets.estimate(_body(behavior, file, set) | read_source(source))
    if json:
        as_json(found)
        return
    ground = f"{found.measured_chains} chains of this teacher" if found.basis == "measured" else "what may be sampled"
    asked = f"{found.chains}, {found.judge_calls} questions to judges" if found.judge_calls else str(found.chains)
    shown: list[tuple[str, str | None]] = [("chains", asked), ("based on", ground)]
    if found.writing is not None:
        part = "part of the sums" if found.writing.basis == "measured" else "not in the sums: none were written yet"
        shown.append(("prompts to write", f"{found.writing.prompts}, {part}"))
    if found.cached is not None and found.cached.hits:
        shown.append(("cached turns", f"{found.cached.hits} of {found.cached.turns}, not in the sums"))
    named = [("prompt tokens", found.prompt_tokens), ("sampled tokens", found.sampled_tokens)]
    timed = (("seconds", found.seconds), ("of them scoring", found.scoring_seconds), ("usd", found.usd))
    named += [(name, one) for name, one in timed if one is not None]
    shown += [(name, _interval(one)) for name, one in named]
    if found.seconds is not None:
        shown.append(("not timed yet", ", ".join(found.untimed) or None))
    if found.usd is not None:
        shown.append(("not in usd", ", ".join(found.unpriced) or None))
    fields("Estimate", [*shown, ("over budget", ", ".join(found.exceeds) or None)])


@app.command("preview")
def preview(
    context: typer.Context,
    behavior: Behavior = None,
    file: File = None,
    set: Set = None,
    source: Source = None,
    json: AsJson = False,
) -> None:
    """Make five pairs of a dataset and print them; status 1 when that fails."""
    with server(context) as burnish:
        made = burnish.datasets.preview(_body(behavior, file, set) | read_source(source))
        watch(burnish, made.id, quiet=True)
        made = burnish.datasets.get(made.id)
        rows = list(burnish.datasets.pairs(made.id))
    if json:
        as_json(rows)
    else:
        for row in rows:
            tell_pair(row)
    if made.status != "completed":
        typer.echo(f"{made.id} is {made.status}: {made.error or 'see its failures'}", err=True)
        raise typer.Exit(1)


@app.command("import")
def import_pairs(
    context: typer.Context,
    pairs: Annotated[Path, typer.Argument(help="A file of pairs.", exists=True, dir_okay=False)],
    format: Annotated[str | None, typer.Option(help="trl, openai, jsonl or parquet; left out: by the name.")] = None,
    set: Set = None,
    wait: Wait = True,
    json: AsJson = False,
) -> None:
    """Upload a file of pairs and make a dataset of it; status 1 when it does not complete."""
    with server(context) as burnish:
        uploaded = burnish.files.upload(pairs, purpose="pairs", format=format)
        made = burnish.datasets.import_pairs(lay_over({"file": uploaded.id}, set or []))
        if wait:
            watch(burnish, made.id, quiet=json)
            made = burnish.datasets.get(made.id)
        tell(made, json=json)
    if wait and made.status != "completed":
        raise typer.Exit(1)


@app.command("card")
def card(context: typer.Context, id: str) -> None:
    """The dataset card, as Markdown."""
    with server(context) as burnish:
        typer.echo(burnish.datasets.card(id), nl=False)


@app.command("push")
def push(
    context: typer.Context,
    id: str,
    repo: Annotated[str, typer.Argument(help="Where to: owner/name.")],
    secret: Annotated[str | None, typer.Option(help="The secret that holds the hub's token.")] = None,
    set: Set = None,
    json: AsJson = False,
) -> None:
    """Send the kept pairs and their card to the Hugging Face hub; `burnish datasets pushes` tells what became of it."""
    asked = lay_over({"repo": repo} | ({"secret": secret} if secret else {}), set or [])
    with server(context) as burnish:
        made = burnish.datasets.push(id, asked)
    if json:
        as_json(made)
    else:
        fields(made.id, [("repo", made.repo), ("status", made.status)])


@app.command("pushes")
def pushes(context: typer.Context, id: str, json: AsJson = False) -> None:
    """Pushes of a dataset, newest first."""
    with server(context) as burnish:
        rows = list(burnish.datasets.pushes(id))
    if json:
        as_json(rows)
    else:
        columns = ("id", "repo", "status", "url", "error")
        table("Pushes", columns, ((row.id, row.repo, row.status, row.url, row.error) for row in rows))


def _body(behavior: list[str] | None, file: Path | None, set: list[str] | None) -> dict[str, Any]:
    return lay_over(read_body(file), set or []) | ({"behavior": behavior} if behavior else {})


def _interval(found: Interval) -> str:
    return f"{found.expected:,.2f} ({found.low:,.2f} to {found.high:,.2f})"


def _scores(scorer: Scorer) -> str:
    spread = "" if scorer.mean is None else f" {scorer.mean:.3f} ± {scorer.sd or 0.0:.3f},"
    cost = " (cost)" if scorer.purpose == "cost" else ""
    return f"{scorer.name}{cost}:{spread} {scorer.count} scored, {scorer.missing} missing"


def _verb(name: str, text: str) -> None:
    @app.command(name, help=text)
    def move(context: typer.Context, id: str, json: AsJson = False) -> None:
        with server(context) as burnish:
            tell(burnish.datasets.move(id, name), json=json)


_verb("cancel", "Stop; what is finished is kept.")
_verb("pause", "Hold until it is resumed.")
_verb("resume", "Go on with a paused, cancelled or failed dataset.")


def tell(row: Dataset, *, json: bool) -> None:
    """Print a dataset."""
    if json:
        as_json(row)
        return
    counts, pairs = row.request_counts, row.pairs or {}
    fields(
        row.id,
        [
            ("status", row.status),
            ("behavior", row.config["behavior"]),
            ("teacher", row.config["teacher"]["model"]),
            (
                "reward",
                ", ".join(
                    str(one["label"] or one["model"] or one["rule"] or one["kind"]) for one in row.config["reward"]
                ),
            ),
            ("chains", f"{counts.completed} of {counts.total}, {counts.failed} failed"),
            ("pairs", f"{pairs.get('kept', 0)} kept, {pairs.get('dropped', 0)} dropped"),
            *(("scores", _scores(scorer)) for scorer in row.scorers or () if scorer.count is not None),
            ("tokens", row.tokens),
            ("cache hits", row.cache_hits),
            ("waits for", row.waiting),
            ("stopped by budget", row.stopped),
            ("error", row.error),
        ],
    )
