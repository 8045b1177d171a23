"""What a scorer has still to score, and its verdicts as rows of the ledger."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from core.configs.behavior import Rubric
from core.ledger import Claim, Spent
from core.queries import scores, shards
from core.queries.rows import AnyRow
from workers.candidates import answers
from workers.rewards.reward import Answer, Missing, Verdict

Rubrics = Mapping[str, Rubric | None]


@dataclass(frozen=True)
class Case:
    """The answers of one chain by their names, the draft first; or one answer of an evaluation, which has no name."""

    chain_id: int | None
    evaluation_answer_id: int | None
    answers: Mapping[str | None, Answer]

    @property
    def owner(self) -> scores.Owner:
        """Whose scores these are."""
        return self.chain_id, self.evaluation_answer_id


@dataclass(frozen=True)
class Scored:
    """A case with a verdict for each of its answers, in their order."""

    case: Case
    scorer: str
    fingerprint: str
    verdicts: Sequence[Verdict]

    @property
    def hits(self) -> int:
        """Questions that the cache answered; the others are charged as they are answered."""
        return sum(verdict.spent.hits for verdict in self.verdicts)

    def rows(self) -> list[dict[str, Any]]:
        """Rows of the table `score`."""
        chain_id, evaluation_answer_id = self.case.owner
        common: dict[str, Any] = {"scorer": self.scorer, "fingerprint": self.fingerprint}
        common |= {"chain_id": chain_id, "evaluation_answer_id": evaluation_answer_id}
        return [
            common | {"answer": name, "raw": verdict.raw} | _value(verdict.value)
            for name, verdict in zip(self.case.answers, self.verdicts, strict=True)
        ]


def of_chain(row: AnyRow, rubrics: Rubrics) -> Case:
    """From a row of `scores.waiting`."""
    wanted = {"draft": row.draft} if row.wants_draft else {}
    if row.wants_revision:
        wanted |= {name: text for name, text in answers(row).items() if name != "draft"}
    return Case(row.chain_id, None, {name: _answer(row, text, rubrics) for name, text in wanted.items()})


def of_evaluation(row: AnyRow, rubrics: Rubrics) -> Case:
    """From a row of `evaluations.waiting_judgements`."""
    return Case(None, row.answer_id, {None: _answer(row, row.text, rubrics)})


def store(session: Session, *, claim: Claim, batch: Sequence[Scored]) -> None:
    """Write scores and count what is new: the write may be repeated. Raises LeaseLost."""
    new = scores.store(session, [row for scored in batch for row in scored.rows()])
    counted = [scored for scored in batch if scored.case.owner in new]
    spent = Spent(hits=sum(scored.hits for scored in counted))
    shards.guard(session, claim, completed=len(counted), spent=spent)


def _answer(row: AnyRow, text: str, rubrics: Rubrics) -> Answer:
    return Answer(
        messages=tuple(row.messages),
        text=text,
        expect=row.expect,
        guard=row.guard,
        rubric=rubrics.get(row.behavior_id),
    )


def _value(value: float | Missing) -> dict[str, Any]:
    if isinstance(value, Missing):
        return {"value": None, "missing": value.reason}
    return {"value": value, "missing": None}
