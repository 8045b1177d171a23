"""Everything that decided a pair, told from what was asked and from what its chain has: nothing is kept twice."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, cast

from sqlalchemy.orm import Session

from core.configs.dataset import DatasetConfig
from core.configs.reward import RewardConfig
from core.configs.sampling import Sampling
from core.queries import datasets, omissions, recipes
from core.queries.recipes import Recipe
from core.queries.rows import AnyRow
from core.seeds import derive_seed
from core.strategies.cue import Cue
from core.strategies.script import script

TURNS = ("draft", "critique", "revision")
ORIGIN = "origin"  # under this name an imported chain has among `more` what its file said beside the texts
Told = dict[str, Any]


@dataclass(frozen=True)
class Ground:
    """What the pairs of a dataset have in common: what was asked, and the behaviors' versions by id."""

    config: DatasetConfig
    recipes: Mapping[str, Recipe]
    omitted: Mapping[str, Collection[str]] = field(default_factory=dict)  # by model: what its endpoint does not take

    @property
    def imported(self) -> bool:
        """Whether no teacher was asked."""
        return self.config.pairs is not None

    def cues(self, row: AnyRow) -> dict[str, Cue]:
        """What the teacher was asked for, by the turn's name, in order."""
        if self.imported:
            return {}
        return {cue.name: cue for cue in script(self.config, row.messages, self.recipes[row.behavior_id].instructions)}


def ground(session: Session, dataset_id: str) -> Ground:
    """The common ground of a dataset's pairs."""
    config, versions = datasets.frozen(session, dataset_id), recipes.of_dataset(session, dataset_id)
    return Ground(config, versions, omissions.of_dataset(session, dataset_id))


def trace(row: AnyRow, scores: Sequence[AnyRow], ground: Ground) -> Told:
    """The provenance of a row of `core.queries.exports` with its traces, in values that JSON has."""
    teacher = None if ground.imported else ground.config.teacher
    return {
        "engine": row.engine,
        "model": teacher and teacher.model,
        "endpoint": teacher and teacher.base_url,
        "model_fingerprint": row.model_fingerprint,
        "template_hash": row.template_hash,
        "strategy": ground.config.strategy,
        "variant": ground.config.counterfactual and ground.config.counterfactual.variant,
        "behavior": _behavior(ground.recipes.get(row.behavior_id)),
        "seed": row.seed,
        "attempt": row.attempt,
        "turns": [_turn(turn, row, ground) | _asked(cue) for turn, cue in _turns(row, ground.cues(row))],
        "scores": [_score(score, ground) for score in scores],
        "chosen_answer": row.chosen_answer,
        "rejected_answer": row.rejected_answer,
        "context": row.context or row.messages,
        "wrapper": row.wrapper,
        "distribution": row.distribution,
        "plain": row.plain,
        "prompt_tokens": row.prompt_tokens,
        "cached_tokens": row.cached_tokens,
        "paid_prompt_tokens": row.paid_prompt_tokens,
        "paid_tokens": row.paid_tokens,
        "cleaned_chars": row.cleaned_chars,
        "hits": row.hits,
        "usd": row.usd,
        "seconds": row.seconds,
        "created_at": moment(row.ended_at),
        "origin": next((told[ORIGIN] for told in row.more if told["name"] == ORIGIN), None),
    }


def moment(time: datetime) -> str:
    """A time in UTC as JSON has it."""
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _behavior(recipe: Recipe | None) -> Told | None:
    if recipe is None:
        return None
    return {"id": recipe.id, "name": recipe.name, "version": recipe.version, "digest": recipe.digest}


def _turns(row: AnyRow, cues: Mapping[str, Cue]) -> Iterator[tuple[Told, Cue | None]]:
    """The draft, earlier rounds and further candidates, then the last critique and revision, each with its cue.

    Further turns have their hits beside them, so the row's others are those of its columns: the first of those that
    were asked for, for nobody looks for a turn behind one that is not known.
    """
    further = [turn for turn in row.more if turn["name"] != ORIGIN]
    known = [name for name in TURNS if name in cues][: row.hits - sum(bool(turn["hit"]) for turn in further)]
    own = {
        name: {
            "name": name,
            "text": getattr(row, name),
            "finish": getattr(row, f"{name}_finish"),
            "tokens": getattr(row, f"{name}_tokens"),
            "hit": name in known if name in cues else None,
        }
        for name in TURNS
        if getattr(row, name) is not None
    }
    for turn in filter(None, [own.get("draft"), *further, own.get("critique"), own.get("revision")]):
        yield turn, cues.get(turn["name"])


def _turn(turn: Told, row: AnyRow, ground: Ground) -> Told:
    """With its sampling and seed, where a teacher was asked."""
    kind = cast(Literal["draft", "critique", "revision"], turn["name"].partition(".")[0])
    teacher = ground.config.teacher
    return {
        "name": turn["name"],
        "text": turn["text"],
        "finish": turn["finish"],
        "tokens": turn["tokens"],
        "hit": turn["hit"],
        "sampling": None if ground.imported else teacher.sampling_of(kind).model_dump(mode="json"),
        "omitted": [] if ground.imported else _omitted(teacher.names, teacher.sampling_of(kind), ground),
        "seed": None if ground.imported else derive_seed(row.seed, turn["name"]),
    }


def _asked(cue: Cue | None) -> Told:
    """What the turn answers: messages, or what the user says after an earlier turn."""
    if cue is None:
        return {"messages": None, "after": None, "user": None}
    if cue.after is None:
        return {"messages": [dict(message) for message in cue.messages], "after": None, "user": None}
    return {"messages": None, "after": cue.after, "user": cue.user}


def _omitted(names: Sequence[str], sampling: Sampling, ground: Ground) -> list[str]:
    """What was asked for and not sent, of the sampling and the seed: the endpoint's own default held."""
    unasked = {name for name in ("top_k", "stop") if not getattr(sampling, name)}
    return sorted({*ground.omitted.get(names[0] if names else "", ())} - unasked)


def _score(score: AnyRow, ground: Ground) -> Told:
    """What a scorer gave to an answer, and who the scorer is; of scores that came with a file its name is all."""
    rewards = ground.config.reward
    asked = next((one for one in rewards if one.scorer == score.scorer), None) or RewardConfig(kind="given")
    return {
        "scorer": score.scorer,
        "purpose": asked.purpose,
        "kind": asked.kind,
        "engine": asked.engine if asked.kind in ("classifier", "judge") else None,
        "model": asked.model,
        "endpoint": asked.base_url,
        "rule": asked.rule,
        "pairwise": asked.pairwise,
        "sampling": asked.sampling.model_dump(mode="json") if asked.kind == "judge" else None,
        "omitted": _omitted(asked.names, asked.sampling, ground) if asked.kind == "judge" else [],
        "answer": score.answer,
        "value": score.value,
        "missing": score.missing,
        "raw": score.raw,
        "fingerprint": score.fingerprint,
        "created_at": moment(score.created_at),
    }
