"""The dashboard: pages rendered here, for people. They read through `core.queries` and ask for work as the API does."""

from fastapi import APIRouter

from api.dashboard import behaviors, datasets, distillations, login, new, overview, runs, static

router = APIRouter(include_in_schema=False)
for part in (static, login, overview, new, distillations, datasets, runs, behaviors):
    router.include_router(part.router)

__all__ = ["router"]
