"""Pairs in and out: rows a second and peak memory at 10^4, 10^5 and 10^6 pairs.

Each figure comes from a process of its own, which does one thing: takes a file in as the door does (every line
checked), imports it as the scoring worker does (prompts, chains, scores, pairs), exports it in one of four forms, runs
other filters over it, or reads pages of it through the door (`bench/pages.py`). Memory is the peak of that process; it
is flat where it does not follow the number of pairs.
"""

import argparse
import json
import random
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from api import export
from api.streams import Streams
from api.upload import receive
from bench import pages
from bench.result import write
from core.configs.filters import FilterConfig
from core.configs.imported import ImportConfig
from core.database import transaction
from core.ids import new_id
from core.queries import datasets, files, imports
from core.queries.pairs import PairFilter
from core.settings import child_environment, settings
from core.states import DatasetState
from core.tables import DEFAULT_PROJECT
from workers import advance
from workers.lease import Beats
from workers.scoring import ScoringDesk

SIZES = (10_000, 100_000, 1_000_000)
FORMATS = ("trl", "openai", "parquet", "jsonl")
WORDS = [f"{random.Random(n).getrandbits(40):x}" for n in range(20_000)]  # text that compresses no better than prose
ANSWER_WORDS, PROMPT_WORDS = 35, 12
CHUNK = 64 << 10
MIB = 1 << 10  # ru_maxrss counts in KiB
TELL_SECONDS = 30.0  # between two signs of life of a long piece of work
FILTERS = FilterConfig(min_margin=-0.5, duplicates=True)  # an eighth of the pairs is dropped
HEAD = (
    b'--bench\r\nContent-Disposition: form-data; name="purpose"\r\n\r\npairs\r\n'
    b'--bench\r\nContent-Disposition: form-data; name="file"; filename="pairs.jsonl"\r\n\r\n'
)
TAIL = b"\r\n--bench--\r\n"
Row = dict[str, Any]


def lines(number: int) -> Iterator[bytes]:
    """Pairs of about 800 bytes with scores, no two alike."""
    draw = random.Random(number)
    for n in range(number):
        prompt, chosen, rejected = (
            " ".join(draw.choices(WORDS, k=k)) for k in (PROMPT_WORDS, ANSWER_WORDS, ANSWER_WORDS)
        )
        pair = {"prompt": f"{n} {prompt}", "chosen": chosen, "rejected": rejected}
        yield json.dumps(pair | {"score_chosen": draw.random(), "score_rejected": draw.random()}).encode() + b"\n"


def form(number: int) -> Iterator[bytes]:
    """An upload of so many pairs, as it comes over the wire."""
    yield HEAD
    found = lines(number)
    while batch := list(islice(found, CHUNK // 800)):
        yield b"".join(batch)
    yield TAIL


def upload(number: int) -> str:
    """Take a file in; the id it has from then on."""
    received = receive("multipart/form-data; boundary=bench", form(number))
    id = new_id("file", joint="-")
    with transaction() as session:
        files.store(
            session, id=id, project_id=DEFAULT_PROJECT, purpose="pairs", format=received.format, name=received.name,
            bytes=received.size, rows=received.rows, sha256=received.sha256, path=received.keep(id),
        )  # fmt: skip
    return id


def bring_in(file: str) -> str:
    """Import a file up to its pairs; the id of the dataset."""
    config = ImportConfig.model_validate({"file": file}).dataset()
    with transaction() as session:
        row = files.get(session, DEFAULT_PROJECT, file)
        made = imports.create(session, project_id=DEFAULT_PROJECT, config=config, behaviors=[], pairs=row.rows)
    work_off(made.id)
    return made.id


def refilter(id: str) -> str:
    """Run other filters over a dataset; its id."""
    with transaction() as session:
        datasets.filter_again(session, DEFAULT_PROJECT, id, FILTERS)
    work_off(id)
    return id


def work_off(id: str) -> None:
    """What the scoring worker and the sweep do, until the dataset is complete."""
    with Beats() as beats:
        desk = ScoringDesk(beats, "bench")
        desk.drain(threading.Event())
        desk.close()
        advance.everything()
    with transaction() as session:
        ended = datasets.get(session, DEFAULT_PROJECT, id)
        assert ended.state == DatasetState.completed, ended.error


def take_out(id: str, format: str) -> str:
    """Export a dataset to nowhere; its size in bytes."""
    return str(sum(map(len, export.chunks(id, PairFilter(verdict="kept"), format, Streams(1)))))


WORK: dict[str, Callable[[str], str]] = {
    "upload": lambda number: upload(int(number)),
    "import": bring_in,
    **{f"export-{format}": (lambda id, format=format: take_out(id, format)) for format in FORMATS},  # type: ignore[misc]
    "filter": refilter,
    "pages": lambda id: json.dumps(pages.read(id)),
}


def alone(name: str, argument: str, number: int) -> tuple[Row, str]:
    """One piece of work in a process of its own: its figures, and what it gave."""
    print(f"{name}, {number:,} pairs", flush=True)
    command = [sys.executable, "-m", "bench.exchange", "--work", name, "--argument", argument]
    told = json.loads(watched(command).splitlines()[-1])
    row = {
        "work": name,
        "pairs": number,
        "seconds": told["seconds"],
        "rows_per_second": number / told["seconds"],
        "peak_mib": told["peak_mib"],
        "before_mib": told["before_mib"],
    }
    print(json.dumps(row), flush=True)
    return row, told["result"]


def watched(command: list[str]) -> bytes:
    """What a command says, with a sign of life while it says nothing. Raises CalledProcessError."""
    begun = time.monotonic()
    with subprocess.Popen(command, env=child_environment(log_level="ERROR"), stdout=subprocess.PIPE) as process:
        while True:
            try:
                said, _ = process.communicate(timeout=TELL_SECONDS)
                break
            except subprocess.TimeoutExpired:
                print(f"  {time.monotonic() - begun:,.0f} s", flush=True)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return said


def work(name: str, argument: str) -> None:
    """Do it here, and tell the figures."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MIB
    begun = time.perf_counter()
    result = WORK[name](argument)
    seconds = time.perf_counter() - begun
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MIB
    print(json.dumps({"seconds": seconds, "before_mib": before, "peak_mib": peak, "result": result}))


def measure(sizes: list[int]) -> None:
    """Every piece of work at every size; prints, and writes `bench/results/exchange.json`."""
    rows: list[Row] = []
    for number in sizes:
        uploaded, file = alone("upload", str(number), number)
        imported, id = alone("import", file, number)
        rows += [uploaded, imported, *(alone(f"export-{format}", id, number)[0] for format in FORMATS)]
        rows.append(alone("filter", id, number)[0])
        rows += listed(id, number)
    figures = ("rows_per_second", "median_ms", "p99_ms", "peak_mib")
    summary = {f"{row['work']}/{row['pairs']}": {name: row[name] for name in figures if name in row} for row in rows}
    asked = {
        "sizes": sizes, "bytes_per_pair": 800, "shard_prompts": settings().shard_prompts,
        "filters": FILTERS.model_dump(mode="json"), "page": pages.LIMIT, "pages_of_a_kind": pages.NUMBER,
    }  # fmt: skip
    write("exchange", settings=asked, rows=rows, summary=summary)


def listed(id: str, number: int) -> list[Row]:
    """A row for each kind of page. The peak is that of the process which read them all."""
    whole, told = alone("pages", id, number)
    return [
        {"work": f"pages/{kind}", "pairs": number, "peak_mib": whole["peak_mib"], "before_mib": whole["before_mib"]}
        | of
        for kind, of in json.loads(told).items()
    ]


def main() -> None:
    """`python -m bench.exchange [SIZE ...]`; needs BURNISH_DATABASE_URL, as `make bench-exchange` gives it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sizes", nargs="*", type=int, default=list(SIZES))
    parser.add_argument("--work", choices=WORK)
    parser.add_argument("--argument", default="")
    asked = parser.parse_args()
    if asked.work:
        work(asked.work, asked.argument)
        return
    measure(asked.sizes)


if __name__ == "__main__":
    main()
