"""One chain: the teacher answers cue after cue, without waiting for the chains beside it."""

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from core.configs.sampling import Sampling
from core.errors import BadInput, Unanswered
from core.strategies.cue import Cue
from core.text import clean
from core.turn_key import Identity, turn_seed
from workers.teachers.teacher import Conversation, Teacher, Turn

TURNS = ("draft", "critique", "revision")
# Ends of a turn that fail its chain, and how that is called; `stop` is the one that does not.
FLAWS = {"length": "truncated", "content_filter": "filtered", "refusal": "refused", "tool_calls": "tool_calls"}
COUNTS = ("prompt_tokens", "cached_tokens", "cleaned_chars", "hits", "paid_prompt_tokens", "paid_tokens")
Row = dict[str, Any]
Drafted = Callable[[Row], Awaitable[None]]


@dataclass(frozen=True)
class Ask:
    """One chain to make: of which prompt, by which cues, with which seed (turns derive theirs by name).

    `known` holds turns that were asked for before. `begun` is the draft that an earlier claim stored and paid for.
    `keep` is told of every turn that was sampled now, whatever becomes of the chain.
    """

    prompt_id: int
    sample: int
    cues: tuple[Cue, ...]
    sampling: Callable[[Any], Sampling]
    seed: int
    attempt: int = 1
    context: list[dict[str, str]] | None = None
    known: Mapping[str, Turn] = field(default_factory=dict)
    begun: Turn | None = None
    keep: Callable[["Ask", Cue, Turn], None] = lambda ask, cue, turn: None

    def seed_of(self, cue: Cue) -> int:
        """The seed of a turn."""
        return turn_seed(self.seed, cue.name)

    def hit(self, cue: Cue) -> bool:
        """Whether the cache gives the turn."""
        return cue.name in self.known and self.known[cue.name] is not self.begun

    def pays(self, cue: Cue) -> bool:
        """Whether the turn is the chain's own: it is sampled now, or an earlier claim did it."""
        return not self.hit(cue) or (self.begun is not None and cue.name == "draft")

    @property
    def complete(self) -> bool:
        """Whether no turn is left to ask for: all are known, up to the end or to one that fails the chain."""
        lost: dict[str, str] = {}
        for cue in self.cues:
            if cue.name not in self.known:
                return False
            reason = flaw(self.known[cue.name])
            if reason is not None:
                lost[cue.name] = reason
            if failure(self, lost):
                return True
        return True


def flaw(turn: Turn) -> str | None:
    """Why a turn fails its chain, if it does: what follows would rest on half a thought."""
    return FLAWS.get(turn.finish) or (None if turn.text.strip() else "empty")


def failure(ask: Ask, lost: Mapping[str, str]) -> Row:
    """What its lost turns, each with why, make of a chain's row: nothing while a candidate is whole or may be so."""
    candidates = {cue.name for cue in ask.cues if cue.candidate}
    for name, reason in lost.items():
        if name not in candidates or candidates <= lost.keys():
            return {"state": "failed", "failure_turn": name, "failure_reason": reason}
    return {}


async def run_chain(teacher: Teacher, ask: Ask, drafted: Drafted | None = None) -> Row:
    """A row of the table `chain`, whole or failed. Raises EngineDied, Unavailable, Refused.

    `drafted` is told of the row while it is open: it has its draft, and further turns are still to come.

    A turn that was cut at the token limit, is empty, does not fit the model's context, that the chat template or an
    endpoint refuses, fails the chain; a candidate does so when no other one is whole.
    """
    begun = time.monotonic()
    row = blank(Identity(teacher.engine, teacher.fingerprint, teacher.template_hash), ask)
    made: dict[str, tuple[Conversation, Turn]] = {}
    lost: dict[str, str] = {}
    for cue in ask.cues:
        reason = await _play(teacher, ask, cue, made)
        if cue.name in made:
            reason = note(row, cue, made[cue.name][1], hit=ask.hit(cue), paid=ask.pays(cue))
        if reason is not None:
            lost[cue.name] = reason
            row |= failure(ask, lost)
        if row["state"] == "failed":
            break
        if drafted is not None and cue.name == "draft":
            await drafted(row | {"state": "open"})
    else:
        for cue in (cue for cue in ask.cues if cue.name not in made):
            note(row, cue, Turn("", (), lost[cue.name], prompt_tokens=0, cached_tokens=0), hit=False, paid=True)
    return row | {"seconds": time.monotonic() - begun}


async def _play(teacher: Teacher, ask: Ask, cue: Cue, made: dict[str, tuple[Conversation, Turn]]) -> str | None:
    """Put the cue's turn beside those that are made, or return why there is none."""
    try:
        conversation = _conversation(teacher, cue, made)
    except BadInput:
        return "template"
    turn = ask.known.get(cue.name)
    if turn is None:
        try:
            turn = await teacher.answer(conversation, sampling=ask.sampling(cue.kind), seed=ask.seed_of(cue))
        except BadInput as error:
            return error.reason if isinstance(error, Unanswered) else "too_long"
        ask.keep(ask, cue, turn)
    made[cue.name] = (conversation, turn)
    return None


def remembered(identity: Identity, ask: Ask) -> Row:
    """The row of a chain whose turns are all known: nobody is asked."""
    row = blank(identity, ask)
    lost: dict[str, str] = {}
    for cue in ask.cues:
        reason = note(row, cue, ask.known[cue.name], hit=ask.hit(cue), paid=ask.pays(cue))
        if reason is not None:
            lost[cue.name] = reason
            row |= failure(ask, lost)
        if row["state"] == "failed":
            break
    return row


def blank(identity: Identity, ask: Ask) -> Row:
    """Every column is present in every row, so that rows of all fates go into one INSERT."""
    texts = {f"{name}{suffix}": None for name in TURNS for suffix in ("", "_finish")}
    counts = dict.fromkeys((*(f"{name}_tokens" for name in TURNS), *COUNTS), 0)
    return {
        **texts,
        **counts,
        "prompt_id": ask.prompt_id,
        "sample": ask.sample,
        "state": "done",
        "failure_turn": None,
        "failure_reason": None,
        "more": [],
        "context": ask.context,
        "attempt": ask.attempt,
        "engine": identity.engine,
        "model_fingerprint": identity.fingerprint,
        "template_hash": identity.template_hash,
        "seed": ask.seed,
        "seconds": 0.0,
        "usd": 0.0,
    }


def note(row: Row, cue: Cue, turn: Turn, *, hit: bool, paid: bool) -> str | None:
    """Write a turn into its row; returns its flaw, if it has one."""
    cleaned = clean(turn.text.strip())
    if cue.name in TURNS:
        row[cue.name] = cleaned.text
        row[f"{cue.name}_tokens"] = turn.tokens
        row[f"{cue.name}_finish"] = turn.finish
    else:
        told = {"name": cue.name, "text": cleaned.text, "finish": turn.finish, "tokens": turn.tokens, "hit": hit}
        told |= {"prompt_tokens": turn.prompt_tokens, "cached_tokens": turn.cached_tokens}
        row["more"] = [*row["more"], told]
    row["prompt_tokens"] += turn.prompt_tokens
    row["cached_tokens"] += turn.cached_tokens
    row["cleaned_chars"] += cleaned.changed
    row["hits"] += hit
    row["paid_prompt_tokens"] += turn.prompt_tokens if paid else 0
    row["paid_tokens"] += turn.tokens if paid else 0
    return flaw(turn)


def _conversation(teacher: Teacher, cue: Cue, made: Mapping[str, tuple[Conversation, Turn]]) -> Conversation:
    if cue.after is None:
        return teacher.open(cue.messages)
    before, turn = made[cue.after]
    return teacher.follow(before, turn, cue.user)
