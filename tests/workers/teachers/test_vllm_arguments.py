"""What vLLM is told on GPUs that are not here: the mapping is a pure function of settings and their number."""

import ast
import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any, get_args

import pytest

from core.configs.model import CacheType, ModelSettings, Quantization
from core.errors import BadInput
from tests.absence import may_skip
from tests.conftest import forget_settings
from workers.engine.options import options
from workers.teachers.vllm_arguments import arguments

vllm = pytest.mark.skipif(find_spec("vllm") is None and may_skip(), reason="vLLM is not installed here")
GREAT = {
    "tensor_parallel": 4, "pipeline_parallel": 2, "quantization": "fp8", "kv_cache_dtype": "fp8_e5m2",
    "dtype": "bfloat16", "max_model_len": 8192, "gpu_memory": 0.5,
}  # fmt: skip


def config(monkeypatch: pytest.MonkeyPatch, models: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The config of an engine for the model `a/b`, as the operator's settings have it."""
    monkeypatch.setenv("BURNISH_MODELS", json.dumps(models))
    forget_settings()
    found = {**options("a/b"), "model": "/models/a--b", "tokenizer": "/models/a--b", "adapter": None, "rows": 64}
    forget_settings()
    return found | more


def adapter(folder: Path, rank: int, **told: Any) -> dict[str, Any]:
    """The part of a config that names an adapter."""
    (folder / "adapter_config.json").write_text(json.dumps({"r": rank, "bias": "none", **told}))
    return {"adapter": str(folder), "rank": rank}


def test_settings_of_a_model_reach_vllm_on_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    told = arguments(config(monkeypatch, {"a/b": GREAT}), gpus=8)
    assert told.items() >= {
        "tensor_parallel_size": 4, "pipeline_parallel_size": 2, "quantization": "fp8", "kv_cache_dtype": "fp8_e5m2",
        "dtype": "bfloat16", "max_model_len": 8192, "gpu_memory_utilization": 0.5, "block_size": 16,
    }.items()  # fmt: skip
    assert "kv_cache_memory_bytes" not in told


def test_a_model_without_settings_is_served_by_the_engines_own(monkeypatch: pytest.MonkeyPatch) -> None:
    told = arguments(config(monkeypatch, {"c/d": GREAT}), gpus=1)
    assert told.items() >= {
        "tensor_parallel_size": 1, "pipeline_parallel_size": 1, "quantization": None, "kv_cache_dtype": "auto",
        "dtype": "auto", "max_model_len": -1, "gpu_memory_utilization": 0.85,
    }.items()  # fmt: skip
    assert "enable_lora" not in told


def test_a_cpu_calculates_in_float32_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = arguments(config(monkeypatch, {}), gpus=0)
    assert (plain["dtype"], plain["block_size"], plain["kv_cache_memory_bytes"]) == ("float32", 32, 1 << 30)
    assert plain["enable_chunked_prefill"] is False
    assert not {"tensor_parallel_size", "pipeline_parallel_size", "gpu_memory_utilization"} & plain.keys()
    assert arguments(config(monkeypatch, {"a/b": {"dtype": "bfloat16"}}), gpus=0)["dtype"] == "bfloat16"


@pytest.mark.parametrize(("parallel", "gpus"), [((4, 2), 4), ((2, 1), 1), ((1, 2), 0)])
def test_more_gpus_than_there_are_is_refused_by_number(
    monkeypatch: pytest.MonkeyPatch, parallel: tuple[int, int], gpus: int
) -> None:
    asked = {"tensor_parallel": parallel[0], "pipeline_parallel": parallel[1]}
    needs = rf"needs {parallel[0] * parallel[1]} GPUs, and this worker sees {gpus}"
    with pytest.raises(BadInput, match=needs):
        arguments(config(monkeypatch, {"a/b": asked}), gpus=gpus)


def test_an_adapter_gets_room_for_its_rank(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    told = arguments(config(monkeypatch, {}, **adapter(tmp_path, 12)), gpus=1)
    assert told.items() >= {"enable_lora": True, "max_loras": 1, "max_lora_rank": 16}.items()


@pytest.mark.parametrize(
    ("rank", "told", "what"),
    [(1024, {}, "rank 1024"), (4, {"use_dora": True}, "use_dora"), (4, {"bias": "all"}, "bias"),
     (4, {"modules_to_save": ["lm_head"]}, "modules_to_save")],
)  # fmt: skip
def test_an_adapter_that_vllm_does_not_serve_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, rank: int, told: dict[str, Any], what: str
) -> None:
    with pytest.raises(BadInput, match=f"does not serve {what}"):
        arguments(config(monkeypatch, {}, **adapter(tmp_path, rank, **told)), gpus=1)


def vllms(file: str) -> ast.Module:
    """A file of vLLM: importing it takes long, and what is for GPUs alone is never used here."""
    found = find_spec("vllm")
    assert found is not None
    assert found.origin is not None
    return ast.parse((Path(found.origin).parent / file).read_text())


def choices(module: ast.Module, name: str) -> set[str]:
    """The strings of `name = Literal[...]`."""
    for node in ast.walk(module):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == name:
            return {part.value for part in ast.walk(node.value) if isinstance(part, ast.Constant)}
    raise AssertionError(f"vLLM has no {name}")


@vllm
def test_vllm_knows_every_argument(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    classes = {node.name: node for node in ast.walk(vllms("engine/arg_utils.py")) if isinstance(node, ast.ClassDef)}
    fields = [node.target for node in classes["EngineArgs"].body if isinstance(node, ast.AnnAssign)]
    known = {field.id for field in fields if isinstance(field, ast.Name)}
    small = config(monkeypatch, {}, **adapter(tmp_path, 8))
    great = config(monkeypatch, {"a/b": GREAT}, **adapter(tmp_path, 8))
    assert arguments(great, gpus=8).keys() | arguments(small, gpus=0).keys() <= known


@vllm
def test_vllm_knows_every_value_that_settings_allow() -> None:
    quantizations = choices(vllms("model_executor/layers/quantization/__init__.py"), "QuantizationMethods")
    assert set(get_args(Quantization)) <= quantizations
    assert set(get_args(CacheType)) <= choices(vllms("config/cache.py"), "CacheDType")


def test_every_engine_setting_of_a_model_reaches_the_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    of_engines = {*ModelSettings.model_fields} - {
        "price_input", "price_output", "requests_per_minute", "tokens_per_minute", "max_concurrency", "omit", "licence",
        "structured_outputs",
    }  # fmt: skip
    assert of_engines <= config(monkeypatch, {}).keys()
