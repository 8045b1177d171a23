"""Statements that tell which turns of a dataset the cache holds before it is made."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.configs.behavior import BehaviorSpec
from core.configs.dataset import DatasetConfig
from core.configs.teacher import TeacherConfig
from core.errors import BadInput
from core.layout import lay_out
from core.queries import cached_turns
from core.queries.alike import same_model
from core.queries.recipes import Instructions
from core.strategies.cue import Cue
from core.strategies.script import script
from core.tables import Behavior, Chain, Dataset
from core.turn_key import Identity, chain_seed, chat, turn_key, turn_seed

LOOKED_AT = 200  # chains at most: a sample of a large dataset's prompts, spread over all of them


@dataclass(frozen=True)
class Known:
    """Of `chains` chains the cache holds so many of their turns; `shares`: of each turn, by its name."""

    chains: int = 0
    turns: int = 0
    hits: int = 0
    shares: Mapping[str, float] = field(default_factory=dict)

    def fresh(self, turn: str) -> float:
        """The share of a turn that has to be asked for."""
        return 1.0 - self.shares.get(turn, 0.0)


@dataclass(frozen=True)
class Planned:
    """A chain that would be made."""

    cues: Sequence[Cue]
    seed: int


def known(session: Session, project_id: str, config: DatasetConfig, behaviors: Sequence[Behavior]) -> Known:
    """What the cache holds of a dataset's chains, made by the model as it wrote last.

    Nothing is known of prompts that come from a source: they have still to be read. Nor of a dataset that passes the
    cache by, or whose teacher has written nothing in this project.
    """
    identity = _identity(session, project_id, config.teacher) if config.cache and config.source is None else None
    chains = [] if identity is None else _planned(config, behaviors)
    if identity is None or not chains:
        return Known()
    found = _found(session, project_id, identity, config.teacher, chains)
    counts = Counter(name for names in found for name in names)
    turns = sum(len(chain.cues) for chain in chains)
    return Known(len(chains), turns, counts.total(), {name: hits / len(chains) for name, hits in counts.items()})


def _identity(session: Session, project_id: str, teacher: TeacherConfig) -> Identity | None:
    """Whom the newest chains of the teacher name; another fingerprint means other weights, and no hit."""
    mine = select(Dataset.id).where(Dataset.project_id == project_id, same_model(teacher))
    newest = list(session.scalars(mine.order_by(Dataset.id.desc()).limit(20)))
    named = select(Chain.engine, Chain.model_fingerprint, Chain.template_hash).where(Chain.dataset_id.in_(newest))
    row = session.execute(named.order_by(Chain.id.desc()).limit(1)).one_or_none()
    return None if row is None else Identity(*row)


def _planned(config: DatasetConfig, behaviors: Sequence[Behavior]) -> list[Planned]:
    """All samples of some prompts; none where the dataset cannot be laid out, which whoever makes it is told."""
    specs = {row.name: BehaviorSpec.model_validate(row.body) for row in behaviors}
    told = {row.id: Instructions(specs[row.name].critique_instruction, specs[row.name].revision_instruction)
            for row in behaviors}  # fmt: skip
    try:
        rows = lay_out(config, specs, {row.name: row.id for row in behaviors})
    except BadInput:
        return []
    asked = [row for row in rows if row["split"] != "evaluation"]
    number = min(len(asked), max(1, LOOKED_AT // config.samples_per_prompt))
    some = [asked[len(asked) * place // number] for place in range(number)]
    return [
        Planned(script(config, row["messages"], told[row["behavior_id"]]), chain_seed(config.seed, row["messages"], n))
        for row in some
        for n in range(config.samples_per_prompt)
    ]


def _found(
    session: Session, project_id: str, identity: Identity, teacher: TeacherConfig, chains: Sequence[Planned]
) -> list[dict[str, str]]:
    """What the known turns of each chain say, by their names: level by level, as workers look them up."""
    said: list[dict[str, str]] = [{} for _ in chains]
    going = list(range(len(chains)))
    for level in range(len(chains[0].cues)):
        cues = {number: chains[number].cues[level] for number in going}
        keys = {
            number: turn_key(
                identity, teacher.sampling_of(cue.kind), chat(chains[number].cues, cue, said[number]),
                turn_seed(chains[number].seed, cue.name),
            )
            for number, cue in cues.items()
        }  # fmt: skip
        found = cached_turns.find(session, project_id, sorted(set(keys.values())))
        for number, key in keys.items():
            if key in found:
                said[number][cues[number].name] = found[key].text
        going = [number for number, key in keys.items() if key in found or cues[number].candidate]
    return said
