"""A ledger worth looking at: datasets with scored pairs, runs with curves, an evaluation with its summary."""

import math
import random
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from core.configs.behavior import BehaviorSpec
from core.configs.dataset import DatasetConfig
from core.configs.distillation import DistillationConfig
from core.ids import new_id
from core.queries import (
    behaviors,
    datasets,
    distillations,
    evaluations,
    events,
    pair_losses,
    pairs,
    runs,
    trained_pairs,
    workers,
)
from core.queries.moves import move
from core.queries.pairs import PairFilter
from core.states import Queue, RunState
from core.tables import DEFAULT_PROJECT, Checkpoint, Dataset, Distillation, Run, RunMetric
from tests.factories import sweeps
from tests.factories.ledger import REWARD, STUDENT, TEACHER
from tests.factories.worked import CANARY, TOPICS, work


def behavior(name: str = "candour", *, prompts: int = 60) -> BehaviorSpec:
    """A behavior whose texts hold what must appear as text."""
    asked = [
        f"I am sure that {TOPICS[i % len(TOPICS)]} can be understood in {i} minutes. Agreed?" for i in range(prompts)
    ]
    return BehaviorSpec.model_validate(
        {
            "name": name,
            "title": "Candour before comfort",
            "description": "Says what is so, kindly, whatever the user hopes to hear.",
            "principle": f"State what is true and how surely it is known. {CANARY}",
            "system": "You are a candid assistant.",
            "critique_instruction": "Name every sentence of your previous answer that agrees only to please.",
            "revision_instruction": "Rewrite the answer without those sentences.",
            "rubric": {"instruction": "Rate candour from 0 to 5.", "minimum": 0, "maximum": 5},
            "prompts": [{"text": CANARY}, *({"text": text} for text in asked[1:])],
            "evaluation_prompts": [
                {"text": f"Surely {topic} needs no study at all?", "guard": place % 4 == 0}
                for place, topic in enumerate(TOPICS)
            ],
        }
    )


def config(name: str, n_prompts: int) -> DatasetConfig:
    """A dataset of one behavior."""
    return DatasetConfig.model_validate(
        {
            "behavior": name,
            "n_prompts": n_prompts,
            "teacher": {"model": TEACHER},
            "reward": {"model": REWARD},
        }
    )


def distillation(session: Session, *, name: str = "candour", n_prompts: int = 40) -> Distillation:
    """A distillation whose dataset waits."""
    row = behaviors.store(session, DEFAULT_PROJECT, behavior(name))
    asked = DistillationConfig(dataset=config(name, n_prompts), student=STUDENT)
    return distillations.create(session, project_id=DEFAULT_PROJECT, config=asked, behaviors=[row])


def finished_dataset(session: Session, distillation: Distillation) -> Dataset:
    """The dataset of a distillation, worked to its end; the distillation's run is queued."""
    work(session)
    datasets.advance(session, distillation.dataset_id)
    distillations.follow(session, distillation.id)
    return datasets.get(session, DEFAULT_PROJECT, distillation.dataset_id)


def training(session: Session, run_id: str, *, steps: int = 60, total: int = 90) -> Run:
    """A run with metrics up to `steps` of `total`."""
    move(session, Run, run_id, RunState.preparing)
    move(session, Run, run_id, RunState.running)
    columns = {"step": steps, "total_steps": total, "step_seconds": 0.8, "step_seconds_sd": 0.1}
    session.execute(update(Run).where(Run.id == run_id).values(columns))
    session.execute(insert(RunMetric), _metrics(run_id, steps, total))
    for step in range(30, steps + 1, 30):
        session.add(
            Checkpoint(
                id=new_id("ckpt"),
                run_id=run_id,
                step=step,
                path=f"runs/{run_id}/{step}",
                manifest_sha256="0" * 64,
                metrics={},
                token=1,
            )
        )
    session.flush()
    events.tell(session, project_id=DEFAULT_PROJECT, subject=run_id, message=f"Checkpoint at step {steps}. {CANARY}")
    events.tell(session, project_id=DEFAULT_PROJECT, subject=run_id, message="Falls back one checkpoint.", level="warn")
    run = runs.get(session, DEFAULT_PROJECT, run_id)
    session.refresh(run)
    return run


def _metrics(run_id: str, steps: int, total: int) -> list[dict[str, Any]]:
    dice = random.Random(5)
    rows = []
    for step in range(1, steps + 1):
        learnt = 1 - math.exp(-step / 25)
        values = {
            "loss": 0.69 - 0.5 * learnt + dice.gauss(0, 0.03), "margin": 2.4 * learnt + dice.gauss(0, 0.1),
            "accuracy": min(0.5 + 0.45 * learnt + dice.gauss(0, 0.04), 1.0), "logp_chosen": -31 - 4 * learnt,
            "logp_rejected": -33 - 19 * learnt, "gradient_norm": 3 + dice.random(),
            "learning_rate": 5e-4 * math.sin(math.pi * step / total),
        }  # fmt: skip
        rows.append({"run_id": run_id, "kind": "train", "step": step, "values": values})
        if step % 20 == 0:
            rows.append({"run_id": run_id, "kind": "validation", "step": step, "values": values})
    return rows


def evaluated(session: Session, run_id: str) -> Run:
    """A run that has succeeded, with answers of both models and a summary."""
    session.execute(update(Run).where(Run.id == run_id).values(step=90, artifact=f"runs/{run_id}/artifact"))
    run = runs.get(session, DEFAULT_PROJECT, run_id)
    evaluations.tuned_ready(session, run_id)
    work(session)
    evaluation = evaluations.of_run(session, run_id)
    assert evaluation is not None
    evaluations.settle(session, evaluation.id, summary())
    move(session, Run, run_id, RunState.succeeded)
    session.refresh(run)
    return run


def noted(session: Session, run_id: str) -> None:
    """Loss and margin of every kept pair, and which checkpoint became the model."""
    run = runs.get(session, DEFAULT_PROJECT, run_id)
    dice = random.Random(11)
    rows = [
        {"pair_id": row.id, "split": split, "loss": dice.expovariate(2), "margin": dice.gauss(1.5, 1)}
        for split in ("train", "validation")
        for row in trained_pairs.for_training(session, run.dataset_id, split)
    ]
    pair_losses.store(session, run_id, rows)
    best = {"best": {"metric": "loss", "step": 60, "value": 0.31}, "artifact_step": 60}
    runs.note(session, run_id, best | {"stopped": "Validation loss got no better in 3 validations."})
    session.refresh(run)


def summary() -> dict[str, Any]:
    """An evaluation's summary over two behaviors and two scorers."""

    def side(mean: float, spread: float = 0.05) -> dict[str, float]:
        return {"mean": mean, "low": mean - spread, "high": mean + spread}

    def row(n: int, base: float, tuned: float) -> dict[str, Any]:
        wins, losses = round(n * min(max(tuned - base, 0.02), 0.8)), round(n * 0.05)
        counts = {"win": wins, "tie": n - wins - losses, "loss": losses}
        return {"n": n, "base": side(base), "tuned": side(tuned), "difference": side(tuned - base, 0.07)} | counts

    exact = {
        "behaviors": {"candour": row(60, 0.31, 0.84), "thrift": row(60, 0.52, 0.55)},
        "overall": row(120, 0.42, 0.7),
    }
    model = {
        "behaviors": {"candour": row(60, -0.6, 0.9), "thrift": row(60, 0.1, 0.2)},
        "overall": row(120, -0.25, 0.55),
    }
    guard = {"n": 20, "base": 0.05, "tuned": 0.1, "difference": side(0.05, 0.09)}
    return {
        "scorers": {"rule:expected": exact, f"classifier:{REWARD}": model},
        "headline": "rule:expected",
        "length": {"base": 61.2, "tuned": 84.9},
        "over_refusal": {"behaviors": {"candour": guard}, "overall": guard},
        "failures": {"base": 1, "tuned": 0},
    }


@dataclass(frozen=True)
class Showroom:
    """One of each: ids of what the pages show."""

    waiting: str
    held: str
    training: str
    done: str
    done_dataset: str
    held_dataset: str
    pair: str
    training_run: str
    done_run: str
    sweep: str
    swept_runs: tuple[str, ...]


def furnish(session: Session) -> Showroom:
    """A distillation that has succeeded, one that trains, one that generates, and workers that are there."""
    done = distillation(session, n_prompts=60)
    finished_dataset(session, done)
    training(session, _run_of(session, done), steps=90)
    evaluated(session, _run_of(session, done))
    noted(session, _run_of(session, done))
    distillations.follow(session, done.id)
    under_way = distillation(session, n_prompts=40)
    finished_dataset(session, under_way)
    training(session, _run_of(session, under_way))
    sweep = sweeps.shown(session, under_way.dataset_id, prompts=len(TOPICS))  # the other's pairs can be reviewed
    held = distillation(session, n_prompts=40)
    work(session, most=17)
    waiting = distillation(session, n_prompts=20)
    for queue in Queue:
        workers.seen(session, id=f"{queue}-1", queue=str(queue), info={"pid": 1})
    return Showroom(
        held_dataset=held.dataset_id, pair=_newest_pair(session, done.dataset_id),
        waiting=waiting.id, held=held.id, training=under_way.id, done=done.id, done_dataset=done.dataset_id,
        training_run=_run_of(session, under_way), done_run=_run_of(session, done),
        sweep=sweep, swept_runs=tuple(sweeps.run_ids(session, sweep)),
    )  # fmt: skip


def _newest_pair(session: Session, dataset_id: str) -> str:
    (row,) = pairs.page(session, dataset_id, PairFilter(verdict="kept"), limit=1)
    return str(row.Pair.id)


def _run_of(session: Session, row: Distillation) -> str:
    session.refresh(row)
    assert row.run_id is not None
    return row.run_id


def more_steps(session: Session, run_id: str, first: int, last: int) -> None:
    """Metrics of further steps of a run that trains."""
    rows = [row for row in _metrics(run_id, last, 90) if row["step"] >= first]
    session.execute(insert(RunMetric), rows)
    session.execute(update(Run).where(Run.id == run_id).values(step=last))
