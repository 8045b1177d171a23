"""What an engine is told beside its model: the operator's settings, those of the one model first."""

from core.settings import settings
from workers.engine.frames import Frame

# Fields of ModelSettings that engines read; the others are prices and limits.
OF_THE_MODEL = {"tensor_parallel", "pipeline_parallel", "quantization", "kv_cache_dtype", "dtype", "max_model_len"}


def options(model: str) -> Frame:
    """The options of the engine of a model, by the name it was asked for; `workers.teachers.arguments` reads them."""
    asked = settings()
    own = asked.model(model)
    return {
        **own.model_dump(include=OF_THE_MODEL),
        "gpu_memory": own.gpu_memory or asked.vllm_gpu_memory,
        "enforce_eager": asked.vllm_enforce_eager,
        "block_size": asked.vllm_block_size if "vllm_block_size" in asked.model_fields_set else None,
        "block_size_cpu": asked.vllm_block_size,
        "kv_cache_gib": asked.vllm_kv_cache_gib,
    }
