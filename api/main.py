"""The application: routes behind the middleware, errors in one shape, behavior files loaded at start-up."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import structlog
from fastapi import FastAPI
from starlette.types import ASGIApp

from api import dashboard, errors, openapi, recipes
from api.body import BodyGuard
from api.edge import Edge
from api.hosts import TrustedHosts
from api.routes import ROUTERS
from api.streams import Streams
from core.errors import Unavailable
from core.settings import settings

log = structlog.get_logger("api")

RETRY_SECONDS = 1.0
MOST_UPLOADS = 8  # that one process takes in at once
FORM_BYTES = 64 << 10  # of an upload beside the file
UPLOADS = ("/files", "/dashboard/files")


def create_app() -> FastAPI:
    """The routes and their errors, without the middleware around them."""
    app = FastAPI(
        title="Burnish",
        version="0.1.0",
        summary="Turns a description of a behavior into an aligned model.",
        docs_url=None,  # the page would fetch its script from a CDN
        redoc_url=None,
        lifespan=_lifespan,
        redirect_slashes=False,
        responses=openapi.ERRORS,
        generate_unique_id_function=openapi.operation_id,
    )
    app.state.streams = Streams(settings().max_streams)
    app.state.uploads = Streams(MOST_UPLOADS)
    for router in (*ROUTERS, dashboard.router):
        app.include_router(router)
    errors.install(app)
    return app


def create_door(app: FastAPI | None = None) -> ASGIApp:
    """What a server serves: the application behind its middleware, outermost last."""
    streamed = {("POST", path): settings().max_file_bytes + FORM_BYTES for path in UPLOADS}
    guarded = BodyGuard(app or create_app(), settings().max_body_bytes, streamed)
    return Edge(TrustedHosts(guarded, settings().allowed_hosts))


@contextlib.asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    loading = asyncio.create_task(_load_behaviors())
    yield
    loading.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await loading


async def _load_behaviors() -> None:
    """Load the behavior files, however long the database takes to come up; /readyz says when it is done."""
    while True:
        try:
            await asyncio.to_thread(recipes.load, settings().behavior_dirs)
        except Unavailable as error:
            log.warning("behaviors not loaded yet", error=error.message)
            await asyncio.sleep(RETRY_SECONDS)
        else:
            return
