"""`Burnish()`: the way in."""

from types import TracebackType

import httpx

from client.http import Http
from client.resources.behaviors import Behaviors
from client.resources.datasets import Datasets
from client.resources.distillations import Distillations
from client.resources.files import Files
from client.resources.keys import Keys
from client.resources.models import Models
from client.resources.pairs import Pairs
from client.resources.runs import Runs
from client.resources.secrets import Secrets
from client.resources.sweeps import Sweeps
from client.resources.turn_cache import TurnCache
from client.settings import find_server


class Burnish:
    """A server, by its nouns: `Burnish().datasets.create({"behavior": "sycophancy"})`.

    Address and key are those given, or those of the environment, or those `burnish up` remembered.
    """

    def __init__(
        self, url: str | None = None, key: str | None = None, *, transport: httpx.BaseTransport | None = None
    ) -> None:
        self.http = Http(find_server(url, key), transport=transport)
        self.datasets = Datasets(self.http)
        self.runs = Runs(self.http)
        self.sweeps = Sweeps(self.http)
        self.distillations = Distillations(self.http)
        self.behaviors = Behaviors(self.http)
        self.models = Models(self.http)
        self.pairs = Pairs(self.http)
        self.files = Files(self.http)
        self.secrets = Secrets(self.http)
        self.cache = TurnCache(self.http)
        self.keys = Keys(self.http)

    def __enter__(self) -> "Burnish":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.http.close()
