"""Which folders an engine may be given."""

from pathlib import Path

import pytest

from core.errors import ForbiddenModel, UnknownName
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
