"""What `burnish up` tells its processes about the GPU that they share."""

from pathlib import Path

import pytest

from core.settings import Settings
from local.folder import DataFolder
from local.stack import GPU, Plan

ONE = "GPU 0: NVIDIA H100 80GB HBM3 (UUID: GPU-1)"
TWO = f"{ONE}\nGPU 1: NVIDIA H100 80GB HBM3 (UUID: GPU-2)"


def driver(folder: Path, listed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine whose only program is `nvidia-smi`, which lists these GPUs."""
    program = folder / "nvidia-smi"
    program.write_text(f"#!/bin/sh\n[ \"$1\" = -L ] && echo '{listed}'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))


def told(folder: Path) -> str | None:
    """The shared device in the environment of the processes."""
    return Plan(DataFolder(folder), Settings()).environment([]).get("BURNISH_SHARED_DEVICE")


@pytest.mark.parametrize("listed", [ONE, TWO])
def test_all_workers_take_turns_where_there_is_a_gpu(
    listed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver(tmp_path, listed, monkeypatch)
    assert told(tmp_path) == GPU


@pytest.mark.parametrize("own", ["card", ""])
def test_what_the_operator_says_holds(own: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    driver(tmp_path, ONE, monkeypatch)
    monkeypatch.setenv("BURNISH_SHARED_DEVICE", own)
    assert told(tmp_path) == own


def test_without_a_gpu_nothing_is_shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert told(tmp_path) is None
    driver(tmp_path, "No devices were found", monkeypatch)
    assert told(tmp_path) is None
