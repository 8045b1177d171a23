"""Model names: what they stand for, and folders that are refused before anything in them is loaded."""

import json
from pathlib import Path

import pytest

from core.errors import BadInput, ForbiddenModel, UnknownName
from core.models import available, fingerprint, locate


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root" / "good"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps({"architectures": ["LlamaForCausalLM"]}))
    (folder / "model.safetensors").write_bytes(b"weights")
    (folder / "tokenizer.json").write_text("{}")
    return tmp_path / "root"


def test_a_folder_is_found_by_its_name_and_by_its_path(root: Path) -> None:
    by_name, by_path = locate("good", [root]), locate(str(root / "good"), [root])
    assert by_name.path == by_path.path == (root / "good").resolve()
    assert by_name.source == str(by_name.path)
    assert available([root, root / "missing"]) == ["good"]


def test_an_owner_and_a_name_are_a_hugging_face_id(root: Path) -> None:
    found = locate("owner/name", [root])
    assert (found.path, found.source) == (None, "owner/name")


@pytest.mark.parametrize(
    "name",
    [
        "missing",
        "a/b/c",
        "../good",
        "/nowhere/model",
        "./x",
        "..",
        "owner/..",
        "x/../y",
        "root/missing",
        "here/x",
        "owner/",
        "a b/c",
    ],
)
def test_a_name_that_stands_for_nothing_is_refused_with_the_known_ones(
    name: str, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadInput) as caught:
        locate(name, [root], param="teacher.model")
    assert caught.value.param == "teacher.model"
    if isinstance(caught.value, UnknownName):
        assert "Known: good." in caught.value.message


def test_a_folder_outside_the_roots_is_refused(root: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    for name in (str(tmp_path / "outside"), str(root), f"{root}/good/../../outside", str(tmp_path)):
        with pytest.raises(ForbiddenModel, match="outside the model roots"):
            locate(name, [root])


def test_a_folder_that_is_a_link_out_of_the_root_is_refused(root: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "config.json").write_text("{}")
    (root / "link").symlink_to(tmp_path / "outside")
    with pytest.raises(ForbiddenModel, match="outside the model roots"):
        locate("link", [root])


@pytest.mark.parametrize(
    "file",
    ["pytorch_model.bin", "model.pt", "weights.pkl", "model.gguf", "modeling_x.py", "sub/code.py", ".hidden", "x.SO",
     "weights.safetensors.bin", "run"],
)  # fmt: skip
def test_a_file_that_could_run_code_is_refused(file: str, root: Path) -> None:
    target = root / "good" / file
    target.parent.mkdir(exist_ok=True)
    target.write_bytes(b"x")
    with pytest.raises(ForbiddenModel, match="is not allowed") as caught:
        locate("good", [root])
    assert file in caught.value.message


@pytest.mark.parametrize("file", ["LICENSE", "NOTICE", "README.md", "vocab.txt", "chat_template.jinja", "spiece.model"])
def test_files_that_models_come_with_are_let_through(file: str, root: Path) -> None:
    (root / "good" / file).write_text("x")
    assert locate("good", [root]).path is not None


def test_a_file_that_links_out_of_its_folder_is_refused(root: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.json").write_text("{}")
    (root / "good" / "extra.json").symlink_to(tmp_path / "secret.json")
    with pytest.raises(ForbiddenModel, match="links out of its folder"):
        locate("good", [root])


@pytest.mark.parametrize("key", ["auto_map", "_attn_implementation_internal"])
@pytest.mark.parametrize("file", ["config.json", "tokenizer_config.json"])
def test_a_config_that_names_code_is_refused(file: str, key: str, root: Path) -> None:
    (root / "good" / file).write_text(json.dumps({key: {"AutoModel": "modeling_x.Model"}}))
    with pytest.raises(ForbiddenModel, match=f"has '{key}', which names code to run"):
        locate("good", [root])


@pytest.mark.parametrize("text", ["{", "[" * 100_000, "\ud800".encode("utf-8", "surrogatepass")])
def test_a_config_that_is_no_json_is_refused(text: str | bytes, root: Path) -> None:
    (root / "good" / "config.json").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ForbiddenModel, match="is not valid JSON"):
        locate("good", [root])


def test_a_folder_without_a_config_is_refused(root: Path) -> None:
    (root / "good" / "config.json").unlink()
    with pytest.raises(ForbiddenModel, match=r"has no config\.json"):
        locate("good", [root])


def test_a_fingerprint_follows_every_byte_and_no_date(root: Path) -> None:
    first = fingerprint(root / "good")
    (root / "good" / "model.safetensors").touch()
    assert fingerprint(root / "good") == first
    (root / "good" / "model.safetensors").write_bytes(b"weightz")
    second = fingerprint(root / "good")
    (root / "good" / "config.json").write_text("{}")
    assert len({first, second, fingerprint(root / "good")}) == 3
    assert len(first) == 64
