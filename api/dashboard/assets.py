"""Files the pages load: ours, and the charts' library out of its installed wheel."""

import gzip
import hashlib
import importlib.resources
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

STATIC = Path(__file__).with_name("static")
PLOTLY = "plotly.min.js"
MEDIA = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


@dataclass(frozen=True)
class Asset:
    """A file in memory, plain and compressed; `digest` names this very content."""

    content: bytes
    packed: bytes
    media: str
    digest: str


def asset(name: str) -> Asset | None:
    """The file of this name; None when there is none. Names never become paths outside the two places."""
    return _load(name) if name in names() else None


@cache
def _load(name: str) -> Asset:
    content = _plotly() if name == PLOTLY else (STATIC / name).read_bytes()
    digest = hashlib.sha256(content).hexdigest()[:12]
    return Asset(content, gzip.compress(content, 6), MEDIA[Path(name).suffix] + "; charset=utf-8", digest)


@cache
def names() -> frozenset[str]:
    """Every file that is served."""
    return frozenset(file.name for file in STATIC.iterdir() if file.suffix in MEDIA) | {PLOTLY}


def version(name: str) -> str:
    """What a page appends to a file's address, so that a changed file is fetched anew."""
    found = asset(name)
    return found.digest if found else ""


@cache
def map_style_id() -> str:
    """The id of the style sheet of the library's maps, which it adds when no element has that id.

    We draw no maps, and the policy forbids style elements; an element of that id in the page keeps it from trying.
    """
    found = re.search(rb'getElementById\("([0-9a-f]{64})"\)', _plotly())
    return found[1].decode() if found else "no-map-style"


@cache
def _plotly() -> bytes:
    return importlib.resources.files("plotly").joinpath("package_data", PLOTLY).read_bytes()
