"""The vLLM engine: `AsyncLLM` with prefix caching, token ids in and token ids out. Runs in an engine process only."""

import itertools
from typing import Any

import torch
from vllm import SamplingParams
from vllm.config import StructuredOutputsConfig
from vllm.engine.arg_utils import AsyncEngineArgs, EngineArgs
from vllm.lora.request import LoRARequest
from vllm.sampling_params import RequestOutputKind, StructuredOutputsParams
from vllm.v1.engine.async_llm import AsyncLLM

from core.errors import BadInput
from workers.engine.frames import Frame
from workers.teachers.vllm_arguments import arguments

# JSON without white space between its parts: a model that may put some there can fill its tokens with it.
COMPACT = StructuredOutputsConfig(backend="xgrammar", disable_any_whitespace=True)
FINISHES = ("stop", "length")
NEVER = -100.0  # the least bias vLLM takes; softmax leaves nothing of it


def load(config: Frame) -> "VllmEngine":
    """Load the model of an engine's config."""
    return VllmEngine(config)


class VllmEngine:
    """One model; requests are batched continuously."""

    def __init__(self, config: Frame) -> None:
        asked = AsyncEngineArgs(**accepted(config), structured_outputs_config=COMPACT)
        self._engine = AsyncLLM.from_engine_args(asked)
        model = self._engine.model_config
        size = model.get_vocab_size()
        nameless = range(config["length"], size)  # rows that pad the vocabulary
        self._stop = config["stop"]
        self._bias = {number: NEVER for number in (*config["banned"], *nameless) if number < size}
        self._adapter = LoRARequest("adapter", 1, config["adapter"]) if config["adapter"] else None
        self._ids = itertools.count()
        self.facts = {"context": model.max_model_len}

    async def answer(self, request: Frame) -> Frame:
        """Sample one answer: {ids, finish, cached}. The ids do not hold the token that ends the turn.

        It finishes with `error` where no token of the model goes on in the shape that was asked for.
        """
        params = self._params(request)
        final = None
        try:
            async for output in self._engine.generate(
                {"prompt_token_ids": request["prompt"]}, params, str(next(self._ids)), lora_request=self._adapter
            ):
                final = output
        except ValueError as error:
            raise BadInput(f"vLLM refuses the request: {error}") from error
        if final is None:
            raise RuntimeError("vLLM ended a request without an answer")
        completion = final.outputs[0]
        if completion.finish_reason not in FINISHES and request["shape"] is None:
            raise RuntimeError(f"vLLM ended a request with {completion.finish_reason!r}")
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
            structured_outputs=_structure(request["shape"]),
        )


def _structure(shape: Frame | None) -> StructuredOutputsParams | None:
    if shape is None:
        return None
    return StructuredOutputsParams(regex=shape["regex"], json=shape["schema"])


def accepted(config: Frame) -> dict[str, Any]:
    """The arguments of a config, read by vLLM before anything is loaded. Raises BadInput where it refuses them."""
    asked = arguments(config, gpus=torch.cuda.device_count() if torch.cuda.is_available() else 0)
    try:
        EngineArgs(**asked).create_engine_config()
    except (ValueError, NotImplementedError, OSError) as error:
        settings = {
            name: asked[name]
            for name in ("dtype", "quantization", "kv_cache_dtype", "max_model_len")
            if asked[name] not in (None, "auto", -1)
        }
        raise BadInput(
            f"vLLM cannot load this model with the settings {settings}: {_first(error)} "
            "The settings of a model are in BURNISH_MODELS.",
            param="model",
        ) from error
    return asked


def _first(error: Exception) -> str:
    """The words of an error, on one line; pydantic puts where it stands in the first."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return " ".join(lines[:3])[:500]
