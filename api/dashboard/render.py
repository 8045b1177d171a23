"""From a template and what it shows to an answer under a strict content security policy."""

from functools import cache
from pathlib import Path
from typing import Any

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from api.auth import Caller
from api.dashboard import words
from api.dashboard.assets import map_style_id, version

TEMPLATES = Path(__file__).with_name("templates")
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        "img-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "content-security-policy": POLICY,
    "referrer-policy": "same-origin",  # with no-referrer a form's Origin would be null, which says nothing
}


@cache
def environment() -> Environment:
    """Templates whose every value is escaped, and where a missing one is an error."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(words.FILTERS)
    made.globals.update(version=version, map_style_id=map_style_id)
    return made


def page(name: str, caller: Caller | None, *, status: int = 200, **values: Any) -> HTMLResponse:
    """One page; `caller` decides whether the frame shows the navigation and the actions."""
    text = environment().get_template(name).render(caller=caller, **values)
    return HTMLResponse(text, status, HEADERS)
