"""Several runs of a project held against the first of them."""

from collections.abc import Mapping, Sequence

from sqlalchemy.orm import Session

from api.schemas.comparison import ComparedEvaluation, ComparisonObject
from api.schemas.run_summary import Bounded, RunSummary
from api.summaries import best, summaries
from core.compared import Paired, differences, paired
from core.errors import BadInput
from core.queries import runs, tuned_scores
from core.queries.tuned_scores import Scores

LEAST, MOST = 2, 16


def asked_ids(ids: str) -> list[str]:
    """Ids of `a,b,c`. Raises BadInput (param `ids`) unless they are 2 to 16 different ones."""
    found = [id.strip() for id in ids.split(",") if id.strip()]
    if not LEAST <= len(found) <= MOST:
        raise BadInput(
            f"Runs named: {len(found)}. Name {LEAST} to {MOST} of them, as ids=run_a,run_b.",
            param="ids",
        )
    twice = next((id for place, id in enumerate(found) if id in found[:place]), None)
    if twice is not None:
        raise BadInput(f"Run {twice!r} is named twice; name each once.", param="ids")
    return found


def compare(session: Session, project_id: str, ids: Sequence[str]) -> ComparisonObject:
    """The comparison. Raises NotFound for a run that is not of this project."""
    rows = [runs.get(session, project_id, id) for id in ids]
    shown = summaries(session, rows)
    first, *others = shown
    scores = tuned_scores.of_runs(session, ids)
    found = best(shown)
    return ComparisonObject(
        runs=shown,
        differences=differences([row.config for row in rows]),
        evaluations=[_against(other, first, scores) for other in others],
        best=found[0] if found else None,
        best_by=found[1] if found else None,
    )


def _against(run: RunSummary, first: RunSummary, scores: Mapping[str, Mapping[str, Scores]]) -> ComparedEvaluation:
    headline = first.evaluation.scorer if first.evaluation else None
    found = paired(scores[run.id], scores[first.id], first=headline)
    if found is None:
        return ComparedEvaluation(
            run=run.id, against=first.id, scorer=None, n=0, mean_run=None, mean_against=None, difference=None,
            win=0, tie=0, loss=0,
        )  # fmt: skip
    return _shown(run.id, first.id, found)


def _shown(run: str, against: str, found: Paired) -> ComparedEvaluation:
    return ComparedEvaluation(
        run=run,
        against=against,
        scorer=found.scorer,
        n=found.n,
        mean_run=found.mean["run"],
        mean_against=found.mean["against"],
        difference=Bounded.model_validate(found.difference),
        win=found.win,
        tie=found.tie,
        loss=found.loss,
    )
