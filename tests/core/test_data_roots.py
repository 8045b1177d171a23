"""Data files: found under the roots, never outside of them."""

from pathlib import Path

import pytest

from core.data_roots import locate_data
from core.errors import BadInput


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    for name in ("a.parquet", "folder/c.parquet", "folder/deep/b.parquet", "folder/.hidden.parquet", "folder/x.csv"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"")
    (tmp_path / "secret.parquet").write_bytes(b"")
    (tmp_path / "root-beside").mkdir()
    (tmp_path / "root-beside" / "z.parquet").write_bytes(b"")
    return root


def names(root: Path, path: str) -> list[str]:
    return [file.name for file in locate_data(path, [root], suffix=".parquet", param="source.path")]


def test_a_file_and_a_folder_are_found_by_relative_and_absolute_paths(root: Path) -> None:
    assert names(root, "a.parquet") == names(root, str(root / "a.parquet")) == ["a.parquet"]
    assert names(root, "folder") == names(root, "folder/deep/..") == ["c.parquet", "b.parquet"]


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("../secret.parquet", "outside the data roots"),
        ("folder/../../secret.parquet", "outside the data roots"),
        ("/etc", "outside the data roots"),
        ("../root-beside/z.parquet", "outside the data roots"),
        ("none.parquet", "There is no 'none.parquet'"),
        ("x" * 1_000, "There is no"),
        ("folder/x.csv", "holds no .parquet file"),
        ("empty", "holds no .parquet file"),
        ("link.parquet", "outside the data roots"),
        ("links", "'link.parquet', a link out of the data roots"),
        ("linked-folder/secret.parquet", "outside the data roots"),
    ],
)
def test_what_is_not_there_or_leads_out_is_refused(path: str, message: str, root: Path) -> None:
    (root / "empty").mkdir()
    (root / "links").mkdir()
    for link in ("link.parquet", "links/link.parquet"):
        (root / link).symlink_to(root.parent / "secret.parquet")
    (root / "linked-folder").symlink_to(root.parent)
    with pytest.raises(BadInput, match=message) as caught:
        names(root, path)
    assert caught.value.param == "source.path"


def test_without_a_root_no_path_can_be_named(root: Path) -> None:
    with pytest.raises(BadInput, match="BURNISH_DATA_ROOTS"):
        locate_data("a.parquet", [], suffix=".parquet", param="source.path")
