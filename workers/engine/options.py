"""What an engine is told beside its model: the operator's settings, those of the one model first."""

from core.errors import BadInput
from core.settings import settings
from workers.engine.frames import Frame

# Fields of ModelSettings that engines read; the others are prices and limits.
OF_THE_MODEL = {"tensor_parallel", "pipeline_parallel", "quantization", "kv_cache_dtype", "dtype", "max_model_len"}
OF_VLLM = {"tensor_parallel", "pipeline_parallel", "quantization", "kv_cache_dtype", "gpu_memory"}


def options(model: str, *, in_vllm: bool = True) -> Frame:
    """The options of the engine of a model, by the name of its settings; `workers.teachers.arguments` reads them.

    Raises BadInput for a setting that its engine would not heed.
    """
    asked = settings()
    own = asked.model(model)
    unheeded = sorted(own.model_dump(include=OF_VLLM, exclude_defaults=True))
    if unheeded and not in_vllm:
        raise BadInput(
            f"The engine transformers has no {', '.join(unheeded)}, which BURNISH_MODELS sets for {model!r}; "
            "leave that out, or ask for the engine vllm.",
            param=f"models.{model}.{unheeded[0]}",
        )
    return {
        **own.model_dump(include=OF_THE_MODEL),
        "gpu_memory": own.gpu_memory or asked.vllm_gpu_memory,
        "enforce_eager": asked.vllm_enforce_eager,
        "block_size": asked.vllm_block_size if "vllm_block_size" in asked.model_fields_set else None,
        "block_size_cpu": asked.vllm_block_size,
        "kv_cache_gib": asked.vllm_kv_cache_gib,
    }
