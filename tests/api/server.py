"""A real uvicorn process for what a test client cannot show: live streams, kills, slow clients."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from core.settings import ROOT
from tests.stack import free_port

READY_SECONDS = 60.0


@dataclass(frozen=True)
class Serving:
    """A process that serves the door."""

    url: str
    process: subprocess.Popen[bytes]


@contextmanager
def serving(log: Path, environment: Mapping[str, str] | None = None, *, code: str | None = None) -> Iterator[Serving]:
    """`python -m api` (or a few lines of code that end in it) on a free port, ready; killed at the end."""
    port = free_port()
    command = [sys.executable, "-c", code] if code else [sys.executable, "-m", "api"]
    full = dict(os.environ) | {"BURNISH_PORT": str(port), "BURNISH_LOG_FORMAT": "json"} | dict(environment or {})
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=full, stdout=output, stderr=subprocess.STDOUT)
    try:
        _wait(process, f"http://127.0.0.1:{port}", log)
        yield Serving(f"http://127.0.0.1:{port}", process)
    finally:
        process.kill()
        process.wait()


def _wait(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"{url}/readyz", timeout=1.0, trust_env=False).status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise AssertionError(f"The server did not become ready:\n{log.read_text()[-4000:]}")
