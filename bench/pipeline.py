"""Chains a second through the whole pipeline, over the same engine in a bare loop.

Both sides ask one engine for the same chains with the same number in flight; the pipeline also makes the dataset,
claims shards, writes every chain and turn in micro-batches under its token, and queues the scoring.
"""

import asyncio
import gc
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import yaml
from sqlalchemy import select

from bench.cpu import postmaster, tree_seconds
from bench.watched import Hit, Watched
from bench.window import Side, Window, measured, ratios, rounds, rows
from core.configs.behavior import BehaviorSpec
from core.configs.dataset import DatasetConfig
from core.configs.teacher import ModelConfig
from core.database import transaction
from core.ids import new_id
from core.layout import lay_out
from core.queries import behaviors, datasets
from core.queries.recipes import Instructions
from core.settings import ROOT, settings
from core.strategies.self_critique import self_critique
from core.tables import DEFAULT_PROJECT, Chain, Prompt
from core.turn_key import chain_seed
from workers.chain import TURNS, Ask, run_chain
from workers.generation import GeneratingDesk
from workers.lease import Beats
from workers.places import Places
from workers.teachers import load_teacher
from workers.teachers.teacher import Teacher

RECIPE = ROOT / "tiny" / "behaviors" / "tiny-safety.yaml"
TEACHER = ModelConfig(engine="vllm", model="tiny-teacher")
BEHAVIOR = "tiny-safety"
Row = dict[str, Any]
RESAMPLES = 1000
SAMPLES = 2  # a window of ten seconds, in which beginning and end weigh little


def asked(prompts: int, seed: int) -> DatasetConfig:
    """One dataset of the benchmark; each prompt is answered SAMPLES times."""
    teacher = {**TEACHER.model_dump(), "sampling": {"max_tokens": 64}}
    return DatasetConfig.model_validate(
        {
            "behavior": BEHAVIOR,
            "n_prompts": prompts,
            "samples_per_prompt": SAMPLES,
            "teacher": teacher,
            "reward": {"model": "tiny-reward"},
            "seed": seed,
        }
    )


@dataclass(frozen=True)
class Sides:
    """One loaded engine, and both ways to make the chains of a seed with it."""

    teacher: Watched
    desk: GeneratingDesk
    runner: asyncio.Runner
    spec: BehaviorSpec
    prompts: int

    def dataset(self, seed: int) -> str:
        """Ask for a dataset, as the API does; its id."""
        with transaction() as session:
            behavior = behaviors.get(session, DEFAULT_PROJECT, BEHAVIOR)
            assert behavior is not None
            config = asked(self.prompts, seed)
            return datasets.create(session, project_id=DEFAULT_PROJECT, config=config, behaviors=[behavior]).id

    def drain(self) -> int:
        """Make what was asked for through ledger and worker; how many chains."""
        self.desk.drain(threading.Event())
        return self.prompts * SAMPLES

    def bare(self, seed: int) -> list[Row]:
        """The same chains in a loop with nothing around it."""
        return self.runner.run(self._bare(seed))

    async def _bare(self, seed: int) -> list[Row]:
        slots = asyncio.Semaphore(Places(settings().chains_in_flight).number)

        async def one(ask: Ask) -> Row:
            async with slots:
                return await run_chain(self.teacher, ask)

        return await asyncio.gather(*map(one, self._asks(seed)))

    def _asks(self, seed: int) -> list[Ask]:
        config = asked(self.prompts, seed)
        instructions = Instructions(self.spec.critique_instruction, self.spec.revision_instruction)
        return [
            Ask(
                prompt_id=row["index"],
                sample=sample,
                cues=tuple(self_critique(row["messages"], instructions)),
                sampling=config.teacher.sampling_of,
                seed=chain_seed(seed, row["messages"], sample),
            )
            for row in lay_out(config, {BEHAVIOR: self.spec}, {BEHAVIOR: BEHAVIOR})
            if row["split"] != "evaluation"
            for sample in range(SAMPLES)
        ]


@contextmanager
def loaded(prompts: int) -> Iterator[Sides]:
    """The engine and both sides."""
    spec = BehaviorSpec.model_validate(yaml.safe_load(RECIPE.read_text()))
    with transaction() as session:
        behaviors.store(session, DEFAULT_PROJECT, spec)
    with Beats() as beats, asyncio.Runner() as runner:
        engine = runner.run(load_teacher(TEACHER))
        watched = Watched(engine, block=settings().vllm_block_size)

        async def load(config: ModelConfig, **_: object) -> Teacher:
            return watched

        desk = GeneratingDesk(beats, new_id("wrk"), load=load)
        gc.freeze()  # as a worker does
        try:
            yield Sides(watched, desk, runner, spec, prompts)
        finally:
            desk.close()
            runner.run(engine.close())


def same_answers(sides: Sides, seed: int) -> list[Hit]:
    """Both sides' chains of one seed, compared; the prompts of the pipeline's. Raises SystemExit where one differs."""
    dataset = sides.dataset(seed)
    sides.drain()
    asked = list(sides.teacher.hits)
    with transaction() as session:
        columns = (Prompt.index, Chain.sample, Chain.draft, Chain.critique, Chain.revision)
        statement = select(*columns).join_from(Chain, Prompt).where(Chain.dataset_id == dataset)
        stored = {tuple(row[:2]): tuple(row[2:]) for row in session.execute(statement)}
    bare = {(row["prompt_id"], row["sample"]): tuple(row[name] for name in TURNS) for row in sides.bare(seed)}
    apart = [index for index, answers in bare.items() if stored.get(index) != answers]
    if apart or len(stored) != len(bare):
        raise SystemExit(f"{len(apart)} of {len(bare)} chains are not the same on both sides, so no speed is told.")
    return asked


def windows(sides: Sides) -> tuple[Side, Side]:
    """The pipeline and the bare loop. Everything that works for either is charged: worker, engine, PostgreSQL."""

    def cpu() -> float:
        return tree_seconds(os.getpid(), ledger)

    def pipeline(seed: int) -> Window:
        sides.dataset(seed)
        return measured(sides.drain, cpu)

    def bare(seed: int) -> Window:
        return measured(lambda: len(sides.bare(seed)), cpu)

    ledger = postmaster()
    return pipeline, bare


def hit_rate(hits: Sequence[Hit]) -> dict[str, float]:
    """What the prefix cache served of what whole blocks could, over all turns behind the first.

    More than a chain's own turns have left there counts for nothing: another chain said the same.
    """
    told = np.asarray([(min(hit.served, hit.servable), hit.servable) for hit in hits], dtype=np.float64)
    draws = np.random.Generator(np.random.PCG64(0)).integers(0, len(told), (RESAMPLES, len(told)))
    sums = told[draws].sum(axis=1)
    low, high = np.quantile(sums[:, 0] / sums[:, 1], (0.025, 0.975))
    served, servable = told.sum(axis=0)
    return {"ratio": float(served / servable), "low": float(low), "high": float(high)}


def measure(prompts: int, number: int) -> tuple[list[Row], dict[str, dict[str, float]]]:
    """Raw rows, and the summary's rows `engine`, `engine/same` (the loop against itself) and `prefix-hits`."""
    with loaded(prompts) as sides:
        first = same_answers(sides, seed=0)
        pipeline, bare = windows(sides)
        pipeline(1), bare(1)
        pairs = rounds(pipeline, bare, range(2, 2 + 2 * number))
        again = rounds(bare, bare, range(2, 2 + 2 * number))
        figures = {**ratios("engine", pairs), **ratios("engine/same", again), "prefix-hits": hit_rate(first)}
    return rows(pairs, "pipeline", "engine") + rows(again, "engine", "engine again"), figures
