"""How many six-kB rows a second the ledger takes: chains as they end, then pairs, through the workers' own functions.

A PostgreSQL of its own with its usual durability (every commit waits for the disk), micro-batches of the usual size,
and as many writers as a generating worker has shards in work. Goal: 1,000 pairs/s on two cores.
"""

import random
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config

from bench.result import write
from core import database
from core.bootstrap import interval
from core.configs.behavior import BehaviorSpec
from core.configs.dataset import DatasetConfig
from core.database import transaction
from core.ids import new_id
from core.ledger import Claim
from core.queries import behaviors, chains, datasets, pairs, pipeline, scores, shards, verdicts
from core.settings import ROOT, settings
from core.states import Queue
from core.tables import DEFAULT_PROJECT
from local import child, postgres

PROMPTS = 1024
ROUNDS = 5
WRITERS = 2  # shards that a generating worker has in work at once
CHARS = 3000  # of each answer; a pair holds two
WORDS = [f"{random.Random(n).getrandbits(40):x}" for n in range(20_000)]  # text that compresses no better than prose
Row = dict[str, Any]
Work = tuple[Claim, list[list[Row]]]


@contextmanager
def ledger() -> Iterator[None]:
    """A migrated embedded PostgreSQL; `core.database` writes to it."""
    with tempfile.TemporaryDirectory(prefix="burnish-bench-") as folder:
        cluster = postgres.prepare(Path(folder) / "data")
        with child.running(cluster, Path(folder) / "log"):
            config = Config(str(ROOT / "alembic.ini"))
            config.set_main_option("sqlalchemy.url", cluster.url().replace("%", "%%"))
            command.upgrade(config, "head")
            whole = settings().model_copy(update={"database_url": cluster.url()})
            database.settings = lambda: whole  # type: ignore[attr-defined]
            database.engine.cache_clear()
            yield
            database.engine().dispose()


def answer(number: int) -> str:
    """Three thousand characters that nobody has seen before."""
    choose = random.Random(number).choice
    return " ".join(choose(WORDS) for _ in range(CHARS // 11))[:CHARS].ljust(CHARS, ".")


def ask(number: int) -> str:
    """A dataset of PROMPTS prompts; its id."""
    spec = BehaviorSpec.model_validate(
        {
            "name": "bench",
            "principle": "p",
            "critique_instruction": "c",
            "revision_instruction": "r",
            "prompts": [{"text": f"question {number}.{n}"} for n in range(PROMPTS)],
        }
    )
    config = DatasetConfig.model_validate({"behavior": "bench", "teacher": {"model": "t"}, "reward": {"model": "r"}})
    with transaction() as session:
        row = behaviors.store(session, DEFAULT_PROJECT, spec)
        return datasets.create(session, project_id=DEFAULT_PROJECT, config=config, behaviors=[row]).id


def claim_all(queue: Queue, make: Callable[[Claim], list[Row]]) -> list[Work]:
    """Every shard of the queue with its rows in micro-batches, made beforehand: what follows is writing alone."""
    size, found = settings().micro_batch_rows, []
    with transaction() as session:
        while (claim := shards.claim(session, queue=queue, owner="bench")) is not None:
            found.append(claim)
    works = []
    for claim in found:
        rows = make(claim)
        works.append((claim, [rows[start : start + size] for start in range(0, len(rows), size)]))
    return works


def timed(works: Sequence[Work], store: Callable[[Any, Claim, list[Row]], None]) -> tuple[float, float]:
    """Rows a second with all writers at work, and CPU-seconds of the writers' process per 1,000 rows."""

    def run(work: Work) -> int:
        claim, batches = work
        for batch in batches:
            with transaction() as session:
                store(session, claim, batch)
        with transaction() as session:
            pipeline.finish(session, claim)
        return sum(map(len, batches))

    begun, worked = time.perf_counter(), time.process_time()
    with ThreadPoolExecutor(WRITERS) as writers:
        written = sum(writers.map(run, works))
    return written / (time.perf_counter() - begun), 1000 * (time.process_time() - worked) / written


def chain_rows(claim: Claim) -> list[Row]:
    """Chains of six kB: three of draft, three of revision."""
    with transaction() as session:
        waiting = chains.waiting(session, claim)
    return [
        {
            "dataset_id": claim.dataset_id, "prompt_id": row.prompt_id, "sample": row.sample, "state": "done",
            "draft": answer(2 * row.prompt_id), "critique": "", "revision": answer(2 * row.prompt_id + 1),
            "engine": "bench", "model_fingerprint": "f" * 64, "template_hash": "t" * 64, "seed": row.prompt_id,
            "token": claim.token, "seconds": 1.0,
        }
        for row in waiting
    ]  # fmt: skip


def store_chains(session: Any, claim: Claim, batch: list[Row]) -> None:
    """As `workers.plan` does."""
    shards.guard(session, claim, completed=len(chains.store(session, batch)))


def score_everything() -> None:
    """Scores for the chains, so that pairs can be made."""
    with transaction() as session:
        while (claim := shards.claim(session, queue=Queue.score, owner="bench")) is not None and claim.stage == "score":
            waiting = scores.waiting(session, claim)
            rows = [
                {"chain_id": row.chain_id, "answer": name, "scorer": claim.model, "fingerprint": "f", "value": 0.5}
                for row in waiting
                for name in ("draft", "revision")
            ]
            scores.store(session, rows)
            shards.guard(session, claim, completed=len(waiting))
            pipeline.finish(session, claim)
        if claim is not None:
            shards.hand_back(session, claim)


def pair_rows(claim: Claim) -> list[Row]:
    """Pairs of six kB."""
    with transaction() as session:
        waiting = pairs.waiting(session, claim)
    return [
        {
            "id": new_id("pair"), "dataset_id": claim.dataset_id, "prompt_id": row.prompt_id, "chain_id": row.chain_id,
            "split": row.split, "chosen": row.revision, "rejected": row.draft, "scorer": claim.model,
            "score_chosen": row.score_revision, "score_rejected": row.score_draft, "verdict": "kept", "reason": None,
        }
        for row in waiting
    ]  # fmt: skip


def store_pairs(session: Any, claim: Claim, batch: list[Row]) -> None:
    """As `workers.pairing` does."""
    verdicts.write(session, claim, batch)


def measure() -> tuple[list[dict[str, Any]], dict[str, dict[str, float]]]:
    """Raw rows, and the summary's rows `chains-per-second` and `pairs-per-second`."""
    rows: list[dict[str, Any]] = []
    with ledger():
        for number in range(ROUNDS):
            ask(number)
            made = timed(claim_all(Queue.generate, chain_rows), store_chains)
            score_everything()
            paired = timed(claim_all(Queue.score, pair_rows), store_pairs)
            rows.append({"round": number, "chains": made, "pairs": paired})
    summary: dict[str, dict[str, float]] = {}
    for name in ("chains", "pairs"):
        rate = interval([row[name][0] for row in rows])
        cpu = sum(row[name][1] for row in rows) / len(rows)
        summary[f"{name}-per-second"] = {
            "rate": rate["mean"], "low": rate["low"], "high": rate["high"], "cpu_seconds_per_1000": cpu
        }  # fmt: skip
    return rows, summary


def main() -> None:
    """Measure, print, and write `bench/results/ledger.json`."""
    rows, summary = measure()
    asked = {
        "prompts": PROMPTS,
        "rounds": ROUNDS,
        "bytes_per_row": 2 * CHARS,
        "rows_per_batch": settings().micro_batch_rows,
        "writers": WRITERS,
        "postgres": list(postgres.DURABLE),
    }
    write("ledger", settings=asked, rows=rows, summary=summary)


if __name__ == "__main__":
    main()
