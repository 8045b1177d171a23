"""The vLLM engine: `AsyncLLM` with prefix caching, token ids in and token ids out. Runs in an engine process only."""

import itertools
from typing import Any

import torch
from vllm import SamplingParams
from vllm.engine.arg_utils import AsyncEngineArgs
from vllm.sampling_params import RequestOutputKind
from vllm.v1.engine.async_llm import AsyncLLM

from core.errors import BadInput
from workers.engine.frames import Frame

GPU_BLOCK = 16  # tokens; the CPU build starts with multiples of 32 only
NEVER = -100.0  # the least bias vLLM takes; softmax leaves nothing of it


def load(config: Frame) -> "VllmEngine":
    """Load the model of an engine's config."""
    return VllmEngine(config)


class VllmEngine:
    """One model; requests are batched continuously."""

    def __init__(self, config: Frame) -> None:
        self._engine = AsyncLLM.from_engine_args(AsyncEngineArgs(**arguments(config)))
        model = self._engine.model_config
        size = model.get_vocab_size()
        nameless = range(config["length"], size)  # rows that pad the vocabulary
        self._stop = config["stop"]
        self._bias = {number: NEVER for number in (*config["banned"], *nameless) if number < size}
        self._ids = itertools.count()
        self.facts = {"context": model.max_model_len}

    async def answer(self, request: Frame) -> Frame:
        """Sample one answer: {ids, finish, cached}. The ids do not hold the token that ends the turn."""
        params = self._params(request)
        final = None
        try:
            async for output in self._engine.generate(
                {"prompt_token_ids": request["prompt"]}, params, str(next(self._ids))
            ):
                final = output
        except ValueError as error:
            raise BadInput(f"vLLM refuses the request: {error}") from error
        if final is None:
            raise RuntimeError("vLLM ended a request without an answer")
        completion = final.outputs[0]
        ids = list(completion.token_ids)
        if ids and ids[-1] in self._stop:
            ids.pop()
        return {"ids": ids, "finish": completion.finish_reason, "cached": final.num_cached_tokens or 0}

    def close(self) -> None:
        """End vLLM's own process."""
        self._engine.shutdown()

    def _params(self, request: Frame) -> SamplingParams:
        return SamplingParams(
            temperature=request["temperature"],
            top_p=request["top_p"],
            top_k=request["top_k"],
            max_tokens=request["max_tokens"],
            seed=request["seed"],
            stop=request["stop"] or None,
            stop_token_ids=self._stop,
            logit_bias=self._bias or None,
            detokenize=bool(request["stop"]),
            include_stop_str_in_output=True,
            output_kind=RequestOutputKind.FINAL_ONLY,
        )


def arguments(config: Frame) -> dict[str, Any]:
    """Engine arguments that generating and scoring share. `max_model_len` -1: the longest that the memory holds."""
    shared = {
        "model": config["model"],
        "max_model_len": -1,
        "max_num_seqs": config["rows"],
        "enforce_eager": config["enforce_eager"],
        "enable_prefix_caching": True,
        "disable_log_stats": True,
        "trust_remote_code": False,
        "generation_config": "vllm",  # sampling is asked for in full; the model's own defaults are not mixed in
    }
    if torch.cuda.is_available():
        return shared | {
            "block_size": config["block_size"] or GPU_BLOCK,
            "gpu_memory_utilization": config["gpu_memory"],
        }
    return shared | {
        "dtype": "float32",
        "block_size": config["block_size_cpu"],
        "kv_cache_memory_bytes": config["kv_cache_gib"] << 30,
    }
