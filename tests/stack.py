"""The whole of Burnish as a user starts it: `python -m local up` in a folder of its own."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import pytest

from core.settings import ROOT

READY_SECONDS = 120.0


@dataclass(frozen=True)
class Stack:
    """A running stack: where it answers, its admin key, its data folder, and the launcher's process id."""

    url: str
    key: str
    data_dir: Path
    pid: int

    def client(self) -> httpx.Client:
        """An authorised client."""
        return httpx.Client(base_url=self.url, headers={"Authorization": f"Bearer {self.key}"}, timeout=30.0)


def free_port() -> int:
    """A TCP port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """One stack for the session; afterwards one SIGINT stops it, with status 0 and no process left.

    Not under pytest's own folder: a second pytest closes that to PostgreSQL, which runs as another user than root.
    """
    with tempfile.TemporaryDirectory(prefix="burnish-stack-", ignore_cleanup_errors=True) as folder:
        yield from _run(Path(folder))


def _run(folder: Path) -> Iterator[Stack]:
    port, data = free_port(), folder / "data"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("BURNISH_")}
    command = [sys.executable, "-m", "local", "up", "--port", str(port), "--data-dir", str(data)]
    with (folder / "up.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT)
    try:
        key = _wait(process, data, f"http://127.0.0.1:{port}", folder / "up.log")
        yield Stack(f"http://127.0.0.1:{port}", key, data, process.pid)
        family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0, (folder / "up.log").read_text()[-4000:]
        _, alive = psutil.wait_procs(family, timeout=10)
        assert not alive, f"still there: {alive}"
    finally:
        if process.poll() is None:
            process.kill()


def _wait(process: subprocess.Popen[bytes], data: Path, url: str, log: Path) -> str:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"{url}/readyz", timeout=2.0).status_code == httpx.codes.OK:
                return str(json.loads((data / "client.json").read_text())["key"])
        except (httpx.HTTPError, FileNotFoundError):
            time.sleep(0.2)
    raise AssertionError(f"The stack did not come up:\n{log.read_text(errors='replace')[-4000:]}")
