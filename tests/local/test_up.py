"""`python -m local up` with every real process: what survives, what is started again, and that nothing is left."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import pytest

from core.settings import ROOT

SECONDS = 120.0


@dataclass(frozen=True)
class Launcher:
    """A launcher, where it answers and what it says."""

    process: "subprocess.Popen[bytes]"
    data: Path
    port: int
    log: Path

    @property
    def key(self) -> str:
        """The remembered key."""
        return str(json.loads((self.data / "client.json").read_text())["key"])

    def family(self) -> list[psutil.Process]:
        """The launcher and everything under it."""
        own = psutil.Process(self.process.pid)
        return [own, *own.children(recursive=True)]

    def running(self, *words: str) -> list[int]:
        """Process ids directly under the launcher whose command line ends with the words."""
        children = psutil.Process(self.process.pid).children()
        return [child.pid for child in children if tuple(_words(child)[-len(words) :]) == words]

    def ready(self) -> bool:
        """Whether /readyz says so."""
        return self.get("/readyz") == httpx.codes.OK

    def get(self, path: str) -> int | None:
        """The status of an authorised GET; None when nobody answers."""
        try:
            headers = {"Authorization": f"Bearer {self.key}"}
            return httpx.get(f"http://127.0.0.1:{self.port}{path}", headers=headers, timeout=3).status_code
        except (httpx.HTTPError, FileNotFoundError):
            return None


def _words(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:
        return []


def until(fact: Callable[[], object], launcher: Launcher) -> None:
    """Return when the fact holds; fails with what the launcher said when it does not in time."""
    deadline = time.monotonic() + SECONDS
    while not fact():
        assert time.monotonic() < deadline, launcher.log.read_text(errors="replace")[-4000:]
        time.sleep(0.1)


def free_port() -> int:
    """A TCP port nobody has."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def launch(data: Path, port: int) -> Launcher:
    """Start it in the background."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("BURNISH_")}
    command = [sys.executable, "-m", "local", "up", "--port", str(port), "--data-dir", str(data)]
    log = data.parent / "up.log"
    with log.open("ab") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT)
    return Launcher(process, data, port, log)


@pytest.fixture
def launchers(open_folder: Path) -> Iterator[Callable[[], Launcher]]:
    """Starts launchers on one folder and port; kills what is left of them."""
    started: list[Launcher] = []
    port = free_port()

    def start() -> Launcher:
        started.append(launch(open_folder / "data", port))
        return started[-1]

    yield start
    for launcher in started:
        if launcher.process.poll() is None:
            launcher.process.kill()
            launcher.process.wait()


def stopped(launcher: Launcher, number: signal.Signals) -> None:
    """Signal the launcher; everything under it is gone within ten seconds."""
    family = launcher.family()
    launcher.process.send_signal(number)
    _, alive = psutil.wait_procs(family, timeout=10)
    assert not alive
    launcher.process.wait()


def test_everything_comes_up_heals_stops_and_comes_up_again(launchers: Callable[[], Launcher]) -> None:
    first = launchers()
    until(first.ready, first)
    until(lambda: first.running("workers", "train"), first)
    key = first.key
    until(lambda: f"Your key, shown this once: {key}" in first.log.read_text(), first)

    second = launchers()
    assert second.process.wait(60) == 1
    assert "Burnish runs on" in second.log.read_text()

    for words in (("-m", "api"), ("-m", "workers", "score")):
        (victim,) = first.running(*words)
        os.kill(victim, signal.SIGKILL)
        until(lambda words=words, victim=victim: first.running(*words) not in ([], [victim]), first)
    until(first.ready, first)

    postmaster = int((first.data / "postgres" / "postmaster.pid").read_text().split()[0])
    os.kill(postmaster, signal.SIGKILL)
    until(lambda: not psutil.pid_exists(postmaster), first)
    until(first.ready, first)

    stopped(first, signal.SIGINT)
    assert first.process.returncode == 0

    again = launchers()
    until(again.ready, again)
    assert again.key == key
    assert again.get("/datasets") == httpx.codes.OK
    assert again.log.read_text().count("Your key, shown this once") == 1

    family = again.family()
    again.process.kill()
    again.process.wait()
    _, alive = psutil.wait_procs(family, timeout=10)
    assert not alive


def test_a_port_that_is_taken_is_a_clear_error(open_folder: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        launcher = launch(open_folder / "data", taken.getsockname()[1])
        assert launcher.process.wait(60) == 1
    said = launcher.log.read_text()
    assert "choose another with --port" in said
    assert "Traceback" not in said
    assert not (launcher.data / "postgres").exists()


def test_servers_that_are_named_are_used_and_none_is_started(open_folder: Path, database: str, broker: str) -> None:
    port = free_port()
    command = [sys.executable, "-m", "local", "up", "--port", str(port), "--data-dir", str(open_folder / "data")]
    log = open_folder / "up.log"
    with log.open("ab") as output:
        process = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT)
    launcher = Launcher(process, open_folder / "data", port, log)
    try:
        until(launcher.ready, launcher)
        assert not (launcher.data / "postgres").exists()
        assert not (launcher.data / "valkey").exists()
        stopped(launcher, signal.SIGTERM)
    finally:
        process.kill()
