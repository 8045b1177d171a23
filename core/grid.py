"""From a run's config and a grid to the configs of its combinations, before anybody has checked them."""

import copy
import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from core.configs.sweep import Grid
from core.methods.choice import MethodChoice, method_names

DEFAULT_METHOD = MethodChoice.model_fields["type"].default


@dataclass(frozen=True)
class Combination:
    """One run of a grid: the value of each path with its place in the list of the path's values.

    `fields` tells which field of the config a path came to: `method.beta` is the beta of whichever method is chosen.
    """

    values: Mapping[str, Any]
    places: Mapping[str, int]
    fields: Mapping[str, str]
    config: dict[str, Any]

    def origin(self, param: str) -> tuple[str | int, ...] | None:
        """Where the value stands in the grid that set a field, a part of the field, or what the field is a part of.

        (path, place in its list, steps inside the value ...); None where no path did.
        """
        near = [path for path, field in self.fields.items() if _touch(field, param)]
        if not near:
            return None
        path = max(near, key=lambda one: len(self.fields[one]))
        inside = param.removeprefix(self.fields[path]).split(".")[1:] if param.startswith(self.fields[path]) else []
        return (path, self.places[path], *(int(step) if step.isdecimal() else step for step in inside))


def size(grid: Grid) -> int:
    """How many combinations there are."""
    return math.prod(len(values) for values in grid.values())


def combinations(base: Mapping[str, Any], grid: Grid) -> Iterator[Combination]:
    """Every combination, laid over the fields of `base`; the values of the last path change first."""
    for places in itertools.product(*(range(len(values)) for values in grid.values())):
        yield _combination(base, grid, dict(zip(grid, places, strict=True)))


def swept(grid: Grid, place: int) -> dict[str, Any]:
    """The values of the combination at a place."""
    found = {}
    for path, values in reversed(grid.items()):
        place, at = divmod(place, len(values))
        found[path] = values[at]
    return {path: found[path] for path in grid}


def _combination(base: Mapping[str, Any], grid: Grid, places: Mapping[str, int]) -> Combination:
    config = copy.deepcopy(dict(base))
    values = {path: grid[path][place] for path, place in places.items()}
    fields = {}
    for path in sorted(grid, key=_outer_first):
        fields[path] = _field(path, config)
        _put(config, fields[path], copy.deepcopy(values[path]))
    return Combination(values, places, fields, config)


def _outer_first(path: str) -> tuple[int, bool]:
    """Wholes before their parts, and the method before what belongs to whichever it is."""
    return path.count("."), path != "method.type"


def _field(path: str, config: Mapping[str, Any]) -> str:
    head, _, rest = path.partition(".")
    if head != "method" or not rest or rest.split(".")[0] in ("type", *method_names()):
        return path
    method = config.get("method", {})
    name = method if isinstance(method, str) else method.get("type", DEFAULT_METHOD) if isinstance(method, dict) else ""
    return f"method.{name}.{rest}"


def _put(config: dict[str, Any], path: str, value: Any) -> None:
    """Set a field; where something else than an object stands in its way, an object takes the place."""
    if path == "method.type":  # hyperparameters of another method do not go with it
        config["method"] = {"type": value}
        return
    *steps, last = path.split(".")
    for step in steps:
        below = config.get(step)
        if not isinstance(below, dict):
            below = {"type": below} if step == "method" and isinstance(below, str) else {}
            config[step] = below
        config = below
    config[last] = value


def _touch(field: str, param: str) -> bool:
    return f"{param}.".startswith(f"{field}.") or f"{field}.".startswith(f"{param}.")
