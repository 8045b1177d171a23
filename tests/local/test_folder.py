"""The data folder: one launcher, and what the command line is told."""

import json
import stat
from pathlib import Path

import pytest

from local.folder import AlreadyRunning, DataFolder


def test_a_second_launcher_is_refused_by_name(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "data")
    with folder.held(), pytest.raises(AlreadyRunning, match=r"process \d+.*--data-dir"), DataFolder(folder.root).held():
        pass


def test_the_folder_is_free_again_afterwards(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "data")
    with folder.held():
        pass
    with folder.held():
        pass


def test_address_and_key_are_for_the_owner_alone(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    folder.client.write_text("{}")
    folder.client.chmod(0o644)
    assert folder.remember("http://127.0.0.1:1", "secret") == "secret"
    assert stat.S_IMODE(folder.client.stat().st_mode) == 0o600
    assert json.loads(folder.client.read_text()) == {"url": "http://127.0.0.1:1", "key": "secret"}


def test_the_key_stays_when_only_the_address_changes(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    folder.remember("http://127.0.0.1:1", "secret")
    assert folder.remember("http://127.0.0.1:2", None) == "secret"
    assert json.loads(folder.client.read_text())["url"] == "http://127.0.0.1:2"


@pytest.mark.parametrize("content", ["", "not json", "[]", '{"key": 5}'])
def test_a_damaged_file_holds_no_key(content: str, tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    folder.client.write_text(content)
    assert folder.key() is None
