"""The dashboard: pages rendered here, for people. They read through `core.queries` and ask for work as the API does."""

from fastapi import APIRouter

from api.dashboard import (
    behaviors,
    cache,
    compare,
    datasets,
    distillations,
    exports,
    files,
    filters,
    imports,
    keys,
    login,
    new,
    overview,
    provenance,
    pushes,
    review,
    runs,
    secrets,
    static,
    sweeps,
)

router = APIRouter(include_in_schema=False)
ORDER = (  # an address of words stands before one that takes any word
    *(static, login, overview, new, distillations, files, imports, exports, filters, pushes, review, provenance),
    *(datasets, compare, runs, sweeps, behaviors, keys, secrets, cache),
)
for part in ORDER:
    router.include_router(part.router)

__all__ = ["router"]
