"""Whether a path of a grid leads to a field of a run that may be swept."""

from collections.abc import Mapping
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel

from core.configs.run import RunConfig
from core.errors import BadInput, UnknownName
from core.methods.choice import MethodChoice, method_names

SWEPT = ("dataset", "student", "method", "training")
Fields = Mapping[str, type[BaseModel] | None]  # of each field what is below it, if it has fields


def check_path(path: str) -> None:
    """Raises BadInput or UnknownName (param `grid.<path>`) for a path that leads to no field that may be swept."""
    head, *steps = path.split(".")
    if head in RunConfig.model_fields and head not in SWEPT:
        raise BadInput(
            f"{head!r} is the same for all runs of a sweep, so that they can be compared; sweep fields of "
            f"{', '.join(SWEPT)}.",
            param=f"grid.{path}",
        )
    here: Fields = {name: below for name, below in _fields(RunConfig).items() if name in SWEPT}
    said: list[str] = []
    for step in (head, *steps):
        if not here:
            raise BadInput(f"{'.'.join(said)!r} has no fields; sweep it as a whole.", param=f"grid.{path}")
        if step not in here:
            known = [".".join((*said, name)) for name in here]
            raise UnknownName("field of a run", path, known, param=f"grid.{path}")
        below, said = here[step], [*said, step]
        here = _fields(below) if below is not None else {}


def _fields(model: type[BaseModel]) -> Fields:
    own = {name: _model_in(field.annotation) for name, field in model.model_fields.items()}
    if model is not MethodChoice:
        return own
    methods = [below for name, below in own.items() if name in method_names() and below is not None]
    return {name: None for method in methods for name in method.model_fields} | own


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The one model of an annotation such as `LoraConfig | None`."""
    kinds = get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)
    return next((kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)), None)
