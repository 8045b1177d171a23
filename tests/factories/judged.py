"""Datasets that judges score: a behavior with a rubric, a scripted judge, and the two desks that do the work."""

import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from core.configs.behavior import BehaviorSpec
from core.configs.dataset import DatasetConfig
from core.configs.reward import RewardConfig
from core.configs.teacher import ModelConfig
from core.database import transaction
from core.queries import behaviors, datasets
from core.tables import DEFAULT_PROJECT
from tests.factories import ledger, scene
from tests.fakes.reward import ScriptedReward, by_length
from tests.fakes.teacher import ScriptedTeacher, identify, turn
from workers import engine_slot, generation, scoring
from workers.generation import GeneratingDesk
from workers.lease import Beats
from workers.rewards import judge
from workers.rewards.reward import Answer, Missing
from workers.rewards.rule import Rule
from workers.scoring import ScoringDesk
from workers.teachers.teacher import Turn

RUBRIC = {"instruction": "Is it polite?", "anchor": "Score:", "minimum": -5, "maximum": 5}
JUDGE = {"kind": "judge", "model": "a-judge"}
Says = Callable[[str], Turn]


def behavior(name: str = "polite", *, prompts: int = 30, **changed: Any) -> BehaviorSpec:
    """A behavior with numbered prompts and a rubric."""
    spec = ledger.behavior(name, prompts=prompts).model_dump()
    return BehaviorSpec.model_validate(spec | {"rubric": RUBRIC} | changed)


def ask(*specs: BehaviorSpec, reward: Any, project: str = DEFAULT_PROJECT, **asked: Any) -> str:
    """Ask for a dataset as the door does; returns its id."""
    wanted = specs or (behavior(prompts=6),)
    with transaction() as session:
        rows = [behaviors.store(session, project, spec) for spec in wanted]
        config = {"behavior": [spec.name for spec in wanted], "teacher": {"model": ledger.TEACHER}, "reward": reward}
        found = DatasetConfig.model_validate(config | asked)
        return datasets.create(session, project_id=project, config=found, behaviors=rows).id


def by_answer(prompt: str) -> Turn:
    """Revisions are worth 2, drafts -2.5."""
    return turn("I weighed it up.\nScore: 2" if "revision of" in prompt else "I weighed it up.\nScore: -2.5")


class Bench:
    """The scripted teacher, judge and scorers of a test; `heard` holds every question a judge was asked."""

    def __init__(self, says: Says = by_answer) -> None:
        self.says = says
        self.heard: list[str] = []
        self.keys: list[str | None] = []  # that judges were loaded with
        self.opened: set[tuple[str | None, str]] = set()  # key and question
        self.scored: list[tuple[str, str]] = []  # scorer and answer, of the scorers that are no judges
        self.teacher = ScriptedTeacher()

    def seat(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Put them into the workers' places."""

        async def load_teacher(*_: object, **__: object) -> ScriptedTeacher:
            return self.teacher

        async def load_judge_model(config: ModelConfig, *, api_key: str | None = None, **_: object) -> ScriptedTeacher:
            self.keys.append(api_key)
            return ScriptedTeacher(partial(self._judge, api_key), model=str(config.model))

        def load_reward(config: RewardConfig) -> ScriptedReward | Rule:
            return Rule(config) if config.kind == "rule" else ScriptedReward(config.scorer, self._noting(config))

        monkeypatch.setattr(engine_slot, "load_teacher", load_teacher)
        monkeypatch.setattr(generation, "identify", identify)
        monkeypatch.setattr(judge, "load_teacher", load_judge_model)
        monkeypatch.setattr(scoring, "load_reward", load_reward)

    def _noting(self, config: RewardConfig) -> Callable[[Answer], float | Missing]:
        def value(answer: Answer) -> float | Missing:
            self.scored.append((config.scorer, answer.text))
            return by_length(answer)

        return value

    def _judge(self, api_key: str | None, prompt: str, number: int) -> Turn:
        assert number == 0
        self.heard.append(prompt)
        self.opened.add((api_key, prompt))
        return self.says(prompt)


def generate(beats: Beats) -> None:
    """What the generating worker does."""
    desk = GeneratingDesk(beats, "a test")
    desk.drain(threading.Event())
    desk.close()


def score(beats: Beats) -> None:
    """What the scoring worker does."""
    desk = ScoringDesk(beats, "a test")
    desk.drain(threading.Event())
    desk.close()


def work(beats: Beats) -> None:
    """Both, one after the other."""
    generate(beats)
    score(beats)


def scores_of(id: str) -> dict[tuple[str, str], list[Any]]:
    """The scores of a dataset by scorer and answer, in the order of its prompts."""
    statement = """
        SELECT s.scorer, s.answer, s.value, s.missing, s.raw, s.fingerprint FROM score s
        JOIN chain c ON c.id = s.chain_id JOIN prompt p ON p.id = c.prompt_id
        WHERE c.dataset_id = :id ORDER BY p.index, c.sample
    """
    found: dict[tuple[str, str], list[Any]] = {}
    for row in scene.rows(statement, id=id):
        found.setdefault((row.scorer, row.answer), []).append(row)
    return found
