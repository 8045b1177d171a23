"""A small ledger: behaviors of a few prompts, datasets that were made. All of it is written by the queries."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.configs.behavior import BehaviorSpec
from core.configs.dataset import DatasetConfig
from core.configs.distillation import DistillationConfig
from core.configs.run import RunConfig
from core.ids import new_id
from core.ledger import Claim
from core.queries import (
    behaviors,
    chains,
    datasets,
    distillations,
    pairs,
    pipeline,
    prompts,
    runs,
    scores,
    shards,
    verdicts,
)
from core.states import Queue
from core.tables import DEFAULT_PROJECT, Chain, Dataset, Pair, Project, Scorer

TEACHER, REWARD, STUDENT = "a-teacher", "a-reward", "a-student"


def model_folders(root: Path) -> Path:
    """Folders that are named and checked as models are; nothing here loads them."""
    for name, architecture in (
        (TEACHER, "LlamaForCausalLM"),
        (STUDENT, "LlamaForCausalLM"),
        (REWARD, "LlamaForSequenceClassification"),
    ):
        (root / name).mkdir(parents=True, exist_ok=True)
        (root / name / "config.json").write_text(json.dumps({"architectures": [architecture]}))
    return root


def behavior(name: str = "polite", *, prompts: int = 12, evaluation_prompts: int = 3) -> BehaviorSpec:
    """A behavior with numbered prompts."""
    return BehaviorSpec.model_validate(
        {
            "name": name,
            "title": name.title(),
            "principle": "Answers are polite.",
            "critique_instruction": "Say what was rude.",
            "revision_instruction": "Say it politely.",
            "prompts": [{"text": f"{name} question {number}?"} for number in range(prompts)],
            "evaluation_prompts": [{"text": f"{name} test {number}?"} for number in range(evaluation_prompts)],
        }
    )


@dataclass(frozen=True)
class Made:
    """How a dataset's chains turn out: every `fail_each`-th chain fails, every `same_each`-th pair is identical."""

    fail_each: int = 0
    same_each: int = 0
    scored: bool = True


def dataset(session: Session, *, n_prompts: int = 12, name: str = "polite") -> Dataset:
    """A dataset whose shards wait."""
    row = behaviors.store(session, DEFAULT_PROJECT, behavior(name, prompts=max(n_prompts, 12)))
    config = DatasetConfig.model_validate(
        {
            "behavior": name,
            "n_prompts": n_prompts,
            "teacher": {"model": TEACHER},
            "reward": {"model": REWARD},
            "split": {"validation": 0.0},
        }
    )
    return datasets.create(session, project_id=DEFAULT_PROJECT, config=config, behaviors=[row])


def made_dataset(session: Session, *, n_prompts: int = 12, made: Made | None = None) -> Dataset:
    """A dataset that went through generate, score and pair, and has ended."""
    row = dataset(session, n_prompts=n_prompts)
    work_off(session, made)
    session.refresh(row)
    return row


def work_off(session: Session, made: Made | None = None) -> None:
    """Do what the workers would do to every dataset that waits, up to its pairs."""
    how = made or Made()
    while (claim := shards.claim(session, queue=Queue.generate, owner="a test")) is not None:
        _generate(session, claim, how)
    while (claim := shards.claim(session, queue=Queue.score, owner="a test")) is not None:
        (_score if claim.stage == "score" else _pair)(session, claim, how)
    for id in datasets.unfinished(session):
        datasets.advance(session, id)


def _generate(session: Session, claim: Claim, how: Made) -> None:
    rows = []
    for place, prompt in enumerate(chains.waiting(session, claim)):
        failed = how.fail_each and (place + 1) % how.fail_each == 0
        same = how.same_each and (place + 1) % how.same_each == 0
        draft = f"Go away {prompt.position}."
        turns = {
            "draft": draft,
            "critique": "That was rude.",
            "revision": draft if same else f"Please {prompt.position}.",
        }
        rows.append(
            {
                "dataset_id": claim.dataset_id, "prompt_id": prompt.prompt_id, "sample": prompt.sample,
                "state": "failed" if failed else "done", "engine": "transformers", "model_fingerprint": "f",
                "template_hash": "t", "seed": 1, "token": claim.token, "seconds": 0.1, "draft_tokens": 4,
                "failure_turn": "revision" if failed else None, "failure_reason": "truncated" if failed else None,
                **(turns | {"revision": None} if failed else turns),
            }
        )  # fmt: skip
    bad = sum(row["state"] == "failed" for row in rows)
    shards.guard(session, claim, completed=len(rows) - bad, failed=bad)
    for state in ("done", "failed"):
        chains.store(session, [row for row in rows if row["state"] == state])
    pipeline.finish(session, claim)


def _score(session: Session, claim: Claim, how: Made) -> None:
    waiting = scores.waiting(session, claim)
    shards.guard(session, claim, completed=len(waiting))
    values = {"draft": -1.0, "revision": 2.0} if how.scored else {"draft": None, "revision": None}
    rows = [
        {
            "chain_id": row.chain_id, "answer": answer, "scorer": claim.model, "fingerprint": "f",
            "value": value and value + row.position / 100, "missing": None if how.scored else "too_long",
        }
        for row in waiting
        for answer, value in values.items()
    ]  # fmt: skip
    scores.store(session, rows)
    pipeline.finish(session, claim)


def _pair(session: Session, claim: Claim, how: Made) -> None:
    waiting = pairs.waiting(session, claim)
    rows = [
        {
            "id": new_id("pair"), "dataset_id": claim.dataset_id, "prompt_id": row.prompt_id,
            "chain_id": row.chain_id, "split": row.split, "chosen": row.revision, "rejected": row.draft,
            "chosen_answer": "revision", "rejected_answer": "draft",
            "scorer": claim.model, "score_chosen": row.score_revision, "score_rejected": row.score_draft,
            "verdict": "dropped" if row.draft == row.revision else "kept",
            "reason": "identical" if row.draft == row.revision else None,
        }
        for row in waiting
    ]  # fmt: skip
    verdicts.write(session, claim, rows)
    pipeline.finish(session, claim)


def second_scorer(
    session: Session, dataset_id: str, name: str, *, value: float | None = 1.0, purpose: str = "reward"
) -> None:
    """A further scorer of a made dataset, behind those there are; revisions get numbers around `value`, drafts zero."""
    place = len(session.scalars(select(Scorer).where(Scorer.dataset_id == dataset_id)).all())
    session.add(Scorer(dataset_id=dataset_id, name=name, position=place, kind="given", purpose=purpose))
    rows = [
        {
            "chain_id": chain.id, "answer": answer, "scorer": name, "fingerprint": "f", "value": given,
            "missing": None if given is not None else "not_given",
        }
        for number, chain in enumerate(chains_of(session, dataset_id))
        for answer, given in (("draft", 0.0), ("revision", value and value + number % 3))
    ]  # fmt: skip
    scores.store(session, rows)


def weigh(session: Session, dataset_id: str, weights: Sequence[float]) -> None:
    """Give a made dataset's chains weights in turn, as an import does."""
    for chain, weight in zip(chains_of(session, dataset_id), cycle(weights), strict=False):
        chain.more = [{"name": "origin", "origin": {"weight": weight}}]


def next_claim(session: Session, queue: str) -> Claim:
    """What a worker of the queue would claim now; it is handed back."""
    claim = shards.claim(session, queue=Queue(queue), owner="a test")
    assert claim is not None
    shards.hand_back(session, claim)
    return claim


def chains_of(session: Session, dataset_id: str) -> list[Chain]:
    """The rows of a dataset's chains."""
    return list(session.scalars(select(Chain).where(Chain.dataset_id == dataset_id)))


def quarantine(session: Session, dataset_id: str, index: int) -> None:
    """Take a prompt out as a worker does after its last attempt."""
    prompts.quarantine(session, dataset_id, index, error="The engine died.")


def pairs_of(session: Session, dataset_id: str) -> list[Pair]:
    """The rows of a dataset's pairs."""
    return list(session.scalars(select(Pair).where(Pair.dataset_id == dataset_id)))


def other_project(session: Session) -> str:
    """The id of a second project."""
    session.add(Project(id="proj_other", name="other"))
    session.flush()
    return "proj_other"


def run(session: Session, dataset_id: str) -> str:
    """The id of a run that waits on a completed dataset."""
    row = datasets.get(session, DEFAULT_PROJECT, dataset_id)
    config = RunConfig.model_validate({"dataset": dataset_id, "student": STUDENT})
    return runs.create(session, project_id=DEFAULT_PROJECT, config=config, dataset=row).id


def distillation(session: Session) -> str:
    """The id of a distillation whose dataset waits."""
    row = behaviors.store(session, DEFAULT_PROJECT, behavior())
    asked = {"behavior": "polite", "teacher": {"model": TEACHER}, "reward": {"model": REWARD}}
    config = DistillationConfig.model_validate({"dataset": asked, "student": STUDENT})
    return distillations.create(session, project_id=DEFAULT_PROJECT, config=config, behaviors=[row]).id
