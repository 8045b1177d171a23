"""What a generating worker does for one claim: which engine, which rows to make, how to store them."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from core.ledger import Claim
from core.queries import chains, datasets, evaluations, runs, shards
from core.seeds import derive_seed
from core.states import Stage
from workers.answering import Question, run_answer
from workers.chain import Ask, run_chain
from workers.teachers.teacher import Teacher

Row = dict[str, Any]


@dataclass(frozen=True)
class Plan:
    """`make` holds one function per row to make; `store` writes finished rows and counts them under the claim."""

    engine: str
    model: str
    make: Sequence[Callable[[Teacher], Awaitable[Row]]]
    store: Callable[[Session, Sequence[Row]], None]


def plan(session: Session, claim: Claim) -> Plan:
    """The plan for a shard of stage generate or answer: only rows that are not stored yet."""
    return _chains(session, claim) if claim.stage == Stage.generate else _answers(session, claim)


def _chains(session: Session, claim: Claim) -> Plan:
    asked = datasets.frozen(session, claim.dataset_id)
    instructions = datasets.instructions(session, claim.dataset_id)
    asks = [
        Ask(
            prompt_id=row.prompt_id,
            sample=row.sample,
            messages=row.messages,
            instructions=instructions[row.behavior_id],
            sampling=asked.teacher.sampling,
            seed=derive_seed(asked.seed, "chain", row.position, row.sample),
        )
        for row in chains.waiting(session, claim)
    ]

    def store(session: Session, rows: Sequence[Row]) -> None:
        stamped = [row | {"dataset_id": claim.dataset_id, "token": claim.token} for row in rows]
        new = chains.store(session, stamped)
        done = sum(row.state == "done" for row in new)
        shards.guard(session, claim, completed=done, failed=len(new) - done, tokens=sum(row.tokens for row in new))

    make = [lambda teacher, ask=ask: run_chain(teacher, ask) for ask in asks]
    return Plan(asked.teacher.engine, claim.model, make, store)


def _answers(session: Session, claim: Claim) -> Plan:
    evaluation = runs.frozen(session, str(claim.run_id)).evaluation
    seed = datasets.frozen(session, claim.dataset_id).seed
    assert evaluation.sampling is not None, "runs.create fills it in"
    questions = [
        Question(
            evaluation_id=row.evaluation_id,
            prompt_id=row.prompt_id,
            sample=row.sample,
            role=str(claim.role),
            messages=row.messages,
            sampling=evaluation.sampling,
            seed=derive_seed(seed, "evaluation", row.position, row.sample),
        )
        for row in evaluations.waiting_answers(session, claim)
    ]

    def store(session: Session, rows: Sequence[Row]) -> None:
        new = evaluations.store_answers(session, [row | {"token": claim.token} for row in rows])
        shards.guard(session, claim, completed=len(new), tokens=sum(new))

    make = [lambda teacher, question=question: run_answer(teacher, question) for question in questions]
    return Plan(evaluation.engine, claim.model, make, store)
