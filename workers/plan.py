"""What a generating worker does for one claim: which engine, which rows to make, how to store them."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy.orm import Session

from core.configs.dataset import DatasetConfig
from core.ledger import Claim, Spent
from core.queries import cached_turns, chains, datasets, evaluations, runs, shards
from core.queries.datasets import Instructions
from core.queries.rows import AnyRow
from core.seeds import content_seed, derive_seed
from core.settings import settings
from core.states import Stage
from workers import turn_cache
from workers.answering import Question, run_answer
from workers.chain import Ask, Identity, remembered, run_chain
from workers.notebook import Notebook
from workers.strategies.counterfactual import context, counterfactual
from workers.strategies.cue import Cue
from workers.strategies.self_critique import self_critique
from workers.teachers.teacher import Teacher

Row = dict[str, Any]


@dataclass(frozen=True)
class Plan:
    """`ready` rows come from the cache; `make` holds one function per row to make; `store` writes finished rows.

    `flush` keeps the turns of chains that did not end, so that nobody pays for them twice.
    """

    engine: str
    model: str
    make: Sequence[Callable[[Teacher], Awaitable[Row]]]
    store: Callable[[Session, Sequence[Row]], None]
    ready: Sequence[Row] = ()
    flush: Callable[[Session], None] = field(default=lambda session: None)


def plan(session: Session, claim: Claim, *, identity: Identity | None = None) -> Plan:
    """The plan for a shard of stage generate or answer: only rows that are not stored yet.

    With the teacher's identity, turns that it was asked for before are taken from the cache, and new ones kept there.
    """
    return _chains(session, claim, identity) if claim.stage == Stage.generate else _answers(session, claim)


def uses_cache(session: Session, claim: Claim) -> DatasetConfig | None:
    """The config of a claim whose turns are cached."""
    if claim.stage != Stage.generate:
        return None
    asked = datasets.frozen(session, claim.dataset_id)
    return asked if asked.cache else None


def _chains(session: Session, claim: Claim, identity: Identity | None) -> Plan:
    asked = datasets.frozen(session, claim.dataset_id)
    instructions = datasets.instructions(session, claim.dataset_id)
    waiting = chains.waiting(session, claim)
    asks = [_ask(asked, row, instructions[row.behavior_id], claim.attempts) for row in waiting]
    notebook = Notebook(claim.project_id, identity)
    ready: list[Row] = []
    if identity is not None:
        asks = turn_cache.recall(session, claim.project_id, identity, asks)
        ready = [remembered(identity, ask) for ask in asks if ask.complete]
        asks = [replace(ask, keep=notebook.keeper(ask)) for ask in asks if not ask.complete]

    def store(session: Session, rows: Sequence[Row]) -> None:
        stamped = [_priced(row, claim.model) | {"dataset_id": claim.dataset_id, "token": claim.token} for row in rows]
        new = chains.store(session, stamped)
        cached_turns.store(session, notebook.turns())
        done = sum(row.state == "done" for row in new)
        spent = sum((Spent(*row[1:]) for row in new), Spent())
        shards.guard(session, claim, completed=done, failed=len(new) - done, spent=spent)

    make = [lambda teacher, ask=ask: run_chain(teacher, ask) for ask in asks]
    return Plan(asked.teacher.engine, claim.model, make, store, ready, notebook.flush)


def _ask(asked: DatasetConfig, row: AnyRow, instructions: Instructions, attempt: int) -> Ask:
    seed = derive_seed(asked.seed, "chain", content_seed(row.messages), row.sample)
    return Ask(
        prompt_id=row.prompt_id,
        sample=row.sample,
        cues=tuple(_cues(asked, row.messages, instructions)),
        sampling=asked.teacher.sampling_of,
        seed=seed,
        attempt=attempt,
        context=context(row.messages, asked.counterfactual) if asked.counterfactual else None,
    )


def _cues(asked: DatasetConfig, messages: list[dict[str, str]], instructions: Instructions) -> list[Cue]:
    if asked.counterfactual is not None:
        return counterfactual(messages, asked.counterfactual)
    return self_critique(messages, instructions, rounds=asked.rounds, best_of=asked.best_of)


def _priced(row: Row, model: str) -> Row:
    """The row with what its turns cost, by the operator's prices in USD for a million tokens."""
    prices = settings().model(model)
    read, written = row.get("paid_prompt_tokens", 0), row.get("paid_tokens", 0)
    return row | {"usd": (read * (prices.price_input or 0.0) + written * (prices.price_output or 0.0)) / 1e6}


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
        shards.guard(session, claim, completed=len(new), spent=Spent(tokens=sum(new)))

    make = [lambda teacher, question=question: run_answer(teacher, question) for question in questions]
    return Plan(evaluation.engine, claim.model, make, store)
