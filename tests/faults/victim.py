"""A worker with scripted models that can be made to die at a named point of its work.

Everything but the models is the real thing: the Celery worker, the looker, the desks, the ledger.
"""

import argparse
import os
import re
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from core.configs.reward import RewardConfig
from core.configs.teacher import ModelConfig
from core.queries import chains, evaluations, imports, pipeline, scores, shards, sources
from tests.fakes.reward import ScriptedReward
from tests.fakes.teacher import ScriptedTeacher, identify, plain, turn
from workers import __main__ as worker
from workers import advance, engine_slot, generation, scoring
from workers.generation import GeneratingDesk
from workers.lease import Lease
from workers.rewards import judge
from workers.teachers.teacher import Turn


def die(*_args: object) -> NoReturn:
    """kill -9, by its own hand."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("not reached")


def always(_result: object) -> bool:
    """Every call passes the point."""
    return True


def something(result: object) -> bool:
    """Calls that gave something pass it."""
    return result is not None


@dataclass(frozen=True)
class Point:
    """A function of the product; death comes before it, or after a call that passes `passed`."""

    owner: Any
    name: str
    passed: Callable[[Any], bool] | None = None


POINTS = {
    "after_claim": Point(GeneratingDesk, "_claim", something),
    "before_insert": Point(chains, "store"),
    "between_insert_and_commit": Point(shards, "guard", always),
    "before_done": Point(pipeline, "finish"),
    "after_done": Point(advance, "after"),
}
EVALUATION_POINTS = {
    "before_answers": Point(evaluations, "store_answers"),
    "before_scores": Point(scores, "store"),
}
IMPORT_POINTS = {
    "before_lines": Point(imports, "store"),
    "between_lines_and_commit": Point(imports, "store", always),
    "after_lines": Point(Lease, "moved", always),
    "before_import_done": Point(pipeline, "finish"),
}
SOURCE_POINTS = {
    "before_prompts": Point(sources, "store"),
    "between_prompts_and_commit": Point(shards, "count", always),
    "after_a_batch": Point(Lease, "moved", always),
    "before_the_last_word": Point(sources, "end"),
}
EVERYWHERE = POINTS | EVALUATION_POINTS | IMPORT_POINTS | SOURCE_POINTS


def install(point: Point) -> None:
    """Make the process die at the point."""
    original = getattr(point.owner, point.name)

    def watched(*args: Any, **named: Any) -> Any:
        if point.passed is None:
            die()
        result = original(*args, **named)
        return die() if point.passed(result) else result

    setattr(point.owner, point.name, watched)


def script(log: Path | None) -> Callable[[str, int], Turn]:
    """Plain answers, each noted in the log as `<number of the turn> <prompt>`; a prompt that says poison kills."""

    def answer(prompt: str, number: int) -> Turn:
        if "poison" in prompt:
            die()
        if log is not None:
            with log.open("a") as notes:
                notes.write(f"{number} {prompt}\n")
        topic = re.search("Topic: (.*)", prompt)
        if topic is not None:
            return turn("\n".join(f"{n}. What is thing {n} of {topic[1]}?" for n in range(1, 6)))
        return plain(prompt, number)

    return answer


def verdicts(log: Path | None) -> Callable[[str, int], Turn]:
    """A judge that likes everything; each question is noted in the log by the number of its prompt and its answer."""

    def answer(question: str, number: int) -> Turn:
        if log is not None:
            with log.open("a") as notes:
                notes.write(" ".join(re.findall(r"(?:draft|revision) of .*", question)) + "\n")
        return turn("I like it.\nScore: 1")

    return answer


def noted(model: Any, engines: Path | None) -> Any:
    """The model; that it is loaded now, and later that it is let go, is noted as `load <pid>` and `unload <pid>`."""
    if engines is None:
        return model

    def note(what: str) -> None:
        with engines.open("a") as notes:
            notes.write(f"{what} {os.getpid()}\n")

    close = model.close

    def unload() -> Any:
        note("unload")
        return close()

    model.close = unload
    note("load")
    return model


def main() -> None:
    """`victim QUEUE [--seconds S] [--die POINT] [--log FILE] [--engines FILE]`."""
    parser = argparse.ArgumentParser()
    parser.add_argument("queue")
    parser.add_argument("--seconds", type=float, default=0.0)
    parser.add_argument("--die", choices=EVERYWHERE)
    parser.add_argument("--log", type=Path)
    parser.add_argument("--engines", type=Path)
    asked = parser.parse_args()

    async def load_teacher(config: ModelConfig, **_: object) -> Any:
        teacher = ScriptedTeacher(script(asked.log), model=str(config.model), seconds=asked.seconds)
        return noted(teacher, asked.engines)

    def load_reward(config: RewardConfig) -> Any:
        return noted(ScriptedReward(config.scorer), asked.engines)

    async def load_judge(config: ModelConfig, **_: object) -> Any:
        return ScriptedTeacher(verdicts(asked.log), model=str(config.model), seconds=asked.seconds)

    judge.load_teacher = load_judge
    generation.identify = identify
    engine_slot.load_teacher = load_teacher
    scoring.load_reward = load_reward
    if asked.die:
        install(EVERYWHERE[asked.die])
    sys.argv = ["victim", asked.queue]
    worker.main()


if __name__ == "__main__":
    main()
