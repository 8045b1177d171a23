"""A dataset to the Hugging Face hub: files and card are written here, then sent in one commit.

Begun again, it ends the same: files have fixed names, and those of an earlier push that are no more are deleted.
"""

import shutil
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from pathlib import Path

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi

from core.card import card
from core.database import transaction
from core.errors import BadInput, Unavailable
from core.exported import file_pairs
from core.formats.write import write_pairs
from core.queries import cards, datasets, pushes, secrets
from core.queries.pairs import PairFilter
from core.settings import settings
from core.tables import Push
from workers.hub import first_line, hub_answers
from workers.lease import Lease
from workers.persist import persist

ROWS = 200_000  # pairs in one file
STALL = 3600.0  # seconds: longest way of one file, which the library sends in one call whose progress nobody sees


def push(lease: Lease) -> None:
    """Carry out the claim's push. What the hub refuses fails the push alone.

    Raises Unavailable when the hub does not answer, LeaseLost.
    """
    claim = lease.claim
    row = persist(lease, lambda session: pushes.begin(session, claim))
    folder = settings().data_dir / "pushes" / f"{row.id}-{claim.token}"
    try:
        token = _token(row)
        _write(lease, row, folder)
        lease.stall_seconds = STALL
        url = _send(lease, row, folder, token)
    except BadInput as error:
        message = error.message
        persist(lease, lambda session: pushes.refuse(session, claim, message))
        return
    except Unavailable as error:
        reason = error.message
        persist(lease, lambda session: pushes.wait(session, claim, reason))
        raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    persist(lease, lambda session: pushes.succeed(session, claim, url))


def _token(row: Push) -> str:
    """Raises BadInput when there is none any more."""
    if row.secret is not None:
        with transaction() as session:
            return secrets.reveal(session, row.project_id, row.secret)
    told = settings().hub_token
    if told is None:
        raise BadInput("There is no token for the hub; set BURNISH_HUB_TOKEN or name a secret.", param="secret")
    return told.get_secret_value()


def _write(lease: Lease, row: Push, folder: Path) -> None:
    """The files of each split, and the card."""
    (folder / "data").mkdir(parents=True)
    with transaction() as session:
        facts = cards.facts(session, datasets.get(session, row.project_id, row.dataset_id))
    for split in facts.splits:
        _write_split(lease, row, folder / "data", split)
    files = {split: f"data/{split}-*" for split in facts.splits}
    (folder / "README.md").write_text(card(facts, files=files), encoding="utf-8")


def _write_split(lease: Lease, row: Push, folder: Path, split: str) -> None:
    """As many files as the kept pairs fill; how many those are is known at the end."""
    pairs = file_pairs(row.dataset_id, PairFilter(split=split, verdict="kept"), row.format)
    parts: list[Path] = []
    for first in pairs:
        parts.append(folder / f"{len(parts)}.part")
        with parts[-1].open("wb") as file:
            for chunk in write_pairs(chain([first], islice(pairs, ROWS - 1)), row.format):
                file.write(chunk)
                lease.check()
                lease.moved()
    suffix = "parquet" if row.format == "parquet" else "jsonl"
    for place, part in enumerate(parts):
        part.rename(folder / f"{split}-{place:05d}-of-{len(parts):05d}.{suffix}")


def _send(lease: Lease, row: Push, folder: Path, token: str) -> str:
    """The address of the dataset on the hub. Raises BadInput for what the hub refuses, Unavailable, LeaseLost."""
    api = HfApi(endpoint=settings().hub_endpoint, token=token)
    try:
        with hub_answers():
            made = api.create_repo(row.repo, repo_type="dataset", private=row.private, exist_ok=True)
            there = api.list_repo_files(made.repo_id, repo_type="dataset")
            operations = list(_operations(folder, there))
            for one in operations:
                lease.check()
                lease.moved()
                if isinstance(one, CommitOperationAdd):
                    api.preupload_lfs_files(made.repo_id, [one], repo_type="dataset")
            message = f"Burnish dataset {row.dataset_id}"
            api.create_commit(made.repo_id, repo_type="dataset", operations=operations, commit_message=message)
    except ValueError as error:  # the library's word for a card or a name that the hub would refuse
        raise BadInput(f"The hub refuses it: {error}") from error
    except RuntimeError as error:  # and for a file that did not get through
        raise Unavailable(f"The hub does not answer: {first_line(error)}.") from error
    return str(made)


def _operations(folder: Path, there: Iterable[str]) -> Iterator[CommitOperationAdd | CommitOperationDelete]:
    """Every file of the folder, and an end to data of earlier pushes that is not among them."""
    files = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}
    for name, path in files.items():
        yield CommitOperationAdd(path_in_repo=name, path_or_fileobj=path)
    for name in there:
        if name.startswith("data/") and name not in files:
            yield CommitOperationDelete(path_in_repo=name)
