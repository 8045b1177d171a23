"""The processes of Burnish, one line each."""

import sys
from dataclasses import dataclass


@dataclass(frozen=True)
class Service:
    """A process that is kept running; its lines are shown under `name` in `colour`."""

    name: str
    colour: str
    command: tuple[str, ...]


def _module(name: str, colour: str, *arguments: str) -> Service:
    return Service(name, colour, (sys.executable, "-m", *arguments))


SERVICES = (
    _module("api", "cyan", "api"),
    _module("generate", "magenta", "workers", "generate"),
    _module("score", "green", "workers", "score"),
    _module("train", "yellow", "workers", "train"),
    _module("sweep", "blue", "workers.sweep"),
)
