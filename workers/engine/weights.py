"""The files of a model: one folder, or a LoRA adapter (arXiv 2106.09685) and the model that it adapts."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import BadInput
from core.models import fingerprint
from core.settings import settings
from workers.engine.folder import any_folder, is_adapter

WEIGHTS = "adapter_model.safetensors"
NUMBERS = {"dtype", "quantization", "kv_cache_dtype"}  # settings of a model that change its answers


@dataclass(frozen=True)
class Weights:
    """Checked folders; `adapter` is None for a model that stands alone.

    `settings_of` is the name in BURNISH_MODELS that its settings stand under: those of an adapter that has none there
    are its base's.
    """

    base: Path
    settings_of: str
    adapter: Path | None = None
    rank: int = 0

    @property
    def tokenizer(self) -> Path:
        """The folder of the tokenizer and its chat template: the adapter's where it has one."""
        own = self.adapter is not None and (self.adapter / "tokenizer_config.json").is_file()
        return self.adapter if own and self.adapter is not None else self.base

    @property
    def fingerprint(self) -> str:
        """SHA-256 of all that decides answers, as 64 hex digits: the model's, where there is nothing beside it."""
        parts = [fingerprint(self.base)]
        parts += [fingerprint(self.adapter)] if self.adapter is not None else []
        changed = settings().model(self.settings_of).model_dump(include=NUMBERS, exclude_defaults=True)
        parts += [json.dumps(changed, sort_keys=True)] if changed else []
        return parts[0] if len(parts) == 1 else hashlib.sha256(" ".join(parts).encode()).hexdigest()


def weights(model: str, *, param: str = "model") -> Weights:
    """The files of a model by its name, as `model_folder` finds it, or of an adapter.

    The base that an adapter names is found like any other name, under the trusted roots; no path leads out of them.
    Raises UnknownName, ForbiddenModel, Unavailable, and BadInput for an adapter that is not a whole LoRA adapter.
    """
    folder = any_folder(model, param=param)
    if not is_adapter(folder):
        return Weights(folder, model)
    told = _told(folder, param)
    name = str(told["base_model_name_or_path"])
    base = any_folder(name, param=param, roots=settings().trusted_roots)
    if is_adapter(base):
        raise BadInput(f"Adapter {model!r} adapts another adapter; merge that one first.", param=param)
    named = next((one for one in (model, name, base.name) if one in settings().models), model)
    return Weights(base, named, folder, int(told["r"]))


def _told(folder: Path, param: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((folder / "adapter_config.json").read_bytes())
    missing = [name for name in ("base_model_name_or_path", "r") if not told.get(name)]
    if told.get("peft_type") != "LORA" or missing or not (folder / WEIGHTS).is_file():
        raise BadInput(
            f"Adapter {folder.name!r} is not a LoRA adapter with {WEIGHTS} and an adapter_config.json "
            "that names base_model_name_or_path and r; merge it into its base and name that.",
            param=param,
        )
    return told
