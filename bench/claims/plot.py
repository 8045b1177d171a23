"""What is plotted of rdpo: gold under swapped pairs, and under the reward model's errors."""

from collections.abc import Sequence

from bench.claims.chart import COLOURS, Line, Panel, svg
from bench.claims.crossing import crossing
from bench.claims.inequality import Estimate, Results, estimate, values
from bench.claims.rdpo import FORMS, SCORELESS, SWAPS, SWEEPS, called, natural

COLOUR = dict(zip((*FORMS, *SCORELESS[1:]), COLOURS, strict=True)) | {"dpo": "#000000", "soft, shuffled": "#999999"}
SPAN = (0.4, 1.0)
CIRCLES = "Circles: from there on scores do not help."


def plot(results: Results, *, seeds: int) -> str:
    """Panels as an SVG, one for each sweep that the results have."""
    sweeps = [swapped for swapped in SWEEPS if called("offset", natural(swapped=swapped, misjudged=0.2)) in results]
    panels = [_swaps(results), *(_errors(results, swapped) for swapped in sweeps)]
    return svg(
        panels,
        heading=f"Right answers to evaluation prompts: mean of {seeds} seeds, 95% intervals. {CIRCLES}",
    )


def _swaps(results: Results) -> Panel:
    lines = [
        _line(results, name, [(share, called(name, natural(swapped=share))) for share in SWAPS])
        for name in (*SCORELESS, "soft", "filter", "relabel")
    ]
    shuffled = [(share, called("soft", natural(swapped=share, shuffled=True))) for share in SWAPS]
    return Panel(
        "Gold under swapped pairs", "swapped pairs", SWAPS, [*lines, _line(results, "soft, shuffled", shuffled)], SPAN
    )


def _errors(results: Results, swapped: float) -> Panel:
    """The forms by the share of scores with the wrong sign, and dpo, which reads none."""
    lines, marks, levels = [], [], SWEEPS[swapped]
    dpo = found(results, called("dpo", natural(swapped=swapped)))
    for form in FORMS:
        lines.append(
            _line(results, form, [(share, called(form, natural(swapped=swapped, misjudged=share))) for share in levels])
        )
        at = crossing(levels, [each.figure - dpo.figure for _, each in lines[-1].points])
        marks += [] if at is None else [(at, dpo.figure, COLOUR[form])]
    lines.append(Line("dpo", COLOUR["dpo"], [(levels[0], dpo)], level=True))
    title = f"Gold under wrong scores, {swapped:.0%} of pairs swapped" if swapped else "The same, pairs as they come"
    return Panel(title, "scores with the wrong sign", levels, lines, SPAN, marks)


def _line(results: Results, name: str, arms: Sequence[tuple[float, str]]) -> Line:
    return Line(name, COLOUR[name], [(x, found(results, arm)) for x, arm in arms])


def found(results: Results, arm: str) -> Estimate:
    """Gold of an arm."""
    return estimate(values(results[arm], "gold"))
