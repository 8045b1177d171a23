"""Statements about runs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import cast, func, select, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from core.configs.behavior import BehaviorSpec
from core.configs.dataset import DatasetConfig
from core.configs.reward import RewardConfig
from core.configs.run import RunConfig
from core.errors import BadInput, Conflict, NotFound
from core.ids import new_id
from core.ledger import Claim
from core.queries import evaluations, events, pair_losses, parents, prompts, recovery, shards
from core.queries.moves import move
from core.states import RunState, ShardState, Stage
from core.tables import Behavior, Dataset, Run, Shard

PREFLIGHT = "preflight"  # the fact that holds the report of a dry run


@dataclass(frozen=True)
class SweepPlace:
    """Which combination of which sweep a run is."""

    sweep_id: str
    place: int


def create(
    session: Session, *, project_id: str, config: RunConfig, dataset: Dataset, sweep: SweepPlace | None = None
) -> Run:
    """Store a run on a completed dataset and queue its training. `config` is complete but for default scorers.

    A dry run has no evaluation and goes before the trainings that wait. Raises BadInput where an evaluation has no
    scorers.
    """
    asked = DatasetConfig.model_validate(dataset.config)
    evaluation = config.evaluation
    scorers = evaluation.scorers or _default_scorers(session, dataset, asked)
    if evaluation.enabled and dataset.behaviors and not scorers:
        raise BadInput(
            f"The scores of dataset {dataset.id} came with its file, and nobody is named who scores the evaluation; "
            "name evaluation.scorers, or set evaluation.enabled to false.",
            param="evaluation.scorers",
        )
    sampling = evaluation.sampling or asked.teacher.sampling
    evaluation = evaluation.model_copy(update={"scorers": scorers, "sampling": sampling})
    whole = config.model_copy(update={"dataset": dataset.id, "evaluation": evaluation})
    run = Run(
        id=new_id("run"),
        project_id=project_id,
        dataset_id=dataset.id,
        sweep_id=sweep.sweep_id if sweep else None,
        sweep_place=sweep.place if sweep else None,
        config=whole.model_dump(mode="json"),
        state=str(RunState.queued),
    )
    session.add(run)
    session.flush()
    _queue(session, run, student=str(config.student))
    if not config.dry_run:
        evaluations.begin(session, run, student=str(config.student))
    events.tell(session, project_id=project_id, subject=run.id, message="Queued.")
    session.refresh(run)
    return run


def _queue(session: Session, run: Run, *, student: str) -> None:
    row: dict[str, Any] = {"project_id": run.project_id, "dataset_id": run.dataset_id, "run_id": run.id, "role": None}
    row |= {"stage": str(Stage.train), "model": student, "first": 0, "last": 0, "total": 1}
    shards.add(session, [row | {"priority": int(dry_run(run))}])


def _default_scorers(session: Session, dataset: Dataset, asked: DatasetConfig) -> tuple[RewardConfig, ...]:
    """The dataset's rewards, the behaviors' rules, and `refusal` where guards have no other judge.

    A judge that compares draft and revision rates each answer by itself here.
    """
    ids = [behavior["id"] for behavior in dataset.behaviors]
    bodies = session.scalars(select(Behavior.body).where(Behavior.id.in_(ids)))
    specs = [BehaviorSpec.model_validate(body) for body in bodies]
    rules = sorted({spec.rule for spec in specs if spec.rule})
    if any(prompt.guard and not spec.rule for spec in specs for prompt in spec.evaluation_prompts):
        rules.append("refusal")
    rewards = (reward.model_copy(update={"pairwise": False}) for reward in asked.reward if reward.kind != "given")
    scorers = [*rewards, *(RewardConfig(kind="rule", rule=rule) for rule in rules)]
    return tuple({scorer.scorer: scorer for scorer in scorers}.values())


def get(session: Session, project_id: str, id: str) -> Run:
    """One run. Raises NotFound."""
    found = find(session, project_id, id)
    if found is None:
        raise NotFound("run", id)
    return found


def find(session: Session, project_id: str, id: str) -> Run | None:
    """One run, or None."""
    return session.scalars(select(Run).where(Run.project_id == project_id, Run.id == id)).one_or_none()


def of_artifact(session: Session, project_id: str, artifact: str) -> Run | None:
    """The run that made the tuned model in a folder under the data folder, or None."""
    return session.scalars(select(Run).where(Run.project_id == project_id, Run.artifact == artifact)).first()


def page(session: Session, project_id: str, *, after: str | None = None, limit: int = 20) -> list[Run]:
    """Runs of a project, newest first, older than `after`."""
    statement = select(Run).where(Run.project_id == project_id).order_by(Run.id.desc()).limit(limit)
    return list(session.scalars(statement if after is None else statement.where(Run.id < after)))


def queue_position(session: Session, run: Run) -> int | None:
    """How many trainings are claimed before this one; None when it is not queued."""
    mine = select(Shard.id).where(Shard.run_id == run.id, Shard.stage == str(Stage.train)).scalar_subquery()
    if run.state != RunState.queued:
        return None
    queued = (Shard.stage == str(Stage.train)) & (Shard.state == str(ShardState.queued))
    urgent = int(dry_run(run))
    sooner = (Shard.priority > urgent) | ((Shard.priority == urgent) & (Shard.id < mine))
    return int(session.scalar(select(func.count()).select_from(Shard).where(queued, sooner)) or 0)


def cancel(session: Session, project_id: str, id: str) -> Run:
    """Stop a run; its checkpoints are kept, numbers of a part of its pairs are not. Raises Conflict.

    Cancelling a cancelled one changes nothing.
    """
    run = get(session, project_id, id)
    parents.hold(session, parents.of_run(id))
    if move(session, Run, id, RunState.cancelled, pause_asked=False):
        parents.fence(session, parents.of_run(id), ShardState.cancelled)
        if run.artifact is None:
            pair_losses.forget(session, id)
            note(session, id, {"pair_losses": None})
        events.tell(session, project_id=project_id, subject=id, message="Run cancelled.")
    session.refresh(run)
    if run.state != RunState.cancelled:
        raise Conflict(f"Run {id} is {run.state} and cannot be cancelled.")
    return run


def pause(session: Session, project_id: str, id: str) -> Run:
    """Ask the trainer for a checkpoint and an end; a queued run is paused at once. Raises Conflict."""
    run = get(session, project_id, id)
    if dry_run(run):
        raise Conflict(f"Run {id} is a dry run, which has no checkpoint to go on from; cancel it instead.")
    if run.state == RunState.queued and move(session, Run, id, RunState.paused, pause_reason="asked"):
        parents.fence(session, parents.of_run(id) & (Shard.stage == str(Stage.train)), ShardState.paused)
    elif run.state in (RunState.preparing, RunState.running):
        asked = update(Run).where(Run.id == id).values(pause_asked=True, pause_reason="asked")
        session.execute(asked.execution_options(synchronize_session=False))
    elif run.state != RunState.paused:
        raise Conflict(f"Run {id} is {run.state} and cannot be paused.")
    session.refresh(run)
    return run


def resume(session: Session, project_id: str, id: str) -> Run:
    """Go on with a paused, cancelled or failed run from its newest checkpoint. Raises Conflict."""
    run = get(session, project_id, id)
    trained = run.artifact is not None
    to = RunState.evaluating if trained else RunState.queued
    stopped = run.state in (RunState.paused, RunState.cancelled, RunState.failed)
    if not stopped or not move(session, Run, id, to, pause_asked=False, pause_reason=None, error=None):
        raise Conflict(f"Run {id} is {run.state}; only a paused, cancelled or failed one can be resumed.")
    prompts.restore(session, run.dataset_id, held_out=True)
    recovery.forgive(session, parents.of_run(id))
    parents.reopen(session, parents.of_run(id))
    events.tell(session, project_id=project_id, subject=id, message="Run resumed.")
    session.refresh(run)
    return run


def paused_by_full_disk(session: Session) -> list[Run]:
    """Runs that wait for free space."""
    statement = select(Run).where(Run.state == str(RunState.paused), Run.pause_reason == "disk_full")
    return list(session.scalars(statement))


def dry_run(run: Run) -> bool:
    """Whether a run only looks."""
    return bool(run.config.get("dry_run"))


def looked(session: Session, claim: Claim) -> None:
    """A dry run has ended, and its report is among its facts. Raises LeaseLost."""
    shards.finish(session, claim)
    move(session, Run, str(claim.run_id), RunState.succeeded, pause_asked=False)
    message = "Looked; nothing was trained."
    events.tell(session, project_id=claim.project_id, subject=str(claim.run_id), message=message)


def frozen(session: Session, id: str) -> RunConfig:
    """What was asked."""
    return RunConfig.model_validate(session.scalars(select(Run.config).where(Run.id == id)).one())


def dataset_of(session: Session, id: str) -> str:
    """The dataset a run trains on."""
    return session.scalars(select(Run.dataset_id).where(Run.id == id)).one()


def trained(session: Session, project_id: str, *, limit: int) -> list[Run]:
    """Runs that have made a tuned model, newest first."""
    statement = select(Run).where(Run.project_id == project_id, Run.artifact.is_not(None))
    return list(session.scalars(statement.order_by(Run.id.desc()).limit(limit)))


def of_claim(session: Session, claim: Claim) -> Run:
    """The run a training claim is about."""
    return session.scalars(select(Run).where(Run.id == claim.run_id)).one()


def note(session: Session, id: str, facts: Mapping[str, Any]) -> None:
    """Merge facts into those the run has."""
    _set(session, id, facts=Run.facts.op("||")(cast(dict(facts), JSONB)))


def advance(session: Session, id: str, **columns: Any) -> bool:
    """Set step, total_steps, step_seconds, step_seconds_sd or artifact; returns whether a pause is asked for."""
    statement = update(Run).where(Run.id == id).values(**columns).returning(Run.pause_asked)
    return bool(session.scalar(statement.execution_options(synchronize_session=False)))


def stop_training(session: Session, claim: Claim, to: RunState, **columns: Any) -> bool:
    """End a training short of its end: paused, or failed with `error`. Its shard waits for /resume."""
    moved = move(session, Run, str(claim.run_id), to, pause_asked=False, **columns)
    shard = ShardState.paused if to == RunState.paused else ShardState.quarantined
    parents.fence(session, parents.of_run(str(claim.run_id)) & (Shard.stage == str(Stage.train)), shard)
    return moved


def _set(session: Session, id: str, **columns: Any) -> None:
    statement = update(Run).where(Run.id == id).values(**columns)
    session.execute(statement.execution_options(synchronize_session=False))
