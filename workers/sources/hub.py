"""Datasets of the Hugging Face hub: their parquet files, of which only the column is read, range by range.

No code of a dataset is run and nothing is kept on disk. What a revision named when it was first read is what is read to
the end: files are asked for by the commit.
"""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import PurePosixPath
from typing import Any, BinaryIO, cast

import httpx2
from huggingface_hub import HfApi, HfFileSystem
from huggingface_hub.errors import (
    EntryNotFoundError,
    HfHubHTTPError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from core.configs.source import HubSource
from core.errors import BadInput, Unavailable
from core.settings import settings
from workers.hub import bound_client, first_line, may_answer_later
from workers.sources.parquet import ParquetReader, Part

CONVERTED = "refs/convert/parquet"  # the branch that the hub itself writes
ANYWHERE = frozenset({"data", "default"})  # folders that stand for no subset
BLOCK_BYTES = 4 << 20


def hub_reader(source: HubSource, *, token: str | None, noted: dict[str, Any] | None) -> ParquetReader:
    """The reader of a dataset's split; `noted` is how it was described when it was first read.

    Raises BadInput for one that is not there or not open to us, Unavailable when the hub does not answer.
    """
    endpoint, revision = settings().hub_endpoint, source.revision or CONVERTED
    api = HfApi(endpoint=endpoint, token=token or False)
    with _answers(source):
        info = api.dataset_info(source.repo, revision=noted["commit"] if noted else revision)
    commit = str(info.sha)
    paths = parts_of([file.rfilename for file in info.siblings or ()], source)
    files = HfFileSystem(endpoint=endpoint, token=token or False, block_size=BLOCK_BYTES, skip_instance_cache=True)
    parts = [Part(path, partial(_open, files, source, f"datasets/{source.repo}@{commit}/{path}")) for path in paths]
    digest = hashlib.sha256("\n".join(paths).encode()).hexdigest()
    name = f"{source.repo} ({source.subset}, {source.split}) at {commit[:12]}"
    return ParquetReader(parts, source.column, {"name": name, "commit": commit, "sha256": digest})


def parts_of(paths: Sequence[str], source: HubSource) -> list[str]:
    """The parquet files of a subset's split, in order. Raises BadInput that names what there is."""
    found = [path for path in map(PurePosixPath, sorted(paths)) if path.suffix == ".parquet"]
    of_split = [path for path in found if _is_of(path, source.split)]
    named = [path for path in of_split if source.subset in path.parts[:-1]]
    if not named and source.subset == "default":
        named = [path for path in of_split if {*path.parts[:-1]} <= ANYWHERE | {source.split}]
    if not named:
        there = ", ".join(sorted({str(path.parent / path.name.split("-")[0]) for path in found})[:20]) or "none"
        raise BadInput(
            f"{source.repo!r} has no parquet files of subset {source.subset!r} and split {source.split!r}; it has: "
            f"{there}. Name one of them in subset and split, or another revision.",
            param="source.split",
        )
    return [str(path) for path in named]


def _is_of(path: PurePosixPath, split: str) -> bool:
    """`train/0000.parquet`, `train-00000-of-00002.parquet`, `train.parquet`."""
    return split in path.parts[:-1] or path.stem == split or path.stem.startswith((f"{split}-", f"{split}."))


class HubFile:
    """An open file of the hub, as pyarrow reads files; what goes wrong in between is told from a broken file."""

    def __init__(self, file: BinaryIO, source: HubSource) -> None:
        self._file = file
        self._source = source
        self.closed = False

    def read(self, size: int = -1) -> bytes:
        """Bytes from here on. Raises Unavailable, BadInput."""
        with _answers(self._source):
            return self._file.read(size)

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go to a place."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """The place."""
        return self._file.tell()

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def close(self) -> None:
        """Let it go."""
        self._file.close()
        self.closed = True


def _open(files: HfFileSystem, source: HubSource, path: str) -> HubFile:
    with _answers(source):
        return HubFile(cast(BinaryIO, files.open(path, "rb")), source)


@contextmanager
def _answers(source: HubSource) -> Iterator[None]:
    """What the hub's client raises, as our own errors."""
    bound_client()
    try:
        yield
    except RevisionNotFoundError as error:
        wanted = source.revision or f"{CONVERTED}: the hub has not converted it; try main"
        raise BadInput(f"{source.repo!r} has no revision {wanted}.", param="source.revision") from error
    except (RepositoryNotFoundError, EntryNotFoundError, FileNotFoundError) as error:
        raise _refused(source, "is not there, or not open to us") from error
    except HfHubHTTPError as error:
        if may_answer_later(error):
            raise Unavailable(f"The hub does not answer for {source.repo!r}: {first_line(error)}") from error
        raise _refused(source, f"is refused: {first_line(error)}") from error
    except (httpx2.HTTPError, OSError) as error:
        raise Unavailable(f"The hub does not answer for {source.repo!r}: {first_line(error)}") from error


def _refused(source: HubSource, why: str) -> BadInput:
    remedy = "look at its name" if source.secret else "look at its name, or name a secret with a token that opens it"
    return BadInput(f"Dataset {source.repo!r} {why}; {remedy}.", param="source.repo")
