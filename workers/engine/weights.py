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


@dataclass(frozen=True)
class Weights:
    """Checked folders; `adapter` is None for a model that stands alone."""

    base: Path
    adapter: Path | None = None
    rank: int = 0

    @property
    def tokenizer(self) -> Path:
        """The folder of the tokenizer and its chat template: the adapter's where it has one."""
        own = self.adapter is not None and (self.adapter / "tokenizer_config.json").is_file()
        return self.adapter if own and self.adapter is not None else self.base

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the model, of both folders where there are two, as 64 hex digits."""
        if self.adapter is None:
            return fingerprint(self.base)
        return hashlib.sha256(f"{fingerprint(self.base)} {fingerprint(self.adapter)}".encode()).hexdigest()


def weights(model: str, *, param: str = "model") -> Weights:
    """The files of a model by its name, as `model_folder` finds it, or of an adapter.

    The base that an adapter names is found like any other name, under the trusted roots; no path leads out of them.
    Raises UnknownName, ForbiddenModel, Unavailable, and BadInput for an adapter that is not a whole LoRA adapter.
    """
    folder = any_folder(model, param=param)
    if not is_adapter(folder):
        return Weights(folder)
    told = _told(folder, param)
    base = any_folder(str(told["base_model_name_or_path"]), param=param, roots=settings().trusted_roots)
    if is_adapter(base):
        raise BadInput(f"Adapter {model!r} adapts another adapter; merge that one first.", param=param)
    return Weights(base, folder, int(told["r"]))


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
