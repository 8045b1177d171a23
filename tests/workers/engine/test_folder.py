"""Which folders an engine may be given."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from huggingface_hub import get_session
from huggingface_hub.utils import hf_raise_for_status

from core.errors import BadInput, ForbiddenModel, Unavailable, UnknownName
from core.settings import reread
from tests.factories.models import write_tokenizer
from tests.fakes import receiving_hub as fake
from workers.engine.folder import is_small, model_folder

COMMIT = "c" * 40


class Repos:
    """`HfApi`, as far as it is asked."""

    def model_info(self, name: str) -> SimpleNamespace:
        """Every name has the same commit."""
        return SimpleNamespace(sha=COMMIT)


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr("workers.engine.folder.HfApi", Repos)
    monkeypatch.setenv("BURNISH_DATA_DIR", str(tmp_path))
    reread()
    yield tmp_path
    reread()


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


def test_a_model_of_the_hub_is_fetched_once_and_checked(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fetched = []

    def download(name: str, *, revision: str, allow_patterns: list[str], local_dir: Path) -> None:
        """Writes what the hub's client writes: the files that match, and notes of its own."""
        fetched.append(name)
        assert revision == COMMIT
        assert "*.safetensors" in allow_patterns
        assert not {"*", "*.bin", "*.py"} & {*allow_patterns}
        (local_dir / ".cache" / "huggingface").mkdir(parents=True)
        (local_dir / ".cache" / "huggingface" / "config.json.metadata").write_text("")
        (local_dir / "config.json").write_text('{"auto_map": {}}' if name == "owner/coded" else "{}")

    monkeypatch.setattr("workers.engine.folder.snapshot_download", download)
    folder = model_folder("owner/name")
    assert model_folder("owner/name") == folder
    assert fetched == ["owner/name"]
    assert [file.name for file in folder.iterdir()] == ["config.json"]
    with pytest.raises(ForbiddenModel, match="auto_map"):
        model_folder("owner/coded")
    with pytest.raises(ForbiddenModel, match="auto_map"):
        model_folder("owner/coded")
    assert fetched == ["owner/name", "owner/coded", "owner/coded"]


@pytest.mark.parametrize(
    ("failing", "kind", "told"),
    [
        (503, Unavailable, "The hub answers 503 for model 'owner/name': Not now."),
        (429, Unavailable, "The hub answers 429 for model 'owner/name': Not now."),
        (403, BadInput, "The hub answers 403 for model 'owner/name': Not now."),
        ("reset", Unavailable, "The hub does not answer for model 'owner/name': "),
    ],
)
def test_a_hub_that_fails_in_mid_download_is_told_from_one_that_refuses(
    failing: int | str, kind: type[Exception], told: str, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def download(name: str, *, local_dir: Path, **_: object) -> None:
        """The first file is there, the second meets what the hub does."""
        local_dir.mkdir(parents=True)
        (local_dir / "config.json").write_text("{}")
        hf_raise_for_status(get_session().get(f"{hub.url}/{name}/resolve/main/model.safetensors"))

    monkeypatch.setattr("workers.engine.folder.snapshot_download", download)
    with fake.serving() as hub:
        hub.failing = [failing]
        with pytest.raises(kind) as caught:
            model_folder("owner/name")
    assert caught.value.message.startswith(told)  # type: ignore[attr-defined]  # both are ours
    assert not (data / "models" / "owner--name").exists()
