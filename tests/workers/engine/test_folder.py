"""Which folders an engine may be given."""

from pathlib import Path

import pytest

from core.errors import ForbiddenModel, UnknownName
from core.settings import reread
from tests.factories.models import write_tokenizer
from workers.engine.folder import is_small, model_folder


def test_an_absolute_path_is_checked_and_taken(tmp_path: Path) -> None:
    write_tokenizer(tmp_path)
    (tmp_path / "config.json").write_text("{}")
    assert model_folder(str(tmp_path)) == tmp_path
    assert is_small(tmp_path)


def test_a_folder_with_code_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "modeling.py").write_text("")
    with pytest.raises(ForbiddenModel, match=r"modeling\.py"):
        model_folder(str(tmp_path))


def test_a_name_that_stands_for_nothing_is_refused() -> None:
    with pytest.raises(UnknownName, match="no model named 'nothing-of-the-kind'"):
        model_folder("nothing-of-the-kind")


def test_a_model_of_the_hub_is_fetched_once_and_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fetched = []

    def hub(name: str, *, allow_patterns: list[str], local_dir: Path) -> None:
        """Writes what the hub's client writes: the files that match, and notes of its own."""
        fetched.append(name)
        assert "*.safetensors" in allow_patterns
        assert not {"*", "*.bin", "*.py"} & {*allow_patterns}
        (local_dir / ".cache" / "huggingface").mkdir(parents=True)
        (local_dir / ".cache" / "huggingface" / "config.json.metadata").write_text("")
        (local_dir / "config.json").write_text('{"auto_map": {}}' if name == "owner/coded" else "{}")

    monkeypatch.setattr("workers.engine.folder.snapshot_download", hub)
    monkeypatch.setenv("BURNISH_DATA_DIR", str(tmp_path))
    reread()
    try:
        folder = model_folder("owner/name")
        assert model_folder("owner/name") == folder
        assert fetched == ["owner/name"]
        assert [file.name for file in folder.iterdir()] == ["config.json"]
        with pytest.raises(ForbiddenModel, match="auto_map"):
            model_folder("owner/coded")
        with pytest.raises(ForbiddenModel, match="auto_map"):
            model_folder("owner/coded")
        assert fetched == ["owner/name", "owner/coded", "owner/coded"]
    finally:
        reread()
