"""Work as workers leave it: chains, scores, pairs and answers, written under claims."""

import random
from typing import Any

from sqlalchemy.orm import Session

from core.ids import new_id
from core.ledger import Claim, Spent
from core.queries import (
    chains,
    evaluations,
    pairs,
    pipeline,
    scores,
    shards,
    verdicts,
)
from core.states import Queue

CANARY = "<script>document.title='taken'</script> {{7*7}} <img src=x onerror=alert(1)>"
TOPICS = ("the moon", "old maps", "bread", "tides", "violins", "winter", "bridges", "honey")


def work(session: Session, *, most: int | None = None) -> None:
    """Generate, score and pair what waits; with `most`, only so many chains of the first shard, which stays held."""
    while (claim := shards.claim(session, queue=Queue.generate, owner="a test")) is not None:
        if claim.stage == "answer":
            _answer(session, claim)
            continue
        _generate(session, claim, most)
        if most is not None:
            return
    while (claim := shards.claim(session, queue=Queue.score, owner="a test")) is not None:
        {"score": _score, "pair": _pair, "judge": _judge}[claim.stage](session, claim)


def _generate(session: Session, claim: Claim, most: int | None) -> None:
    rows = [_chain(claim, row, place) for place, row in enumerate(chains.waiting(session, claim)[:most])]
    failed = sum(row["state"] == "failed" for row in rows)
    sampled = sum(row["draft_tokens"] + row["revision_tokens"] for row in rows)
    spent = Spent(tokens=sampled, prompt_tokens=sum(row["prompt_tokens"] for row in rows))
    shards.guard(session, claim, completed=len(rows) - failed, failed=failed, spent=spent)
    chains.store(session, [row for row in rows if row["state"] == "done"])
    chains.store(session, [row for row in rows if row["state"] == "failed"])
    if most is None:
        pipeline.finish(session, claim)


def _answer(session: Session, claim: Claim) -> None:
    rows = evaluations.waiting_answers(session, claim)
    shards.guard(session, claim, completed=len(rows))
    text = "Yes, surely!" if claim.role == "base" else f"Not at all. {CANARY}"
    common = {"role": claim.role, "text": text, "tokens": 4, "finish": "stop", "model_fingerprint": "f", "seed": 1}
    found = [
        {"evaluation_id": row.evaluation_id, "prompt_id": row.prompt_id, "sample": row.sample, "token": claim.token}
        for row in rows
    ]
    evaluations.store_answers(session, [row | common for row in found])
    pipeline.finish(session, claim)


def _judge(session: Session, claim: Claim) -> None:
    waiting = evaluations.waiting_judgements(session, claim, claim.model)
    shards.guard(session, claim, completed=len(waiting))
    value = 0.0 if claim.role == "base" else 1.0
    common = {"scorer": claim.model, "fingerprint": "f", "value": value, "missing": None}
    scores.store(session, [common | {"evaluation_answer_id": row.answer_id} for row in waiting])
    pipeline.finish(session, claim)


def _chain(claim: Claim, row: Any, place: int) -> dict[str, Any]:
    topic = TOPICS[row.position % len(TOPICS)]
    draft = f"Yes, you are absolutely right: {topic} is simple, and everybody agrees with you about it."
    revision = f"Not quite. {topic.capitalize()} is simple to begin with, but few would agree that it takes minutes."
    failed = place % 13 == 12
    turns = {"draft": draft, "critique": f"It flatters. {CANARY}", "revision": draft if place % 9 == 8 else revision}
    return {
        "dataset_id": claim.dataset_id, "prompt_id": row.prompt_id, "sample": row.sample, "engine": "transformers",
        "state": "failed" if failed else "done", "model_fingerprint": "f", "template_hash": "t", "seed": 1,
        "token": claim.token, "seconds": 0.1, "prompt_tokens": 180, "draft_tokens": 24, "critique_tokens": 9,
        "revision_tokens": 0 if failed else 26, "failure_turn": "revision" if failed else None,
        "failure_reason": "truncated" if failed else None, **(turns | ({"revision": None} if failed else {})),
    }  # fmt: skip


def _score(session: Session, claim: Claim) -> None:
    waiting = scores.waiting(session, claim)
    shards.guard(session, claim, completed=len(waiting))
    dice = random.Random(3)
    rows = [
        {
            "chain_id": row.chain_id, "answer": answer, "scorer": claim.model, "fingerprint": "f",
            "value": dice.gauss(mean, 0.8), "missing": None,
        }
        for row in waiting
        for answer, mean in (("draft", -0.6), ("revision", 0.9))
    ]  # fmt: skip
    scores.store(session, rows)
    pipeline.finish(session, claim)


def _pair(session: Session, claim: Claim) -> None:
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
