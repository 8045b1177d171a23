"""What a seed's pairs are made of: the chains of the teacher with both scores and both verdicts.

They are generated once, kept in a file, and shared by all arms of the seed: that is what pairs them.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path

from bench.claims import models, style
from bench.claims.chains import Said, kept, play, told
from bench.claims.fingerprint import Key, key
from bench.claims.pair import Messages, Pair
from bench.claims.prompts import Row, expectation, instructions, laid_out
from core.settings import ROOT
from core.strategies.counterfactual import context, counterfactual
from core.strategies.cue import Cue
from core.strategies.self_critique import self_critique
from tiny.judge import meets
from tiny.sampling import TEMPERATURE, scores

FOLDER = ROOT / ".bench" / "claims"
PROMPTS, PAIRS = 600, 256  # prompts that are asked; pairs that are trained on, the first that are kept
HOT = 1.6  # where errors of the pairs are most frequent; see `python -m bench.claims.temperatures`
KINDS = ("critique", "hot", "drafts", *style.TREATMENTS)
SETTINGS = {"prompts": PROMPTS, "pairs": PAIRS, "temperature": TEMPERATURE, "hot": HOT}


@lru_cache(maxsize=4)
def world(kind: str, seed: int, folder: Path = FOLDER) -> list[Pair]:
    """The pairs of a kind and seed, from their file, which is written when it is not there."""
    file = folder / "worlds" / f"{kind}-{seed}-{key_of(kind, seed)}.json"
    if not file.is_file():
        file.parent.mkdir(parents=True, exist_ok=True)
        part = file.with_suffix(".part")
        part.write_text(json.dumps([asdict(pair) for pair in made(kind, seed)]))
        part.replace(file)
    return [Pair(**row | {"rewards": tuple(row["rewards"])}) for row in json.loads(file.read_text())]


def key_of(kind: str, seed: int) -> Key:
    """Of all that a world depends on."""
    return key({"kind": kind, "seed": seed, **SETTINGS}, of="world")


def made(kind: str, seed: int, *, prompts: int = PROMPTS, temperature: float | None = None) -> list[Pair]:
    """Generate it: at most PAIRS pairs of self-critique; of two drafts or of two prompts all that are kept."""
    if kind in style.TREATMENTS:
        return _of_prompts(kind, seed)
    rows = [row for row in laid_out(prompts, seed=seed) if row["split"] == "train"]
    scripts = [_twice(row) if kind == "drafts" else _critique(row) for row in rows]
    degree = temperature or (HOT if kind == "hot" else TEMPERATURE)
    pairs = _judged(rows, play(scripts, seed=seed, temperature=degree))
    return pairs if kind == "drafts" else pairs[:PAIRS]


def _critique(row: Row) -> list[Cue]:
    return self_critique(row["messages"], instructions(row["behavior_id"]))


def _twice(row: Row) -> list[Cue]:
    """Two drafts: the second stands where a revision would."""
    messages = tuple(row["messages"])
    return [Cue("draft", "draft", messages=messages), Cue("revision", "draft", messages=messages)]


def _judged(rows: Sequence[Row], said: Sequence[Said]) -> list[Pair]:
    whole = [(row, chain) for row, chain in zip(rows, said, strict=True) if kept(chain)]
    sides = {name: _scores([(row["messages"], chain[name]) for row, chain in whole]) for name in ("revision", "draft")}
    return [
        Pair(
            id=f"pair-{place}",
            messages=row["messages"],
            chosen=chain["revision"],
            rejected=chain["draft"],
            score_chosen=sides["revision"][place],
            score_rejected=sides["draft"][place],
            right_chosen=meets(expectation(row["expect"]), chain["revision"]),
            right_rejected=meets(expectation(row["expect"]), chain["draft"]),
        )
        for place, (row, chain) in enumerate(whole)
    ]


def _scores(answers: Sequence[tuple[Messages, str]]) -> list[float]:
    chats = [[*told(messages), ("assistant", text)] for messages, text in answers]
    return scores(models.reward(), models.encoder(), chats)


def _of_prompts(variant: str, seed: int) -> list[Pair]:
    """Counterfactual pairs in the context they are trained in; both sides are the student's own, before any training.

    A side that shows the planted style counts as right.
    """
    asked, config = style.questions(evaluation=False), style.config(variant)
    scripts = [counterfactual(messages, config) for messages in asked]
    said = play(scripts, seed=seed, speaker=models.STUDENT)
    return [
        Pair(
            f"pair-{place}", context(messages, config), chain["revision"], chain["draft"], 0.0, 0.0,
            style.styled(chain["revision"]), style.styled(chain["draft"]),
        )
        for place, (messages, chain) in enumerate(zip(asked, said, strict=True))
        if kept(chain)
    ]  # fmt: skip
