"""Pairs from an uploaded file: read in chunks, each of which is in the ledger whole or not at all."""

import hashlib
import json
from collections.abc import Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from threading import Event
from typing import Any

from core import uploads
from core.configs.dataset import DatasetConfig
from core.database import transaction
from core.errors import BadInput
from core.formats.pair import FilePair, ScoredBy
from core.formats.read import read_pairs
from core.layout import lay_out_imported
from core.provenance import ORIGIN
from core.queries import datasets, imports
from core.queries.imports import Line, Source
from core.settings import settings
from core.tables import File
from workers import give_up
from workers.lease import Lease
from workers.persist import persist

SHARDS = 16  # no model works on a chunk while it is read: it holds the prompts of so many shards
CHUNK_CHARS = 8 << 20  # of texts and origins in one chunk
GIVEN = "given"
Row = dict[str, Any]


def read_in(lease: Lease, stop: Event) -> None:
    """Read the claim's file, from behind the last line that is in the ledger, until its end or until `stop` is set.

    Raises LoadFailed when the file is gone or is not the one that was uploaded, LeaseLost.
    """
    with transaction() as session:
        config = datasets.frozen(session, lease.claim.dataset_id)
        source = imports.source(session, lease.claim)
    try:
        path = _verified(source.file)
        with path.open("rb") as stream:
            pairs = islice(read_pairs(stream, source.file.format), source.done, None)
            first = lease.claim.first + source.done
            for chunk in _chunks(pairs):
                if stop.is_set():
                    return
                _check_costs(config, chunk)
                lines = _lines(config, source, chunk, first=first)
                persist(lease, partial(imports.store, claim=lease.claim, lines=lines))
                lease.moved()
                first += len(chunk)
    except BadInput as error:
        raise give_up.LoadFailed(error) from error


def _verified(file: File) -> Path:
    path = uploads.path_of(file)
    with path.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    if found != file.sha256:
        raise BadInput(f"The file {file.id} is damaged; upload it again and start a new import.", param="file")
    return path


def _chunks(pairs: Iterator[FilePair]) -> Iterator[list[FilePair]]:
    """Lists of pairs bounded by their number and by the length of what they say."""
    most, chunk, size = settings().shard_prompts * SHARDS, list[FilePair](), 0
    for pair in pairs:
        chunk.append(pair)
        size += len(pair.chosen) + len(pair.rejected) + sum(len(turn["content"]) for turn in pair.messages)
        size += len(json.dumps(pair.origin))
        if len(chunk) >= most or size >= CHUNK_CHARS:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _check_costs(config: DatasetConfig, pairs: list[FilePair]) -> None:
    """An export of ours says which of its scorers gave costs. Raises BadInput where one is asked for as a reward."""
    rewards = {one.scorer for one in config.reward if one.kind == GIVEN and one.purpose == "reward"}
    for pair in pairs:
        if wrong := sorted(rewards & _costs(pair)):
            raise BadInput(
                f"Line {pair.line} says that {wrong[0]!r} gives costs, where a higher value is worse, and the import "
                f"asks for it as a reward; add purpose cost to it, and put it behind a reward.",
                param="reward",
            )


def _costs(pair: FilePair) -> set[str]:
    """Scorers whose purpose is cost, as far as the line tells."""
    provenance = pair.origin.get("provenance")
    told = provenance.get("scores") if isinstance(provenance, dict) else None
    every = [one for one in told if isinstance(one, dict)] if isinstance(told, list) else []
    return {str(one.get("scorer")) for one in every if one.get("purpose") == "cost"}


def _lines(config: DatasetConfig, source: Source, pairs: list[FilePair], *, first: int) -> list[Line]:
    prompts = lay_out_imported(config, source.behavior_id, [pair.messages for pair in pairs], first=first)
    anew = {reward.scorer for reward in config.reward if reward.kind != GIVEN}
    chain = {
        "sample": 0,
        "state": "done",
        "engine": "import",
        "model_fingerprint": source.file.sha256,
        "template_hash": "",
        "seed": config.seed,
        "seconds": 0.0,
    }
    return [
        Line(prompt, chain | _told(pair), _scores(pair, source.file, anew))
        for prompt, pair in zip(prompts, pairs, strict=True)
    ]


def _told(pair: FilePair) -> Row:
    """The texts, and whatever else the line says of its pair, kept as it is."""
    more = [{"name": ORIGIN, ORIGIN: pair.origin}] if pair.origin else []
    critique = pair.origin.get("critique")
    said = critique if isinstance(critique, str) else None
    return {"revision": pair.chosen, "draft": pair.rejected, "critique": said, "more": more}


def _scores(pair: FilePair, file: File, anew: set[str]) -> list[Row]:
    """A row for each answer and scorer: `given` has what stands on the pair itself.

    A scorer of the file that shares its name with it, or with one that scores anew here, is told apart.
    """
    taken = anew | {GIVEN}
    named = {f"{GIVEN}:{name}" if name in taken else name: by for name, by in pair.scores.items()}
    own = {GIVEN: ScoredBy(pair.score_chosen, pair.score_rejected)}
    return [
        {
            "answer": answer,
            "scorer": scorer,
            "fingerprint": f"file:{file.sha256}",
            "value": value,
            "missing": None if value is not None else "not_given",
        }
        for scorer, by in (own | named).items()
        for answer, value in (("draft", by.rejected), ("revision", by.chosen))
    ]
