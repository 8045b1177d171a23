"""The servers that nobody named: which of them are embedded, and how the other processes find them."""

from dataclasses import dataclass

from core.settings import Settings
from local import postgres, valkey
from local.child import NotReady, Server
from local.crew import Crew, Member
from local.folder import DataFolder
from local.services import Service

SECONDS = 60.0


@dataclass(frozen=True)
class Embedded:
    """A prepared server, and the setting that says where it is."""

    name: str
    server: Server
    setting: str
    url: str


def prepare(folder: DataFolder, settings: Settings) -> list[Embedded]:
    """Make what the embedded servers need on disk; those that settings name elsewhere are left out."""
    servers: list[Embedded] = []
    if settings.database_url is None:
        cluster = postgres.prepare(folder.postgres)
        cluster.stop_leftover()
        servers.append(Embedded("postgres", cluster, "database_url", cluster.url()))
    if settings.broker_url is None:
        broker = valkey.prepare(folder.valkey)
        servers.append(Embedded("valkey", broker, "broker_url", broker.url))
    return servers


def start(crew: Crew, servers: list[Embedded], folder: DataFolder) -> None:
    """Start them, their lines in files of the data folder, and wait; raises `NotReady` when one does not answer."""
    for embedded in servers:
        log = folder.logs / f"{embedded.name}.log"
        service = Service(embedded.name, "dim", tuple(embedded.server.command()))
        crew.add(Member(service, embedded.server.ending, log))
    for embedded in servers:
        if not crew.until(embedded.server.ready, seconds=SECONDS) and not crew.stopping:
            raise NotReady(
                f"The embedded {embedded.name} does not answer; its log is {folder.logs}/{embedded.name}.log"
            )
