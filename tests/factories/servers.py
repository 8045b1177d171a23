"""Servers of one test alone, which it may kill and start again."""

import signal
import subprocess
from pathlib import Path

from local import child, postgres, valkey


class OwnServer:
    """An embedded server; its log lies beside its data."""

    def __init__(self, server: postgres.Cluster | valkey.Broker) -> None:
        self._server = server
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        log = Path(f"{self._server.data}.log")
        with log.open("ab") as output:
            self._process = child.start(self._server.command(), self._server.ending, output=output)
        try:
            child.wait_ready(self._process, self._server)
        except child.NotReady as error:
            raise AssertionError(log.read_text()[-2000:]) from error

    def kill(self) -> None:
        """kill -9 of all its processes, proved; what was in memory is gone."""
        assert self._process is not None
        child.signal_group(self._process, signal.SIGKILL)
        self._process.wait(30)

    def stop_at_once(self) -> None:
        """PostgreSQL's immediate stop: nothing is flushed, sessions are cut, the log is replayed at the next start."""
        cluster, process = self._server, self._process
        assert isinstance(cluster, postgres.Cluster)
        assert process is not None
        program = [str(cluster.programs / "pg_ctl"), "-D", str(cluster.data), "-m", "immediate", "-w", "stop"]
        subprocess.run(program, check=True, user=cluster.user, capture_output=True)
        process.wait(30)

    def close(self) -> None:
        """Stop it, if it runs."""
        if self._process is not None:
            child.stop(self._process, self._server.ending)
