"""`python -m tests.factories.peaks WORK SMALL LARGE ...`: how much more memory a process takes for more pairs.

Each piece of work is done with the small argument, so that everything it needs is loaded and its pages are at their
largest, and then with the large one. Told is by how many MiB that raised the peak of the process: a peak never falls,
so pieces of work stand in the order of what they take.
"""

import json
import resource
import sys
import threading
from collections.abc import Callable, Iterator

from api import export
from api.deps import Paging
from api.schemas.page import page_of
from api.schemas.pair import show_pair
from api.streams import Streams
from api.upload import receive
from core.configs.filters import FilterConfig
from core.configs.imported import ImportConfig
from core.database import transaction
from core.ids import new_id
from core.queries import datasets, files, imports, pairs
from core.queries.pairs import PairFilter
from core.tables import DEFAULT_PROJECT
from workers import advance
from workers.lease import Beats
from workers.scoring import ScoringDesk

FORMATS = ("trl", "openai", "jsonl", "parquet")
FILTERS = (PairFilter(), PairFilter(verdict="kept", split="train", min_margin=-0.5, reviewed=False))
HEAD = (
    b'--peaks\r\nContent-Disposition: form-data; name="purpose"\r\n\r\npairs\r\n'
    b'--peaks\r\nContent-Disposition: form-data; name="file"; filename="pairs.jsonl"\r\n\r\n'
)
TAIL = b"\r\n--peaks--\r\n"
TWICE = 2  # allocators keep some pages of the first round
ANSWER = 6_000  # characters of an answer that is brought in


def listed(id: str) -> None:
    """Every page of the dataset, by several filters."""
    for filter in FILTERS:
        paging, more = Paging(None, 100), True
        while more:
            with transaction() as session:
                rows = pairs.page(session, id, filter, after=paging.after, limit=paging.limit + 1)
                page = page_of(rows, paging, show_pair)
            paging, more = Paging(page.last_id, 100), page.has_more


def exported(id: str, format: str) -> None:
    """The dataset as a file that nobody keeps."""
    for _ in export.chunks(id, PairFilter(verdict="kept"), format, Streams(1)):
        pass


def filtered(id: str) -> None:
    """Other filters, those over the whole dataset among them."""
    with transaction() as session:
        datasets.filter_again(session, DEFAULT_PROJECT, id, FilterConfig(min_margin=-0.5, duplicates=True))
    work_off()


def imported(number: str) -> None:
    """So many pairs through the door and into the ledger."""
    received = receive("multipart/form-data; boundary=peaks", form(int(number)))
    id = new_id("file", joint="-")
    with transaction() as session:
        files.store(
            session, id=id, project_id=DEFAULT_PROJECT, purpose="pairs", format=received.format, name=received.name,
            bytes=received.size, rows=received.rows, sha256=received.sha256, path=received.keep(id),
        )  # fmt: skip
        config = ImportConfig.model_validate({"file": id}).dataset()
        imports.create(session, project_id=DEFAULT_PROJECT, config=config, behaviors=[], pairs=int(number))
    work_off()


def form(number: int) -> Iterator[bytes]:
    """An upload of so many pairs."""
    yield HEAD
    for n in range(number):
        pair = {"prompt": f"Why {n}?", "chosen": f"Yes {n}. ".ljust(ANSWER, "y"), "rejected": f"No {n}."}
        yield json.dumps(pair | {"score_chosen": 1.0, "score_rejected": 0.0}).encode() + b"\n"
    yield TAIL


def work_off() -> None:
    """What the scoring worker and the sweep do."""
    with Beats() as beats:
        desk = ScoringDesk(beats, "a test")
        desk.drain(threading.Event())
        desk.close()
    advance.everything()


WORK: dict[str, Callable[[str], None]] = {
    "list": listed,
    **{f"export-{format}": (lambda id, format=format: exported(id, format)) for format in FORMATS},
    "filter": filtered,
    "import": imported,
}


def peak() -> float:
    """Of this process, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main(words: list[str]) -> None:
    """Print how much each piece of work grew, as JSON."""
    grown = {}
    for name, small, large in zip(words[::3], words[1::3], words[2::3], strict=True):
        for _ in range(TWICE):
            WORK[name](small)
        before = peak()
        WORK[name](large)
        grown[name] = peak() - before
    print(json.dumps(grown))


if __name__ == "__main__":
    main(sys.argv[1:])
