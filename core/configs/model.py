"""What the operator says about one model: how it is loaded, what it costs, how often it may be asked, its licence."""

from typing import Literal

from pydantic import Field

from core.configs.config import Config

Quantization = Literal["awq", "awq_marlin", "gptq", "gptq_marlin", "fp8", "compressed-tensors", "modelopt"]
CacheType = Literal["auto", "bfloat16", "fp8", "fp8_e4m3", "fp8_e5m2"]

SamplingField = Literal["temperature", "top_p", "top_k", "seed", "stop"]


class ModelSettings(Config):
    """Settings of one model; those that are left out are the engine's own."""

    tensor_parallel: int = Field(1, ge=1, le=64, description="GPUs that share each layer")
    pipeline_parallel: int = Field(1, ge=1, le=64, description="GPUs that take the layers in turn")
    quantization: Quantization | None = Field(None, description="left out: what the model's config says")
    kv_cache_dtype: CacheType = Field("auto", description="type of the KV cache")
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = Field("auto", description="type of the weights")
    max_model_len: int | None = Field(None, ge=16, description="longest sequence in tokens; left out: what fits")
    gpu_memory: float | None = Field(None, gt=0, le=1, description="share of the GPU's memory")
    price_input: float | None = Field(None, ge=0, description="USD for a million prompt tokens")
    price_output: float | None = Field(None, ge=0, description="USD for a million sampled tokens")
    requests_per_minute: float | None = Field(
        None, gt=0, description="requests that each worker process sends to the model's endpoint"
    )
    tokens_per_minute: float | None = Field(
        None, gt=0, description="tokens that each worker process sends to and takes from the model's endpoint"
    )
    max_concurrency: int | None = Field(
        None, ge=1, description="requests under way at once from each worker process to the model's endpoint"
    )
    omit: tuple[SamplingField, ...] = Field((), description="fields that the model's endpoint does not take")
    structured_outputs: bool = Field(
        False, description="the model's endpoint is a vLLM server: judges' answers are bound by its structured_outputs"
    )
    licence: str | None = Field(None, max_length=200, description="as dataset cards state it; left out: not stated")
