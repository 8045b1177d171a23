"""The data folder: what is where in it, and the lock that admits one launcher."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


class AlreadyRunning(RuntimeError):
    """Another launcher holds the folder."""


@dataclass(frozen=True)
class DataFolder:
    """An absolute folder."""

    root: Path

    @property
    def postgres(self) -> Path:
        """Data of the embedded PostgreSQL."""
        return self.root / "postgres"

    @property
    def valkey(self) -> Path:
        """Folder of the embedded Valkey."""
        return self.root / "valkey"

    @property
    def logs(self) -> Path:
        """What servers and background launchers say."""
        return self.root / "logs"

    @property
    def client(self) -> Path:
        """Address and key for the command line, as JSON."""
        return self.root / "client.json"

    @contextmanager
    def held(self) -> Iterator[None]:
        """Make the folder and keep other launchers out of it; raises `AlreadyRunning`."""
        self.logs.mkdir(parents=True, exist_ok=True)
        lock = os.open(self.root / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(lock, 32).decode() or "unknown"
            os.close(lock)
            raise AlreadyRunning(
                f"Burnish runs on {self.root} already (process {holder}). Use that one, or give another --data-dir."
            ) from None
        os.ftruncate(lock, 0)
        os.write(lock, str(os.getpid()).encode())
        try:
            yield
        finally:
            os.close(lock)

    def remember(self, url: str, key: str | None) -> str | None:
        """Write the address and the key for the command line; without a key the old one stays. Returns the key."""
        found = key or self.key()
        fresh = self.client.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump({"url": url, "key": found}, file)
        fresh.replace(self.client)
        return found

    def key(self) -> str | None:
        """The key that was remembered, if any."""
        try:
            known = json.loads(self.client.read_text())
        except (FileNotFoundError, ValueError):
            return None
        key = known.get("key") if isinstance(known, dict) else None
        return key if isinstance(key, str) else None
