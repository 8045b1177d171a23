"""A dataset to the Hugging Face hub: files and card are written here, then sent in one commit.

Begun again, it ends the same: files have fixed names, and those of an earlier push that are no more are deleted.
"""

import shutil
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from pathlib import Path

import httpx
from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi
from huggingface_hub.errors import HfHubHTTPError

from core.card import card
from core.database import transaction
from core.errors import BadInput, Unavailable
from core.exported import file_pairs
from core.formats.write import write_pairs
from core.queries import cards, datasets, pushes, secrets
from core.queries.pairs import PairFilter
from core.settings import settings
from core.tables import Push
from workers.lease import Lease
from workers.persist import persist

ROWS = 200_000  # pairs in one file
AGAIN = (408, 409, 425, 429)  # statuses below 500 that another try may mend


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
        lease.stall_seconds = float("inf")  # the library sends it all in one call, whose progress nobody sees
        url = _send(row, folder, token)
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


def _send(row: Push, folder: Path, token: str) -> str:
    """The address of the dataset on the hub. Raises BadInput for what the hub refuses, Unavailable."""
    api = HfApi(endpoint=settings().hub_endpoint, token=token)
    try:
        made = api.create_repo(row.repo, repo_type="dataset", private=row.private, exist_ok=True)
        there = api.list_repo_files(made.repo_id, repo_type="dataset")
        api.create_commit(
            made.repo_id,
            repo_type="dataset",
            operations=list(_operations(folder, there)),
            commit_message=f"Burnish dataset {row.dataset_id}",
        )
    except HfHubHTTPError as error:
        status = error.response.status_code
        told = f"The hub answers {status}: {(error.server_message or 'no reason given').rstrip('.')}."
        if status in AGAIN or status >= 500:
            raise Unavailable(told) from error
        raise BadInput(told) from error
    except (httpx.TransportError, OSError) as error:
        raise Unavailable(f"The hub does not answer: {error}.") from error
    except ValueError as error:  # the library's word for a card or a name that the hub would refuse
        raise BadInput(f"The hub refuses it: {error}") from error
    return str(made)


def _operations(folder: Path, there: Iterable[str]) -> Iterator[CommitOperationAdd | CommitOperationDelete]:
    """Every file of the folder, and an end to data of earlier pushes that is not among them."""
    files = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}
    for name, path in files.items():
        yield CommitOperationAdd(path_in_repo=name, path_or_fileobj=path)
    for name in there:
        if name.startswith("data/") and name not in files:
            yield CommitOperationDelete(path_in_repo=name)
