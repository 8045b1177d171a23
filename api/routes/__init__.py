"""The routes, one noun a file. `ROUTERS` is the list of all there are."""

from fastapi import APIRouter

from api.routes import (
    behaviors,
    cache,
    comparisons,
    dataset_pairs,
    datasets,
    distillations,
    estimates,
    files,
    health,
    keys,
    models,
    pairs,
    pushes,
    run_series,
    runs,
    secrets,
    sweeps,
)

ROUTERS: tuple[APIRouter, ...] = (
    datasets.router,
    dataset_pairs.router,
    pairs.router,
    pushes.router,
    comparisons.router,  # its address stands before those that take any id
    runs.router,
    run_series.router,
    sweeps.router,
    distillations.router,
    estimates.router,
    files.router,
    behaviors.router,
    cache.router,
    models.router,
    keys.router,
    secrets.router,
    health.router,
)
