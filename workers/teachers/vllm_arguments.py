"""From an engine's config to vLLM's arguments."""

import json
from pathlib import Path
from typing import Any

from core.errors import BadInput
from workers.engine.frames import Frame

GPU_BLOCK = 16  # tokens; the CPU build starts with multiples of 32 only
RANKS = (8, 16, 32, 64, 128, 256, 320, 512)  # that vLLM makes room for


def arguments(config: Frame, *, gpus: int) -> dict[str, Any]:
    """Engine arguments that generating and scoring share, on a machine with so many GPUs; none: on its CPU.

    `max_model_len` -1: the longest that the memory holds. Raises BadInput for settings of the model that cannot be had
    here.
    """
    _require_devices(config, gpus)
    return {
        "model": config["model"],
        "max_model_len": config["max_model_len"] or -1,
        "max_num_seqs": config["rows"],
        "quantization": config["quantization"],
        "kv_cache_dtype": config["kv_cache_dtype"],
        "enforce_eager": config["enforce_eager"],
        "enable_prefix_caching": True,
        "disable_log_stats": True,
        "trust_remote_code": False,
        "generation_config": "vllm",  # sampling is asked for in full; the model's own defaults are not mixed in
        **_adapter(config),
        **(_on_gpu(config) if gpus else _on_cpu(config)),
    }


def _on_gpu(config: Frame) -> dict[str, Any]:
    return {
        "dtype": config["dtype"],
        "block_size": config["block_size"] or GPU_BLOCK,
        "gpu_memory_utilization": config["gpu_memory"],
        "tensor_parallel_size": config["tensor_parallel"],
        "pipeline_parallel_size": config["pipeline_parallel"],
    }


def _on_cpu(config: Frame) -> dict[str, Any]:
    return {
        "dtype": "float32" if config["dtype"] == "auto" else config["dtype"],
        "block_size": config["block_size_cpu"],
        "kv_cache_memory_bytes": config["kv_cache_gib"] << 30,
        # A prompt that is read in two steps takes back the noise of the first one, which a CPU's generator cannot do:
        # the engine would die (`CPU Generator does not use offset`).
        "enable_chunked_prefill": False,
    }


def _require_devices(config: Frame, gpus: int) -> None:
    wanted = config["tensor_parallel"] * config["pipeline_parallel"]
    if wanted > max(gpus, 1):
        raise BadInput(
            f"tensor_parallel {config['tensor_parallel']} times pipeline_parallel {config['pipeline_parallel']} needs "
            f"{wanted} GPUs, and this worker sees {gpus}; lower them in BURNISH_MODELS.",
            param="models",
        )


def _adapter(config: Frame) -> dict[str, Any]:
    """What an adapter needs. Raises BadInput for one with parts that vLLM does not serve."""
    if not config.get("adapter"):
        return {}
    told = json.loads((Path(config["adapter"]) / "adapter_config.json").read_bytes())
    odd = [name for name in ("use_dora", "modules_to_save") if told.get(name)]
    odd += ["bias"] if told.get("bias", "none") != "none" else []
    rank = next((rank for rank in RANKS if rank >= config["rank"]), None)
    if odd or rank is None:
        what = f"{', '.join(odd)} of" if odd else f"rank {config['rank']} (at most {RANKS[-1]}) of"
        raise BadInput(
            f"vLLM does not serve {what} the adapter; use the engine transformers, or the merged model.",
            param="teacher.model",
        )
    return {"enable_lora": True, "max_loras": 1, "max_lora_rank": rank, "tokenizer": config["tokenizer"]}
