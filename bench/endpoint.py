"""The mock teacher as the benchmark sees it: a process of its own, asked what it was asked."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from core.settings import ROOT


@dataclass(frozen=True)
class Endpoint:
    """Where it is."""

    port: int

    @property
    def base_url(self) -> str:
        """As an OpenAI-compatible client is told."""
        return f"http://127.0.0.1:{self.port}/v1"

    def told(self) -> dict[str, Any]:
        """`{"asked", "again", "first"}`: chats, those of them that were asked for before, when the first came."""
        found: dict[str, Any] = self._get("/told")
        return found

    def forget(self) -> None:
        """Begin to count anew."""
        self._get("/forget")

    def _get(self, path: str) -> Any:
        return httpx.get(f"http://127.0.0.1:{self.port}{path}", timeout=30.0).json()


@contextmanager
def serving() -> Iterator[Endpoint]:
    """The mock teacher while it runs."""
    command = [sys.executable, "-m", "bench.mock_teacher"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        try:
            yield Endpoint(int(process.stdout.readline()))
        finally:
            process.stdin.close()
