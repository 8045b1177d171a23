"""Folders that are published whole or not at all, with a manifest that names the hash of every file in them."""

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from core.errors import DamagedArtifact, DiskFull

MANIFEST = "manifest.json"
UNFINISHED = "tmp-"  # a folder whose name begins so was never published
NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
CHUNK = 1 << 20


def publish(folder: Path, *, write: Callable[[Path], None], facts: Mapping[str, Any]) -> str:
    """Make `folder` appear with what `write` puts into it, and return the SHA-256 of its manifest.

    The files are written beside it, flushed to the disk, the manifest (`facts` and `files`) last; one rename publishes
    them all. A folder of that name which is there already is replaced. Raises DiskFull.
    """
    into = unfinished(folder)
    with _no_room(folder):
        remove(into)
        into.mkdir(parents=True)
        write(into)
        digest = _seal(into, facts)
        remove(folder)
        into.rename(folder)
        _flush(folder.parent)
    return digest


def unfinished(folder: Path) -> Path:
    """Where the files of `folder` are written before it is published."""
    return folder.with_name(UNFINISHED + folder.name)


def verify(folder: Path, *, manifest_sha256: str) -> dict[str, Any]:
    """The manifest of a published folder, when it and all files it names match their hashes. Raises DamagedArtifact."""
    try:
        text = (folder / MANIFEST).read_bytes()
    except OSError as error:
        raise DamagedArtifact(f"{folder.name} has no readable manifest: {error.strerror}.") from error
    if hashlib.sha256(text).hexdigest() != manifest_sha256:
        raise DamagedArtifact(f"The manifest of {folder.name} does not match the ledger.")
    manifest: dict[str, Any] = json.loads(text)
    for name, told in manifest["files"].items():
        if _told(folder / name) != told:
            raise DamagedArtifact(f"{folder.name}/{name} does not match its manifest.")
    return manifest


def require_room(folder: Path, size: int) -> None:
    """Raise DiskFull when the disk that holds `folder` has less than `size` bytes free."""
    free = free_bytes(folder)
    if free < size:
        raise DiskFull(f"{free:,} bytes are free where {size:,} are asked for; make room in the data folder.")


def free_bytes(folder: Path) -> int:
    """Bytes free on the disk that holds `folder`, or that would hold it."""
    there = next(parent for parent in (folder.resolve(), *folder.resolve().parents) if parent.exists())
    return shutil.disk_usage(there).free


def remove(folder: Path) -> None:
    """Delete a folder, if it is there."""
    shutil.rmtree(folder, ignore_errors=True)


def _seal(folder: Path, facts: Mapping[str, Any]) -> str:
    """Flush every file and folder, then write and flush the manifest; returns its hash."""
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    for path in (*files, *(path for path in folder.rglob("*") if path.is_dir())):
        _flush(path)
    told = {str(file.relative_to(folder)): _told(file) for file in files}
    text = json.dumps({**facts, "files": told}, indent=1, sort_keys=True).encode()
    (folder / MANIFEST).write_bytes(text)
    _flush(folder / MANIFEST)
    _flush(folder)
    return hashlib.sha256(text).hexdigest()


def _told(file: Path) -> dict[str, Any] | None:
    """Size and hash of a file; None when it cannot be read."""
    digest, size = hashlib.sha256(), 0
    try:
        with open(file, "rb") as stream:
            while chunk := stream.read(CHUNK):
                digest.update(chunk)
                size += len(chunk)
    except OSError:
        return None
    return {"bytes": size, "sha256": digest.hexdigest()}


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def full_disk() -> Iterator[None]:
    """Turn the system's word for a full disk into ours. Raises DiskFull."""
    try:
        yield
    except OSError as error:
        if error.errno in NO_ROOM:
            raise DiskFull(f"The disk is full: {error}.") from error
        raise


@contextmanager
def _no_room(folder: Path) -> Iterator[None]:
    """The same, and take back what was begun."""
    try:
        with full_disk():
            yield
    except (DiskFull, OSError):
        remove(unfinished(folder))
        raise
