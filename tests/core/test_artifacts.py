"""Published folders: whole or not at all, on the disk before they are seen, and known when they are damaged.

Without the fsync in `artifacts._flush`, or with the rename before it, the test of the order of the system calls fails.
"""

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from core import artifacts
from core.errors import DamagedArtifact, DiskFull


def write(folder: Path) -> None:
    """Two files, one of them in a folder of its own."""
    (folder / "model.safetensors").write_bytes(b"weights")
    (folder / "sub").mkdir()
    (folder / "sub" / "state.json").write_text("{}")


def publish(folder: Path) -> str:
    """Publish the two files."""
    return artifacts.publish(folder, write=write, facts={"step": 3})


def test_what_is_published_can_be_verified(tmp_path: Path) -> None:
    digest = publish(tmp_path / "step-3")
    manifest = artifacts.verify(tmp_path / "step-3", manifest_sha256=digest)
    assert manifest["step"] == 3
    assert sorted(manifest["files"]) == ["model.safetensors", "sub/state.json"]
    assert [path.name for path in tmp_path.iterdir()] == ["step-3"]


def test_everything_is_on_the_disk_before_the_rename_and_the_rename_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    fsync, rename = os.fsync, Path.rename

    def watched_fsync(descriptor: int) -> None:
        calls.append(os.path.relpath(os.readlink(f"/proc/self/fd/{descriptor}"), tmp_path))
        fsync(descriptor)

    def watched_rename(self: Path, target: Path) -> Path:
        calls.append("rename")
        return rename(self, target)

    monkeypatch.setattr(os, "fsync", watched_fsync)
    monkeypatch.setattr(Path, "rename", watched_rename)
    publish(tmp_path / "step-3")
    before, after = calls[: calls.index("rename")], calls[calls.index("rename") + 1 :]
    root = "tmp-step-3"
    files = {f"{root}/model.safetensors", f"{root}/sub/state.json", f"{root}/sub", f"{root}/manifest.json", root}
    assert set(before) == files
    assert before.index(f"{root}/manifest.json") > max(
        before.index(name) for name in files - {root, f"{root}/manifest.json"}
    )
    assert before[-1] == root
    assert after == ["."]


@pytest.mark.parametrize("damage", ["truncate", "flip", "remove", "manifest", "no manifest"])
def test_damage_is_found(damage: str, tmp_path: Path) -> None:
    folder = tmp_path / "step-3"
    digest = publish(folder)
    target = folder / "model.safetensors"
    acts: dict[str, Any] = {
        "truncate": lambda: target.write_bytes(b"weight"),
        "flip": lambda: target.write_bytes(b"weightz"),
        "remove": target.unlink,
        "manifest": lambda: (folder / "manifest.json").write_text("{}"),
        "no manifest": (folder / "manifest.json").unlink,
    }
    acts[damage]()
    with pytest.raises(DamagedArtifact):
        artifacts.verify(folder, manifest_sha256=digest)


def test_a_full_disk_leaves_the_old_folder_and_nothing_half_written(tmp_path: Path) -> None:
    folder = tmp_path / "step-3"
    digest = publish(folder)

    def full(unfinished: Path) -> None:
        (unfinished / "model.safetensors").write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(DiskFull):
        artifacts.publish(folder, write=full, facts={})
    assert artifacts.verify(folder, manifest_sha256=digest)["step"] == 3
    assert [path.name for path in tmp_path.iterdir()] == ["step-3"]


def test_what_a_killed_process_left_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "tmp-step-3").mkdir()
    (tmp_path / "tmp-step-3" / "model.safetensors").write_bytes(b"half")
    digest = publish(tmp_path / "step-3")
    assert artifacts.verify(tmp_path / "step-3", manifest_sha256=digest)


def test_room_is_asked_for_before_it_is_needed(tmp_path: Path) -> None:
    artifacts.require_room(tmp_path / "not" / "there", 1)
    with pytest.raises(DiskFull, match="bytes are free"):
        artifacts.require_room(tmp_path, 1 << 62)
