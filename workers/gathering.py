"""Prompts from a source: read in order, stored in batches with their generating shards, from where it stood."""

import threading
from functools import partial

from core.configs.behavior import PromptSpec
from core.database import transaction
from core.errors import BadInput
from core.queries import gathered, sources
from core.queries.gathered import Frame
from core.queries.sources import Batch
from core.seeds import content_seed
from core.settings import settings
from workers import give_up
from workers.lease import Lease
from workers.persist import persist
from workers.sources import open_source
from workers.sources.reader import Reader

BATCH = 1_000  # prompts in one transaction, about: whole shards of them
ROWS_A_PROMPT = 8  # rows that are looked at for one prompt before what was found is written


def gather(lease: Lease, stop: threading.Event) -> None:
    """Read the source of the claim's dataset to its end, or until enough prompts are there.

    A source that cannot be read fails the dataset: trying again would not help.
    """
    try:
        _gather(lease, stop)
    except BadInput as error:
        raise give_up.LoadFailed(error) from error


def _gather(lease: Lease, stop: threading.Event) -> None:
    claim = lease.claim
    with transaction() as session:
        frame = gathered.frame(session, claim.dataset_id)
        prompts, left_out = sources.place(session, claim)
        noted = sources.noted(session, claim.dataset_id)
    assert frame.config.source is not None, "shards of this stage are queued for a source"
    reader = open_source(frame.config.source, project_id=claim.project_id, noted=noted)
    persist(lease, partial(sources.begin, claim=claim, described=reader.described))
    intake = Intake(reader, frame, prompts=prompts, left_out=left_out)
    while (batch := intake.next()) is not None:
        if stop.is_set():
            return
        persist(lease, partial(sources.store, claim=claim, frame=frame, batch=batch))
        lease.moved()
    if intake.prompts == 0:
        raise BadInput(f"{reader.described['name']} has no prompt in it; name a source that has some.", param="source")
    persist(lease, partial(sources.end, claim=claim, frame=frame))


class Intake:
    """The rows of a source in batches, behind those that were dealt with before."""

    def __init__(self, reader: Reader, frame: Frame, *, prompts: int, left_out: int) -> None:
        self.prompts = prompts
        self._left_out = left_out
        self._reader = reader
        self._rows = reader.rows(prompts + left_out)
        self._wanted = frame.config.n_prompts
        self._system = frame.behavior.system
        self._held_out = {content_seed(prompt.chat(self._system)) for prompt in frame.behavior.evaluation_prompts}

    def next(self) -> Batch | None:
        """Whole shards of prompts, fewer at the end; None when there are no more, or enough.

        Raises BadInput for more prompts than a dataset may have.
        """
        size = max(1, BATCH // settings().shard_prompts) * settings().shard_prompts
        room = size if self._wanted is None else min(size, self._wanted - self.prompts)
        before, found, skipped = self.prompts + self._left_out, list[PromptSpec](), 0
        while len(found) < room and len(found) + skipped < ROWS_A_PROMPT * size:
            try:
                prompt = next(self._rows)
            except StopIteration:
                break
            if prompt is None or content_seed(prompt.chat(self._system)) in self._held_out:
                skipped += 1
            else:
                found.append(prompt)
        if not found and not skipped:
            return None
        self.prompts += len(found)
        self._left_out += skipped
        self._check_number()
        return Batch(before, found, skipped, self._expected())

    def _check_number(self) -> None:
        most = settings().max_prompts
        if self.prompts > most:
            raise BadInput(
                f"{self._reader.described['name']} has more prompts than one dataset may have ({most}); "
                "say in n_prompts how many to take.",
                param="n_prompts",
            )

    def _expected(self) -> int:
        """Rows that will have been read at the end, as far as it is known."""
        rows = self._reader.total if self._wanted is None else min(self._reader.total, self._wanted + self._left_out)
        return max(rows, self.prompts + self._left_out)
