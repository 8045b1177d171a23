"""From the name of a model to a checked folder on disk, which is all an engine is ever given."""

import os
import shutil
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from huggingface_hub import HfApi, snapshot_download

from core.errors import BadInput, Unavailable
from core.models import ALLOWED_SUFFIXES, check_folder, locate
from core.settings import settings
from workers.hub import first_line, hub_answers

SMALL_BYTES = 64 << 20


def is_small(folder: Path) -> bool:
    """Whether the weights are so few that more than one thread of the CPU is wasted on them."""
    return sum(file.stat().st_size for file in folder.glob("*.safetensors")) < SMALL_BYTES


def model_folder(model: str, *, param: str = "model") -> Path:
    """The folder of a model: an absolute path, a name under a model root, or a Hugging Face id, which is fetched.

    Raises UnknownName, ForbiddenModel, BadInput for an adapter or an id the hub does not have, Unavailable when it
    does not answer.
    """
    folder = any_folder(model, param=param)
    if is_adapter(folder):
        raise BadInput(f"Model {model!r} is an adapter, which only teachers may be; name a merged model.", param=param)
    return folder


def any_folder(model: str, *, param: str, roots: Sequence[Path] | None = None) -> Path:
    """The same for adapters too. With `roots` an absolute path must lie under one of them."""
    if roots is None and Path(model).is_absolute() and Path(model).is_dir():
        folder = Path(model).resolve()  # that it lies under a root was checked when it was asked for
        check_folder(folder, param=param)
        return folder
    found = locate(model, settings().model_roots if roots is None else roots, param=param)
    return found.path or _fetch(found.name, param)


def is_adapter(folder: Path) -> bool:
    """Whether a folder holds an adapter alone, and no model."""
    return (folder / "adapter_config.json").is_file() and not (folder / "config.json").is_file()


def _fetch(name: str, param: str) -> Path:
    """Download the allowed files of a Hugging Face id, once; the folder appears when it is whole and checked."""
    target = settings().data_dir.resolve() / "models" / name.replace("/", "--")
    if not target.is_dir():
        partial = target.with_name(f"{target.name}.{os.getpid()}.partial")
        _download(name, partial, param)
        shutil.rmtree(partial / ".cache", ignore_errors=True)  # what the hub's client keeps for itself
        check_folder(partial, param=param)
        with suppress(OSError):  # another worker was quicker
            partial.rename(target)
        shutil.rmtree(partial, ignore_errors=True)
    check_folder(target, param=param)
    return target


def _download(name: str, into: Path, param: str) -> None:
    """Of one commit: asked for by a branch, the library takes a folder that it left half full for the whole model."""
    patterns = [f"*{suffix}" for suffix in ALLOWED_SUFFIXES]
    try:
        with hub_answers(f" for model {name!r}", param=param):
            commit = HfApi().model_info(name).sha
            snapshot_download(name, revision=commit, allow_patterns=patterns, local_dir=into)
    except ValueError as error:
        raise BadInput(f"Model {name!r} cannot be fetched: {first_line(error)}.", param=param) from error
    except RuntimeError as error:  # the library's word for a file that did not get through
        raise Unavailable(f"The hub does not answer for model {name!r}: {first_line(error)}.") from error
