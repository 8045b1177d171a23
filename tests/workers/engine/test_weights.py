"""An adapter is served with the model it names, and that name leads nowhere but into the model roots."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.configs.reward import RewardConfig
from core.configs.teacher import ModelConfig
from core.errors import BadInput, ForbiddenModel, UnknownName
from core.models import fingerprint
from core.settings import reread
from tests.factories.models import causal_model, lora_adapter
from workers.engine.folder import model_folder
from workers.engine.options import options
from workers.engine.weights import weights
from workers.rewards import load_reward
from workers.teachers import load_teacher


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    causal_model(tmp_path / "models" / "base", layers=1)
    lora_adapter(tmp_path / "models" / "tuned", base=tmp_path / "models" / "base", name="base")
    monkeypatch.setenv("BURNISH_MODEL_ROOTS", json.dumps([str(tmp_path / "models")]))
    monkeypatch.setenv("BURNISH_DATA_DIR", str(tmp_path / "data"))
    reread()
    yield tmp_path / "models"
    reread()


def name_base(adapter: Path, name: str) -> None:
    file = adapter / "adapter_config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"base_model_name_or_path": name}))


def operator_says(monkeypatch: pytest.MonkeyPatch, **models: dict[str, object]) -> None:
    monkeypatch.setenv("BURNISH_MODELS", json.dumps(models))
    reread()


def test_an_adapter_without_settings_has_those_of_its_base(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = weights("tuned").fingerprint
    operator_says(monkeypatch, base={"quantization": "fp8"})
    assert options(weights("tuned").settings_of)["quantization"] == "fp8"
    assert weights("tuned").fingerprint != plain
    name_base(root / "tuned", str(root / "base"))
    assert options(weights("tuned").settings_of)["quantization"] == "fp8"
    operator_says(monkeypatch, base={"quantization": "fp8"}, tuned={"max_model_len": 100})
    assert options(weights("tuned").settings_of)["quantization"] is None


@pytest.mark.parametrize(
    ("name", "value"),
    [("tensor_parallel", 2), ("pipeline_parallel", 2), ("quantization", "fp8"), ("kv_cache_dtype", "fp8"),
     ("gpu_memory", 0.5)],
)  # fmt: skip
def test_a_setting_that_the_engine_would_not_heed_is_refused_by_name(
    root: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: object
) -> None:
    operator_says(monkeypatch, base={name: value})
    loads = (
        lambda: asyncio.run(load_teacher(ModelConfig(engine="transformers", model="tuned"))),
        lambda: load_reward(RewardConfig(model="base")),
    )
    for load in loads:
        with pytest.raises(BadInput, match=rf"has no {name}, which BURNISH_MODELS sets .* leave that out") as told:
            load()
        assert told.value.param == f"models.base.{name}"


def test_an_adapter_is_served_with_its_base(root: Path) -> None:
    found = weights("tuned")
    assert (found.base, found.adapter, found.rank) == (root / "base", root / "tuned", 4)
    assert found.tokenizer == root / "base"
    assert found.fingerprint not in {fingerprint(root / "base"), fingerprint(root / "tuned")}
    (root / "tuned" / "tokenizer_config.json").write_text("{}")
    assert weights("tuned").tokenizer == root / "tuned"


def test_a_model_that_stands_alone_has_no_adapter(root: Path) -> None:
    found = weights("base")
    assert (found.base, found.adapter, found.tokenizer) == (root / "base", None, root / "base")
    assert found.fingerprint == fingerprint(root / "base")


def test_an_adapter_under_the_runs_names_a_base_by_its_folder(root: Path, tmp_path: Path) -> None:
    folder = lora_adapter(tmp_path / "data" / "runs" / "run_1" / "final" / "adapter", base=root / "base", name="base")
    name_base(folder, str(root / "base"))
    assert weights(str(folder)).base == root / "base"


def test_the_name_of_a_base_leads_nowhere_else(root: Path, tmp_path: Path) -> None:
    outside = causal_model(tmp_path / "elsewhere", layers=1)
    for name in (str(outside), "../elsewhere"):
        name_base(root / "tuned", name)
        with pytest.raises((ForbiddenModel, UnknownName), match=r"outside the model roots|There is no model"):
            weights("tuned")


def test_an_adapter_without_weights_or_of_an_adapter_is_refused(root: Path) -> None:
    name_base(root / "tuned", "tuned")
    with pytest.raises(BadInput, match="adapts another adapter"):
        weights("tuned")
    (root / "tuned" / "adapter_model.safetensors").unlink()
    with pytest.raises(BadInput, match="is not a LoRA adapter"):
        weights("tuned")


def test_only_teachers_may_be_adapters(root: Path) -> None:
    with pytest.raises(BadInput, match="name a merged model"):
        model_folder("tuned", param="student")


def test_settings_that_change_answers_change_the_fingerprint(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = set()
    for own in ({}, {"dtype": "bfloat16"}, {"kv_cache_dtype": "fp8"}, {"dtype": "bfloat16", "quantization": "fp8"}):
        monkeypatch.setenv("BURNISH_MODELS", json.dumps({"base": own, "tuned": own}))
        reread()
        found |= {weights("base").fingerprint, weights("tuned").fingerprint}
    assert len(found) == 8
    monkeypatch.setenv(
        "BURNISH_MODELS", json.dumps({"base": {"max_model_len": 99, "gpu_memory": 0.5, "dtype": "auto"}})
    )
    reread()
    assert weights("base").fingerprint == fingerprint(root / "base")
