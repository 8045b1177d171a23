"""A grid as asked for, made complete: each of its combinations is checked as a run of its own would be."""

import json
from collections.abc import Sequence
from typing import Any

from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from sqlalchemy.orm import Session

from api.checks.run import CheckedRun, Trainable, check_run, check_trainable
from api.checks.swept_path import check_path
from api.validation import path_of
from core.configs.run import RunConfig
from core.configs.sweep import Grid, RunRequest
from core.errors import BadInput, Conflict
from core.grid import Combination, combinations, size
from core.settings import settings


def check_grid(session: Session, project_id: str, asked: RunRequest) -> list[CheckedRun]:
    """The runs of a grid in the order of its combinations.

    Raises BadInput (and its kinds), Conflict or RequestValidationError; `param` is the path in the request, such as
    `grid.training.learning_rate.1`.
    """
    grid = asked.grid or {}
    _check_form(grid)
    base = asked.model_dump(mode="json", exclude_unset=True, exclude={"grid"})
    found: dict[str, Trainable] = {}
    checked: list[CheckedRun] = []
    for combination in combinations(base, grid):
        config = _config(combination, grid)
        try:
            if config.dataset not in found:
                found[config.dataset] = check_trainable(session, project_id, config.dataset)
            checked.append(check_run(session, project_id, config, found[config.dataset]))
        except (BadInput, Conflict) as error:
            error.param = _as_written(error.param, combination)
            raise
    _check_apart(checked, grid)
    return checked


def _check_form(grid: Grid) -> None:
    for path, values in grid.items():
        check_path(path)
        if not values:
            raise BadInput(f"There is no value to try for {path!r}; name some, or leave it out.", param=f"grid.{path}")
    most = settings().max_sweep_runs
    if size(grid) > most:
        raise BadInput(
            f"The grid makes {size(grid)} runs, more than one request may ask for ({most}); try fewer values, or ask "
            "for several sweeps.",
            param="grid",
        )
    for path, values in grid.items():
        _check_values(path, [json.dumps(value, sort_keys=True) for value in values])


def _check_values(path: str, written: Sequence[str]) -> None:
    for place, value in enumerate(written):
        if value in written[:place]:
            raise BadInput(
                f"{value[:100]} stands twice among the values of {path!r}; leave one out.", param=f"grid.{path}.{place}"
            )


def _config(combination: Combination, grid: Grid) -> RunConfig:
    try:
        return RunConfig.model_validate(combination.config)
    except ValidationError as error:
        faults = [_as_asked(fault, combination) for fault in error.errors()]
        raise RequestValidationError(faults, body=combination.config | {"grid": grid}) from error


def _as_asked(fault: Any, combination: Combination) -> dict[str, Any]:
    """The fault with the place in the request that set the field it is about."""
    loc = ("body", *fault["loc"])
    origin = combination.origin(path_of({**fault, "loc": loc}, combination.config) or "")
    return {**fault, "loc": loc if origin is None else ("body", "grid", *origin)}


def _as_written(param: str | None, combination: Combination) -> str | None:
    origin = combination.origin(param or "")
    return param if origin is None else ".".join(map(str, ("grid", *origin)))


def _check_apart(checked: Sequence[CheckedRun], grid: Grid) -> None:
    """Raises BadInput where two combinations are the same run, as where one path takes the place of another."""
    seen: set[str] = set()
    for run in checked:
        written = run.config.model_dump_json()
        if written in seen:
            raise BadInput(
                f"Two combinations of {', '.join(grid)} come to the same run; leave out what makes no difference.",
                param="grid",
            )
        seen.add(written)
