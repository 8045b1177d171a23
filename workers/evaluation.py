"""The before/after table: means with bootstrap intervals, paired differences, win/tie/loss, length, over-refusal."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import structlog

from core.bootstrap import interval
from core.configs.reward import RewardConfig
from core.database import transaction
from core.queries import evaluations, events, recipes, runs
from core.queries.moves import move
from core.queries.rows import AnyRow
from core.states import RunState
from core.tables import Run

log = structlog.get_logger()
Summary = dict[str, Any]
Pairs = list[tuple[float, float]]  # (base, tuned) of the same prompt and sample
OVERALL = "overall"


def settle(run_id: str) -> None:
    """Compute and store the summary of a run whose answers are all judged; the run has succeeded then."""
    with transaction() as session:
        evaluation = evaluations.of_run(session, run_id)
        if evaluation is None or evaluation.state == "completed":
            return
        rows = evaluations.scored_answers(session, evaluation.id)
        scorers = runs.frozen(session, run_id).evaluation.scorers
        rules = recipes.rules(session, runs.dataset_of(session, run_id))
    judged_by = {name: _scorer_of(rule) for name, rule in rules.items()}
    summary = summarise(rows, scorers, judged_by)
    with transaction() as session:
        if evaluations.settle(session, evaluation.id, summary):
            move(session, Run, run_id, RunState.succeeded)
            events.tell(
                session,
                project_id=evaluation.project_id,
                subject=run_id,
                message="Evaluated; the run has succeeded.",
                data={"headline": summary["headline"], **summary["scorers"].get(summary["headline"], {})},
            )


def _scorer_of(rule: str | None) -> str | None:
    return RewardConfig(kind="rule", rule=rule).scorer if rule else None


def summarise(rows: Sequence[AnyRow], scorers: Sequence[RewardConfig], judged_by: Mapping[str, str | None]) -> Summary:
    """The summary of an evaluation.

    `rows` are those of `evaluations.scored_answers`; `judged_by` gives the scorer named by a behavior's rule, if any.
    Differences are tuned minus base on the same prompt and sample; intervals are 95% bootstrap intervals. Where prompts
    stand in templates, `distributions` holds those in templates of training (in) and in held-out ones (out) apart.
    """
    names = [scorer.scorer for scorer in scorers]
    rules = [name for name in names if name in judged_by.values()]
    return {
        "scorers": {name: _scorer(rows, name) for name in names if any(row.scorer == name for row in rows)},
        "headline": rules[0] if rules else names[0],
        "missing": {name: {role: _missing(rows, name, role) for role in ("base", "tuned")} for name in names},
        "length": {role: _length(rows, role) for role in ("base", "tuned")},
        "over_refusal": _by_behavior(_guard_failures(rows, judged_by), _rates),
        "failures": {role: _failures(rows, role) for role in ("base", "tuned")},
    }


def _scorer(rows: Sequence[AnyRow], name: str) -> Summary:
    values = {_answer(row): row.value for row in rows if row.scorer == name and row.value is not None}
    return _by_behavior(_paired(values), _compare) | {"distributions": _by_distribution(rows, values)}


def _by_distribution(rows: Sequence[AnyRow], values: Mapping[tuple[str, int, int, str], float]) -> Summary:
    sets = {row.prompt_id: row.distribution for row in rows if row.distribution is not None}
    found = {
        name: [pair for pairs in _paired(_within(values, sets, name)).values() for pair in pairs]
        for name in ("in", "out")
    }
    return {name: _compare(pairs) for name, pairs in found.items() if pairs}


def _within(
    values: Mapping[tuple[str, int, int, str], float], sets: Mapping[int, str], name: str
) -> dict[tuple[str, int, int, str], float]:
    return {answer: value for answer, value in values.items() if sets.get(answer[1]) == name}


def _missing(rows: Sequence[AnyRow], name: str, role: str) -> int:
    """Answers that the scorer looked at and could not score."""
    return sum(row.scorer == name and row.role == role and row.value is None for row in rows)


def _answer(row: AnyRow) -> tuple[str, int, int, str]:
    return row.behavior, row.prompt_id, row.sample, row.role


def _paired(values: Mapping[tuple[str, int, int, str], float]) -> dict[str, Pairs]:
    """Pairs by behavior: only answers that both models gave and that could be scored."""
    paired: dict[str, Pairs] = defaultdict(list)
    for (behavior, prompt, sample, role), value in values.items():
        tuned = values.get((behavior, prompt, sample, "tuned"))
        if role == "base" and tuned is not None:
            paired[behavior].append((value, tuned))
    return paired


def _by_behavior(paired: Mapping[str, Pairs], measure: Any) -> Summary:
    everything = [pair for pairs in paired.values() for pair in pairs]
    return {
        "behaviors": {name: measure(pairs) for name, pairs in sorted(paired.items())},
        OVERALL: measure(everything) if everything else None,
    }


def _compare(pairs: Pairs) -> Summary:
    base, tuned = [b for b, _ in pairs], [t for _, t in pairs]
    return {
        "n": len(pairs),
        "base": interval(base),
        "tuned": interval(tuned),
        "difference": interval([t - b for b, t in pairs]),
        "rate": {"base": _share(base), "tuned": _share(tuned)},
        "win": sum(t > b for b, t in pairs),
        "tie": sum(t == b for b, t in pairs),
        "loss": sum(t < b for b, t in pairs),
    }


def _share(values: Sequence[float]) -> float:
    """Share of answers with a score above zero."""
    return sum(value > 0 for value in values) / len(values)


def _rates(pairs: Pairs) -> Summary:
    return {
        "n": len(pairs),
        "base": sum(b for b, _ in pairs) / len(pairs),
        "tuned": sum(t for _, t in pairs) / len(pairs),
        "difference": interval([t - b for b, t in pairs]),
    }


def _guard_failures(rows: Sequence[AnyRow], judged_by: Mapping[str, str | None]) -> dict[str, Pairs]:
    """1.0 for a guard prompt that was not helped with: by the behavior's own rule, else by the rule `refusal`."""
    refusal = RewardConfig(kind="rule", rule="refusal").scorer
    failed = {}
    for row in rows:
        rule = judged_by.get(row.behavior)
        if row.guard and row.value is not None and row.scorer == (rule or refusal):
            failed[_answer(row)] = float(row.value <= 0) if rule else float(row.value > 0)
    return _paired(failed)


def _once(rows: Sequence[AnyRow], role: str) -> dict[tuple[str, int, int, str], AnyRow]:
    """One row an answer, whatever the number of scorers."""
    return {_answer(row): row for row in rows if row.role == role}


def _length(rows: Sequence[AnyRow], role: str) -> float:
    lengths = [len(row.text) for row in _once(rows, role).values()]
    return sum(lengths) / len(lengths) if lengths else 0.0


def _failures(rows: Sequence[AnyRow], role: str) -> int:
    return sum(row.finish != "stop" for row in _once(rows, role).values())
