"""The cache of turns: what a model was asked before in the same way is not asked again.

Looked up when a shard is planned, level by level: a turn behind one that is not known cannot be known either. Nothing
is behind a candidate.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from sqlalchemy.orm import Session

from core.configs.sampling import Sampling
from core.queries import cached_turns
from core.strategies.cue import Cue, Messages
from core.tables import CachedTurn
from core.text import clean
from core.turn_key import Identity, chat, digest, told, turn_key
from workers.chain import Ask, flaw
from workers.teachers.teacher import Shape, Turn

Row = dict[str, Any]
IDS = np.dtype("<i4")


def key(identity: Identity, ask: Ask, cue: Cue, made: Mapping[str, Turn]) -> bytes:
    """What a cue's turn is kept under; `made` are the turns before it."""
    said = {name: clean(turn.text).text for name, turn in made.items()}
    return turn_key(identity, ask.sampling(cue.kind), chat(ask.cues, cue, said), ask.seed_of(cue))


def question_key(identity: Identity, sampling: Sampling, messages: Messages, *, seed: int, shape: Shape) -> bytes:
    """The same of a question to a judge, and of the shape of its answer."""
    return digest([*identity, told(sampling), messages, seed, shape.regex, shape.schema])


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
