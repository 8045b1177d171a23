"""Folders of engines go with whoever made them, also when that is killed."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.settings import ROOT
from workers.engine import scratch

OWNER = "import time; from workers.engine import scratch; print(scratch.make().folder, flush=True); time.sleep(600)"
HOUR = 3600


@pytest.fixture
def parent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A temporary folder of this test and the processes it starts."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    yield tmp_path
    monkeypatch.setattr(tempfile, "tempdir", None)


def aged(folder: Path) -> Path:
    """The folder as it is an hour later."""
    os.utime(folder, (folder.stat().st_mtime - HOUR,) * 2)
    return folder


def test_what_a_killed_worker_left_is_gone_when_the_next_engine_starts(parent: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", OWNER], cwd=ROOT, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        left = aged(Path(owner.stdout.readline().strip()))
        (left / "socket").write_text("of an engine")
        aged(left)
        scratch.make().close()
        assert left.is_dir()  # its owner lives
        owner.send_signal(signal.SIGKILL)
    assert owner.returncode == -signal.SIGKILL
    scratch.make().close()
    assert list(parent.iterdir()) == []


def test_a_folder_that_is_being_made_a_link_and_what_is_not_an_engines_stay(parent: Path) -> None:
    young, other = parent / f"{scratch.PREFIX}young", parent / "other"
    for folder in (young, other):
        folder.mkdir()
    link = parent / f"{scratch.PREFIX}link"
    link.symlink_to(aged(other))
    scratch.forget(parent)
    assert sorted(parent.iterdir()) == sorted([young, other, link])
    aged(young)
    scratch.forget(parent)
    assert sorted(parent.iterdir()) == sorted([other, link])
