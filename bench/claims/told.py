"""What a claim comes to: its rows for `claims.json`, and the table for people."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from bench.claims.claim import Claim
from bench.claims.crossing import interval
from bench.claims.inequality import Inequality, Results, estimate, gap, values
from bench.claims.rdpo import FORMS, SWEEPS, called, natural

Row = dict[str, Any]


def summary(claim: Claim, results: Results) -> dict[str, Row]:
    """A row for each inequality, by its name."""
    return {each.name: _inequality(each, results) for each in claim.inequalities}


def _inequality(each: Inequality, results: Results) -> Row:
    found = estimate(each.matrix(results))
    told = {"says": each.says, **asdict(found), "side": each.side, "bound": each.bound}
    return told | {"held": each.held(found), "verdict": each.verdict(found)}


def crossings(results: Results) -> dict[str, Row]:
    """(d): where the advantage of each form over dpo is gone, as a share of scores with the wrong sign."""
    told = {}
    for swapped, levels in SWEEPS.items():
        dpo = called("dpo", natural(swapped=swapped))
        for form in FORMS:
            arms = [called(form, natural(swapped=swapped, misjudged=share)) for share in levels]
            advantages = [Inequality("", "", gap(arm, dpo)).matrix(results) for arm in arms]
            told[f"rdpo/d/{form}/swaps {swapped:.0%}"] = {"crossing": interval(levels, advantages), "levels": levels}
    return told


def rows(claim: Claim, results: Results) -> list[Row]:
    """A row for each arm and seed."""
    return [
        {"arm": arm.name, "seed": seed} | {name: _mean(value) for name, value in cell.items()}
        for arm in claim.arms
        for seed, cell in enumerate(results[arm.name])
    ]


def _mean(value: Any) -> Any:
    """Digits as their mean, numbers shortened, lists as they are."""
    if isinstance(value, str):
        return round(value.count("1") / len(value), 4)
    return round(value, 4) if isinstance(value, float) else value


def table(claim: Claim, results: Results) -> Iterator[str]:
    """Lines: what each arm reached, then each inequality with its verdict."""
    for arm in claim.arms:
        of = "gold" if arm.exam == "gold" else "style"
        found = estimate(values(results[arm.name], of))
        yield f"  {arm.name:34s} {of} {found.figure:.3f} ({found.low:.3f} to {found.high:.3f})"
    for name, row in summary(claim, results).items():
        figures = f"{row['figure']:+.3f} ({row['low']:+.3f} to {row['high']:+.3f}) {row['side']} {row['bound']:g}"
        yield f"{row['verdict']:20s} {name:34s} {figures:40s} {row['says']}"
