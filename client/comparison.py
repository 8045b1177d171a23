"""Before and after as a table."""

from dataclasses import dataclass
from typing import Any

from rich.table import Table
from rich.text import Text

from client.models import Evaluation

OVERALL = "overall"
SETS = {"in": "in templates of training", "out": "in held-out templates"}


@dataclass(frozen=True)
class Change:
    """One line: means of base and tuned, their paired difference with its 95% interval, and the over-refusal guard."""

    name: str
    n: int
    before: float | None
    after: float | None
    difference: float | None
    interval: tuple[float, float] | None
    over_refusal_before: float | None
    over_refusal_after: float | None


def changes(evaluation: Evaluation) -> list[Change]:
    """A line for each behavior and set of templates by the headline scorer, and `overall` at the end.

    Empty before it is judged.
    """
    summary = evaluation.summary or {}
    scorer = summary.get("scorers", {}).get(summary.get("headline"))
    if scorer is None or scorer["overall"] is None:
        return []
    guard = summary.get("over_refusal") or {"behaviors": {}}
    lines = [_change(name, part, guard["behaviors"].get(name)) for name, part in scorer["behaviors"].items()]
    lines += [_change(SETS[name], part, None) for name, part in (scorer.get("distributions") or {}).items()]
    return [*lines, _change(OVERALL, scorer["overall"], guard.get(OVERALL))]


def _change(name: str, part: dict[str, Any], guard: dict[str, Any] | None) -> Change:
    difference = part.get("difference") or {}
    bounded = difference.get("low") is not None and difference.get("high") is not None
    return Change(
        name=name,
        n=int(part.get("n") or 0),
        before=(part.get("base") or {}).get("mean"),
        after=(part.get("tuned") or {}).get("mean"),
        difference=difference.get("mean"),
        interval=(difference["low"], difference["high"]) if bounded else None,
        over_refusal_before=guard.get("base") if guard else None,
        over_refusal_after=guard.get("tuned") if guard else None,
    )


def compare(evaluation: Evaluation) -> Table:
    """The lines as a table."""
    headline = (evaluation.summary or {}).get("headline", "not judged yet")
    table = Table(title=f"Before and after, scored by {headline}", title_justify="left", header_style="bold", box=None)
    for column in ("behavior", "n", "before", "after", "change", "95% interval", "over-refusal"):
        table.add_column(column, justify="left" if column == "behavior" else "right", no_wrap=True)
    for line in changes(evaluation):
        better = line.interval is not None and line.interval[0] > 0
        table.add_row(
            Text(line.name),
            str(line.n),
            _number(line.before),
            _number(line.after),
            Text(_number(line.difference, sign=True), "green" if better else ""),
            "-" if line.interval is None else f"{line.interval[0]:+.2f} to {line.interval[1]:+.2f}",
            f"{_number(line.over_refusal_before)} to {_number(line.over_refusal_after)}",
        )
    return table


def _number(value: float | None, *, sign: bool = False) -> str:
    if value is None:
        return "-"
    return f"{value:+.2f}" if sign else f"{value:.2f}"
