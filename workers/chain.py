"""One chain: the teacher drafts, criticises its own draft, and revises it, without waiting for its neighbours."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.configs.sampling import Sampling
from core.errors import BadInput
from core.queries.datasets import Instructions
from core.seeds import derive_seed
from core.text import clean
from workers.teachers.teacher import Conversation, Teacher, Turn

TURNS = ("draft", "critique", "revision")


@dataclass(frozen=True)
class Ask:
    """One chain to make: of which prompt, with which seed (a chain's turns derive theirs by name)."""

    prompt_id: int
    sample: int
    messages: Sequence[Mapping[str, str]]
    instructions: Instructions
    sampling: Sampling
    seed: int


@dataclass(frozen=True)
class Step:
    """A turn, and the conversation it answered."""

    conversation: Conversation
    turn: Turn


async def run_chain(teacher: Teacher, ask: Ask) -> dict[str, Any]:
    """A row of the table `chain`, whole or failed. Raises EngineDied.

    A turn that was cut at the token limit, is empty, does not fit the model's context, or that the chat template
    refuses, fails the chain: what follows would rest on half a thought.
    """
    begun = time.monotonic()
    row = _blank(teacher, ask)
    step: Step | None = None
    for name in TURNS:
        step, reason = await _take(teacher, ask, name, after=step)
        if step is not None:
            _note(row, name, step.turn)
        if reason is not None:
            row |= {"state": "failed", "failure_turn": name, "failure_reason": reason}
            break
    return row | {"seconds": time.monotonic() - begun}


async def _take(teacher: Teacher, ask: Ask, name: str, *, after: Step | None) -> tuple[Step | None, str | None]:
    """The turn of this name, and why it fails the chain (None when it does not)."""
    try:
        conversation = _conversation(teacher, ask, name, after=after)
    except BadInput:
        return None, "template"
    try:
        turn = await teacher.answer(conversation, sampling=ask.sampling, seed=derive_seed(ask.seed, name))
    except BadInput:
        return None, "too_long"
    reason = "truncated" if turn.finish == "length" else None if turn.text.strip() else "empty"
    return Step(conversation, turn), reason


def _conversation(teacher: Teacher, ask: Ask, name: str, *, after: Step | None) -> Conversation:
    if after is None:
        return teacher.open(ask.messages)
    instructions = {"critique": ask.instructions.critique, "revision": ask.instructions.revision}
    return teacher.follow(after.conversation, after.turn, instructions[name])


def _blank(teacher: Teacher, ask: Ask) -> dict[str, Any]:
    """Every column is present in every row, so that rows of all fates go into one INSERT."""
    texts = {f"{name}{suffix}": None for name in TURNS for suffix in ("", "_finish")}
    counts = dict.fromkeys(
        (*(f"{name}_tokens" for name in TURNS), "prompt_tokens", "cached_tokens", "cleaned_chars"), 0
    )
    return {
        **texts,
        **counts,
        "prompt_id": ask.prompt_id,
        "sample": ask.sample,
        "state": "done",
        "failure_turn": None,
        "failure_reason": None,
        "engine": teacher.engine,
        "model_fingerprint": teacher.fingerprint,
        "template_hash": teacher.template_hash,
        "seed": ask.seed,
    }


def _note(row: dict[str, Any], name: str, turn: Turn) -> None:
    cleaned = clean(turn.text.strip())
    row[name] = cleaned.text
    row[f"{name}_tokens"] = len(turn.token_ids)
    row[f"{name}_finish"] = turn.finish
    row["prompt_tokens"] += turn.prompt_tokens
    row["cached_tokens"] += turn.cached_tokens
    row["cleaned_chars"] += cleaned.changed
