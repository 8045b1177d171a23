"""A device that several workers share: whoever has an engine on it holds its lock in the ledger, the others wait.

Nobody waits for anything else while it holds the lock, and nothing but the lock while it waits, so no two workers wait
for each other. A worker that waits holds a claim and goes on to renew it.
"""

import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from core.database import connect, transaction
from core.errors import Unavailable
from core.queries import devices
from core.settings import settings
from workers.lease import Lease

log = structlog.get_logger()
LOOK_SECONDS = 1.0  # between two looks: of a waiter whether it is to stop, of the holder whether somebody waits
HEAD_START = 5.0  # seconds that a waiter leaves to the holder when the database was away: its engine is still there


class SharedDevice:
    """One worker's turns on the device. Without a name nothing is shared: each turn begins at once and never ends.

    Used as a context manager it ends the turn.
    """

    def __init__(self, name: str | None = None, *, wanted: Callable[[], None] = lambda: None) -> None:
        """`wanted` is called about once a second while this worker holds the device and others wait."""
        self._name = name or ""
        self._tell = wanted
        self._connection: Connection | None = None
        self._keeper: threading.Thread | None = None
        self._done = threading.Event()
        self._since = 0.0
        self._wanted = self._lost = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.give()

    def take(self, lease: Lease, stop: threading.Event) -> bool:
        """Wait for a turn, unless this worker has it already; False when `stop` was set before. Raises LeaseLost."""
        if not self._name or self._keeper is not None:
            return True
        try:
            while not self._wait(stop):
                log.debug("waits for the device", device=self._name)
                if stop.is_set():
                    self._close()
                    return False
                lease.check()
                lease.moved()
        except BaseException:
            self._close()
            raise
        self._begin()
        return True

    def due(self, *, idle: bool = False) -> bool:
        """Whether the engine is to be let go now: others wait, and the turn is over or this worker is `idle`.

        So it is when the device went to somebody else while the database was away.
        """
        over = idle or time.monotonic() - self._since > settings().turn_seconds
        return self._keeper is not None and (self._lost or (self._wanted and over))

    def give(self) -> None:
        """End the turn; call it when the engine is gone. Without a turn nothing happens."""
        if self._keeper is None:
            return
        self._done.set()
        self._keeper.join()
        self._keeper = None
        self._close()
        log.info("device given", device=self._name)

    def _begin(self) -> None:
        log.info("device taken", device=self._name)
        self._since = time.monotonic()
        self._wanted = self._lost = False
        self._done.clear()
        self._keeper = threading.Thread(target=self._keep, name="device", daemon=True)
        self._keeper.start()

    def _wait(self, stop: threading.Event) -> bool:
        """Wait for a look's time; whether the lock is held now."""
        try:
            return self._lock(LOOK_SECONDS)
        except Unavailable as error:
            log.warning("database away, waiting for the device", device=self._name, error=error.message)
            self._close()
            stop.wait(HEAD_START)
            return False

    def _lock(self, seconds: float) -> bool:
        if self._connection is None:
            self._connection = connect()
            with transaction(self._connection) as session:
                devices.watch(session)
        with transaction(self._connection) as session:
            return devices.take(session, self._name, within=seconds)

    def _keep(self) -> None:
        """Until the turn ends: see whether others wait, and take the lock again when the connection broke."""
        while not self._done.wait(LOOK_SECONDS) and not self._lost:
            try:
                self._look()
            except Unavailable as error:
                log.warning("database away, device kept", device=self._name, error=error.message)
                self._close()
            if self._wanted or self._lost:
                self._tell()

    def _look(self) -> None:
        if self._connection is None and not self._lock(0.0):
            log.warning("device lost while the database was away", device=self._name)
            self._lost = True
            return
        with transaction(self._connection) as session:
            self._wanted = devices.wanted(session, self._name)

    def _close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                connection.close()
            except DBAPIError:
                connection.invalidate()
