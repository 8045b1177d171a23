"""Style sheets and scripts, the same for everybody."""

from fastapi import APIRouter, Request, Response

from api.dashboard.assets import asset
from api.deps import PUBLIC
from core.errors import NotFound

router = APIRouter(prefix="/static", dependencies=[PUBLIC])

WEEK = "public, max-age=604800"
ASK = "no-cache"  # may be kept, but is asked for again each time


@router.get("/{name}")
def read_static(name: str, request: Request, v: str = "") -> Response:
    """One file; under its content's own address (`v`) browsers keep it for a week."""
    found = asset(name)
    if found is None:
        raise NotFound("file", name)
    headers = {
        "cache-control": WEEK if v == found.digest else ASK,
        "etag": f'"{found.digest}"',
        "vary": "accept-encoding",
    }
    if request.headers.get("if-none-match") == headers["etag"]:
        return Response(status_code=304, headers=headers)
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(found.packed, media_type=found.media, headers=headers | {"content-encoding": "gzip"})
    return Response(found.content, media_type=found.media, headers=headers)
