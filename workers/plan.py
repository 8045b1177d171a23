"""What a generating worker does for one claim: which engine, which rows to make, how to store them."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy.orm import Session

from core.configs.behavior import Rubric
from core.configs.dataset import DatasetConfig
from core.configs.teacher import ModelConfig
from core.ledger import Claim, Spent
from core.queries import chains, datasets, evaluations, gathered, growth, pipeline, recipes, rubrics, runs, shards
from core.queries.recipes import Instructions
from core.queries.rows import AnyRow
from core.seeds import derive_seed
from core.settings import settings
from core.states import Stage
from core.strategies.counterfactual import context
from core.strategies.script import script
from core.text import clean
from core.turn_key import Identity, chain_seed
from workers import bound, turn_cache
from workers.allowance import Limits
from workers.answering import Question, run_answer
from workers.chain import Ask, Drafted, remembered, run_chain
from workers.growing.growth import Growth
from workers.notebook import Notebook, Payer
from workers.teachers.teacher import Teacher, Turn

Row = dict[str, Any]
Make = Callable[[Teacher, Drafted], Awaitable[Row]]


@dataclass(frozen=True)
class Plan:
    """`ready` rows come from the cache; `make` holds one function per row to make; `store` writes finished rows.

    `flush` charges and keeps turns of chains that have not ended, so that nobody pays for them twice; it raises
    LeaseLost. `kept` is told when they, or those that `store` wrote, are committed. With `limits` there is a budget to
    ask before a row is begun. A row whose state is `open` is stored and will be followed by its end.
    """

    teacher: ModelConfig
    make: Sequence[Make]
    store: Callable[[Session, Sequence[Row]], None]
    ready: Sequence[Row] = ()
    flush: Callable[[Session], None] = field(default=lambda session: None)
    kept: Callable[[], None] = field(default=lambda: None)
    limits: Limits | None = None


def plan(session: Session, claim: Claim, *, identity: Identity | None = None) -> Plan:
    """The plan for a shard of stage generate, grow or answer: only rows that are not stored yet.

    With the teacher's identity, turns that it was asked for before are taken from the cache, and new ones kept there.
    """
    if claim.stage == Stage.grow:
        return _growth(session, claim, identity)
    return _chains(session, claim, identity) if claim.stage == Stage.generate else _answers(session, claim)


def uses_cache(session: Session, claim: Claim) -> DatasetConfig | None:
    """The config of a claim whose turns are cached."""
    if claim.stage not in (Stage.generate, Stage.grow):
        return None
    asked = datasets.without_prompts(session, claim.dataset_id)
    return asked if asked.cache else None


def _chains(session: Session, claim: Claim, identity: Identity | None) -> Plan:
    asked = datasets.without_prompts(session, claim.dataset_id)
    told = recipes.of_dataset(session, claim.dataset_id)
    waiting = chains.waiting(session, claim)
    asks = [_ask(asked, row, told[row.behavior_id].instructions, claim.attempts) for row in waiting]
    notebook = Notebook(Payer(claim, asked.teacher.names, shards.paid(session, claim)), identity)
    ready: list[Row] = []
    if identity is not None:
        asks = turn_cache.recall(session, claim.project_id, identity, asks)
        if any(ask.known for ask in asks):
            notebook.omissions.recalled()
    asks = [_resumed(ask, row) for ask, row in zip(asks, waiting, strict=True)]
    if identity is not None:
        ready = [remembered(identity, ask) for ask in asks if ask.complete]
        asks = [ask for ask in asks if not ask.complete]
    asks = [replace(ask, keep=notebook.keeper(ask)) for ask in asks]

    def store(session: Session, rows: Sequence[Row]) -> None:
        owner = {"dataset_id": claim.dataset_id, "token": claim.token}
        new = chains.store(session, [_priced(row, asked.teacher.names) | owner for row in rows])
        if any(row["state"] == "open" for row in rows):
            pipeline.early(session, claim)
        notebook.flush(session)
        done = sum(row.state == "done" for row in new)
        hits = sum(row.hits for row in new)
        shards.guard(session, claim, completed=done, failed=len(new) - done, spent=Spent(hits=hits))

    limits = _limits(asked, asks, rubrics.of_dataset(session, claim.dataset_id)) if asked.budget.limited else None
    early = bool(asked.early_scorers(apart=settings().scorers_apart))
    make = [
        lambda teacher, drafted, ask=ask: run_chain(teacher, ask, drafted if early and not ask.known else None)
        for ask in asks
    ]
    return Plan(to_load(asked.teacher), make, store, ready, notebook.flush, notebook.kept, limits)


def _growth(session: Session, claim: Claim, identity: Identity | None) -> Plan:
    frame = gathered.frame(session, claim.dataset_id)
    notebook = Notebook(Payer(claim, frame.config.teacher.names, shards.paid(session, claim)), identity)
    found = Growth(claim, frame, growth.unsettled(session, claim), notebook)
    return Plan(to_load(frame.config.teacher), found.make, found.store, (), notebook.flush, notebook.kept, found.limits)


def to_load(teacher: ModelConfig) -> ModelConfig:
    """What has to be loaded for it: two teachers that differ in sampling alone are one."""
    return ModelConfig(engine=teacher.engine, model=teacher.model, base_url=teacher.base_url, secret=teacher.secret)


def _resumed(ask: Ask, row: AnyRow) -> Ask:
    """The ask of a chain that may be open: its draft may have its score already, so it is not written anew.

    It was paid for, whether or not the cache has it too. What the cache has behind another draft is of no use.
    """
    if row.draft is None:
        return ask
    tokens = {"prompt_tokens": row.prompt_tokens, "cached_tokens": row.cached_tokens, "counted": row.draft_tokens}
    begun = Turn(row.draft, (), row.draft_finish, **tokens)
    cached = ask.known.get("draft")
    if cached is None or clean(cached.text.strip()).text != row.draft:
        return replace(ask, begun=begun, known={"draft": begun})
    return replace(ask, begun=begun, known={**ask.known, "draft": replace(cached, cached_tokens=row.cached_tokens)})


def _limits(asked: DatasetConfig, asks: Sequence[Ask], rubrics: Mapping[str, Rubric | None]) -> Limits:
    prompt = max((len(str(ask.cues[0].messages).encode()) for ask in asks), default=0)
    rubric = max((len(one.instruction.encode()) for one in rubrics.values() if one is not None), default=0)
    chain = bound.largest([bound.of_chain(ask, asked.teacher.names) for ask in asks])
    return Limits(chain, bound.of_verdicts(asked, prompt + rubric))


def _ask(asked: DatasetConfig, row: AnyRow, instructions: Instructions, attempt: int) -> Ask:
    return Ask(
        prompt_id=row.prompt_id,
        sample=row.sample,
        cues=tuple(script(asked, row.messages, instructions)),
        sampling=asked.teacher.sampling_of,
        seed=chain_seed(asked.seed, row.messages, row.sample),
        attempt=attempt,
        context=context(row.messages, asked.counterfactual) if asked.counterfactual else None,
    )


def _priced(row: Row, names: Sequence[str]) -> Row:
    """The row with what its turns cost."""
    return row | {"usd": bound.priced(names, row.get("paid_prompt_tokens", 0), row.get("paid_tokens", 0)).usd}


def _answers(session: Session, claim: Claim) -> Plan:
    evaluation = runs.frozen(session, str(claim.run_id)).evaluation
    seed = datasets.without_prompts(session, claim.dataset_id).seed
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

    make = [lambda teacher, _drafted, question=question: run_answer(teacher, question) for question in questions]
    return Plan(ModelConfig(engine=evaluation.engine, model=claim.model), make, store)
