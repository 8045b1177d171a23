"""The cache of turns: what a model was asked before in the same way is not asked again.

Looked up when a shard is planned, level by level: a turn behind one that is not known cannot be known either. Nothing
is behind a candidate.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
from sqlalchemy.orm import Session

from core.configs.sampling import Sampling
from core.queries import cached_turns
from core.strategies.cue import Cue, Messages
from core.tables import CachedTurn
from core.text import clean
from workers.chain import Ask, Identity, flaw
from workers.teachers.teacher import Shape, Turn

Row = dict[str, Any]
IDS = np.dtype("<i4")


def key(identity: Identity, ask: Ask, cue: Cue, made: Mapping[str, Turn]) -> bytes:
    """SHA-256 of engine, model, template, sampling, messages and seed (which holds the sample's number)."""
    told = [
        identity.engine,
        identity.fingerprint,
        identity.template_hash,
        _told(ask.sampling(cue.kind)),
        messages(ask, cue, made),
        ask.seed_of(cue),
    ]
    return _digest(told)


def question_key(identity: Identity, sampling: Sampling, messages: Messages, *, seed: int, shape: Shape) -> bytes:
    """The same of a question to a judge, and of the shape of its answer."""
    told = [identity.engine, identity.fingerprint, identity.template_hash, _told(sampling)]
    return _digest([*told, messages, seed, shape.regex, shape.schema])


@lru_cache
def _told(sampling: Sampling) -> Row:
    return sampling.model_dump(mode="json")


def _digest(told: list[Any]) -> bytes:
    return hashlib.sha256(json.dumps(told, sort_keys=True, separators=(",", ":")).encode()).digest()


def messages(ask: Ask, cue: Cue, made: Mapping[str, Turn]) -> Messages:
    """The chat that a cue's turn answers."""
    if cue.after is None:
        return [dict(message) for message in cue.messages]
    before = next(one for one in ask.cues if one.name == cue.after)
    said = [{"role": "assistant", "content": clean(made[cue.after].text).text}, {"role": "user", "content": cue.user}]
    return [*messages(ask, before, made), *said]


def recall(session: Session, project_id: str, identity: Identity, asks: Sequence[Ask]) -> list[Ask]:
    """The asks with the turns that are known, and the hits counted."""
    known: list[dict[str, Turn]] = [{} for _ in asks]
    open_ones, hits = list(range(len(asks))), []
    for level in range(max((len(ask.cues) for ask in asks), default=0)):
        wanted = {
            number: key(identity, asks[number], asks[number].cues[level], known[number])
            for number in open_ones
            if level < len(asks[number].cues)
        }
        found = cached_turns.find(session, project_id, sorted(set(wanted.values())))
        for number, one in wanted.items():
            if one in found:
                known[number][asks[number].cues[level].name] = _turn(found[one])
        hits += sorted(found)
        open_ones = [
            number
            for number, one in wanted.items()
            if asks[number].cues[level].candidate or (one in found and flaw(_turn(found[one])) is None)
        ]
        if not open_ones:
            break
    cached_turns.used(session, project_id, sorted(set(hits)))
    return [replace(ask, known=turns) for ask, turns in zip(asks, known, strict=True)]


def look_up(session: Session, project_id: str, keys: Sequence[bytes]) -> dict[bytes, Turn]:
    """The turns of these keys that are known, and the hits counted."""
    found = cached_turns.find(session, project_id, keys)
    cached_turns.used(session, project_id, sorted(found))
    return {key: _turn(row) for key, row in found.items()}


def memo(project_id: str, key: bytes, turn: Turn, *, fingerprint: str) -> Row:
    """A row of the table `cached_turn`."""
    return {
        "project_id": project_id,
        "key": key,
        "text": clean(turn.text).text,
        "token_ids": np.asarray(turn.token_ids, dtype=IDS).tobytes() if turn.token_ids else None,
        "finish": turn.finish,
        "tokens": turn.tokens,
        "prompt_tokens": turn.prompt_tokens,
        "model_fingerprint": fingerprint,
    }


def _turn(row: CachedTurn) -> Turn:
    ids = tuple(np.frombuffer(row.token_ids, dtype=IDS).tolist()) if row.token_ids else ()
    return Turn(row.text, ids, row.finish, prompt_tokens=row.prompt_tokens, cached_tokens=0, counted=row.tokens)
