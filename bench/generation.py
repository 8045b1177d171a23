"""Chains per second through the whole pipeline over the same engine in a bare loop. `make bench-generation`.

Both sides ask the same engine for the same chains with the same number in flight; the pipeline also claims shards,
writes every chain in micro-batches under its token, and queues the scoring.
"""

import argparse
import asyncio
import threading
from functools import partial

import yaml

from bench.ratio import alternate, summary, timed
from bench.result import write
from core.configs.behavior import BehaviorSpec
from core.configs.dataset import DatasetConfig
from core.configs.teacher import ModelConfig
from core.database import transaction
from core.ids import new_id
from core.queries import behaviors, datasets
from core.queries.datasets import Instructions
from core.seeds import derive_seed
from core.settings import ROOT, settings
from core.strategies.self_critique import self_critique
from core.tables import DEFAULT_PROJECT
from workers.chain import Ask, run_chain
from workers.generation import GeneratingDesk
from workers.lease import Beats
from workers.teachers import load_teacher
from workers.teachers.teacher import Teacher

RECIPE = ROOT / "tiny" / "behaviors" / "tiny-safety.yaml"


def asked(prompts: int, seed: int) -> DatasetConfig:
    """One dataset of the benchmark."""
    sampling = {"max_tokens": 64}
    teacher = {"engine": "vllm", "model": "tiny-teacher", "sampling": sampling}
    return DatasetConfig.model_validate(
        {
            "behavior": "tiny-safety",
            "n_prompts": prompts,
            "teacher": teacher,
            "reward": {"model": "tiny-reward"},
            "seed": seed,
        }
    )


def through_the_pipeline(desk: GeneratingDesk, prompts: int, seeds: "list[int]") -> int:
    """Make a dataset's chains through ledger and worker; returns how many were stored."""
    with transaction() as session:
        behavior = behaviors.get(session, DEFAULT_PROJECT, "tiny-safety")
        assert behavior is not None
        config = asked(prompts, seeds.pop())
        dataset = datasets.create(session, project_id=DEFAULT_PROJECT, config=config, behaviors=[behavior])
    desk.drain(threading.Event())
    with transaction() as session:
        counted = datasets.progress(session, dataset.id)["stages"]["generate"]
    return int(counted["completed"] + counted["failed"])


def bare(runner: asyncio.Runner, teacher: Teacher, spec: BehaviorSpec, *, prompts: int, seeds: "list[int]") -> int:
    """The same chains in a loop with nothing around it."""
    seed, config = seeds.pop(), asked(prompts, 0)
    instructions = Instructions(spec.critique_instruction, spec.revision_instruction)
    asks = [
        Ask(
            prompt_id=index,
            sample=0,
            cues=tuple(self_critique(prompt.chat(spec.system), instructions)),
            sampling=config.teacher.sampling_of,
            seed=derive_seed(seed, "chain", index, 0),
        )
        for index, prompt in enumerate(spec.prompts[:prompts])
    ]

    async def every() -> int:
        slots = asyncio.Semaphore(settings().chains_in_flight)

        async def one(ask: Ask) -> None:
            async with slots:
                await run_chain(teacher, ask)

        await asyncio.gather(*(one(ask) for ask in asks))
        return len(asks)

    return runner.run(every())


def main() -> None:
    """Alternate both, print the ratio with its interval, write the raw rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--prompts", type=int, default=384)
    parser.add_argument("--rounds", type=int, default=10)
    options = parser.parse_args()
    spec = BehaviorSpec.model_validate(yaml.safe_load(RECIPE.read_text()))
    seeds = list(range(1, 10 * options.rounds))
    with Beats() as beats, asyncio.Runner() as runner:
        with transaction() as session:
            behaviors.store(session, DEFAULT_PROJECT, spec)
        desk = GeneratingDesk(beats, new_id("wrk"))
        teacher = runner.run(load_teacher(ModelConfig(engine="vllm", model="tiny-teacher")))
        try:
            pipeline = timed(partial(through_the_pipeline, desk, options.prompts, seeds))
            loop = timed(partial(bare, runner, teacher, spec, prompts=options.prompts, seeds=seeds))
            pipeline(), loop()
            pairs = alternate(pipeline, loop, rounds=options.rounds)
            same = alternate(loop, loop, rounds=4)
        finally:
            desk.close()
            runner.run(teacher.close())
    rows = [{"pipeline": a, "engine": b} for a, b in pairs]
    figures = {"engine": summary(pairs), "engine/engine": summary(same)}
    write("generation", settings=vars(options), rows=rows, summary=figures)


if __name__ == "__main__":
    main()
