"""Burnish's side of a comparison: the generating worker over an endpoint, told what to make in lines of JSON.

Reads `{"name", "base_url", "model", "sampling", "instructions", "prompts"}` and answers `{"pairs", "doubled",
"ended"}`: what `bench/distilabel/chain.py` answers, and when the last shard was done.
With `"again": true` it takes up the dataset of that name where a killed process left it, with the sweep beside it.
"""

import gc
import json
import os
import sys
import threading
import time
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from core.configs.behavior import BehaviorSpec
from core.configs.dataset import DatasetConfig
from core.database import transaction
from core.ids import new_id
from core.queries import behaviors, datasets
from core.tables import DEFAULT_PROJECT, Chain, Dataset, Prompt
from workers.generation import GeneratingDesk
from workers.lease import Beats
from workers.sweep import sweep

Asked = dict[str, Any]
PAUSE = 0.2  # between two looks for shards of a worker that was killed


def dataset(asked: Asked) -> str:
    """Ask for the dataset, as the API does; its id."""
    critique, revision = asked["instructions"]
    prompts = [{"text": text} for text in asked["prompts"]]
    behavior = {"name": asked["name"], "principle": "Be right.", "prompts": prompts[:1]}
    behavior |= {"critique_instruction": critique, "revision_instruction": revision}
    sampling = {"temperature": asked["sampling"]["temperature"], "top_p": asked["sampling"]["top_p"]}
    sampling |= {"max_tokens": asked["sampling"]["max_new_tokens"]}
    teacher = {"engine": "openai", "model": asked["model"], "base_url": asked["base_url"], "sampling": sampling}
    config = {"behavior": asked["name"], "teacher": teacher, "reward": {"model": "a-reward"}, "prompts": prompts}
    with transaction() as session:
        row = behaviors.store(session, DEFAULT_PROJECT, BehaviorSpec.model_validate(behavior))
        whole = DatasetConfig.model_validate(config)
        return datasets.create(session, project_id=DEFAULT_PROJECT, config=whole, behaviors=[row]).id


def named(name: str) -> str:
    """The dataset that was asked for under a name."""
    with transaction() as session:
        return session.scalars(select(Dataset.id).where(Dataset.behaviors[0]["name"].as_string() == name)).one()


def finish(desk: GeneratingDesk, id: str) -> None:
    """Work, and sweep, until every chain is there: the leases of a worker that was killed run out first."""
    while True:
        sweep()
        desk.drain(threading.Event())
        with transaction() as session:
            stage = datasets.progress(session, id)["stages"]["generate"]
        if stage["completed"] + stage["failed"] >= stage["total"]:
            return
        time.sleep(PAUSE)


def made(id: str, prompts: Sequence[str]) -> dict[str, Any]:
    """The pairs of a dataset in the order of the prompts, and how many stand there twice."""
    columns = (Prompt.messages, Chain.draft, Chain.critique, Chain.revision)
    whole = select(*columns).join_from(Chain, Prompt).where(Chain.dataset_id == id, Chain.state == "done")
    with transaction() as session:
        rows = [(messages[-1]["content"], turns) for messages, *turns in session.execute(whole)]
    found = dict(rows)
    return {"pairs": [found.get(prompt) for prompt in prompts], "doubled": len(rows) - len(found)}


def main() -> None:
    """Serve until the input ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    with Beats() as beats:
        desk = GeneratingDesk(beats, new_id("wrk"))
        gc.freeze()  # as a worker does
        for line in sys.stdin:
            asked = json.loads(line)
            id = named(asked["name"]) if asked.get("again") else dataset(asked)
            finish(desk, id) if asked.get("again") else desk.drain(threading.Event())
            ended = time.time()
            print(json.dumps(made(id, asked["prompts"]) | {"ended": ended}), file=answers, flush=True)
        desk.close()


if __name__ == "__main__":
    main()
