"""`burnish up`: servers, migrations, the first key, the processes, and the word that everything answers."""

import socket
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import httpx

from core.settings import ROOT, Settings, child_environment
from local import embedded
from local.console import Screen
from local.crew import Crew, Member
from local.folder import DataFolder
from local.install import has_gpu
from local.services import SERVICES

READY_SECONDS = 120.0
GPU = "gpu"  # by this name the workers share what `nvidia-smi` lists


class CannotStart(RuntimeError):
    """Something is in the way; the message says what to do."""


@dataclass(frozen=True)
class Plan:
    """Where the data is, and the settings of every process."""

    folder: DataFolder
    settings: Settings

    @property
    def url(self) -> str:
        """Where a browser on this machine finds the API."""
        shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "::1": "[::1]"}.get(self.settings.host, self.settings.host)
        return f"http://{shown}:{self.settings.port}"

    def environment(self, servers: list[embedded.Embedded]) -> dict[str, str]:
        """What every process is told: the servers, the folder, and to import nothing from the present folder."""
        places = {server.setting: server.url for server in servers}
        here = {"data_dir": self.folder.root, "host": self.settings.host, "port": self.settings.port}
        shared = {} if self.device is None else {"shared_device": self.device}
        return child_environment({"PYTHONUNBUFFERED": "1", "PYTHONSAFEPATH": "1"}, **places, **here, **shared)

    @cached_property
    def device(self) -> str | None:
        """The device that the workers take turns on: they see the same GPUs, where there are any.

        An operator's own name for it holds, an empty one too: then nothing is shared.
        """
        told = self.settings.shared_device
        return GPU if told is None and has_gpu() else told


def up(plan: Plan, screen: Screen) -> None:
    """Run until a signal comes; raises `CannotStart`, `AlreadyRunning` or `NotReady`."""
    with plan.folder.held():
        refuse_busy_port(plan.settings.host, plan.settings.port)
        servers = embedded.prepare(plan.folder, plan.settings)
        environment = plan.environment(servers)
        with Crew(screen, environment) as crew:
            embedded.start(crew, servers, plan.folder)
            if not crew.stopping:
                serve(crew, plan, prepare_ledger(plan, environment))
            crew.say("Stopping.")
    screen.say("burnish", "bold", "Stopped.")


def refuse_busy_port(host: str, port: int) -> None:
    """Raise `CannotStart` when another program listens there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CannotStart(
                f"Port {port} on {host} cannot be used ({error.strerror}). "
                "Stop the program that has it, or choose another with --port."
            ) from error


def prepare_ledger(plan: Plan, environment: Mapping[str, str]) -> str | None:
    """Migrate, make the first key and remember it; None when there was a key before."""
    run_once(("-m", "alembic", "-c", str(ROOT / "alembic.ini"), "upgrade", "head"), environment)
    key = run_once(("-m", "api.first_key"), environment).strip() or None
    plan.folder.remember(plan.url, key)
    return key


def run_once(arguments: tuple[str, ...], environment: Mapping[str, str]) -> str:
    """What a short Python command printed; raises `CannotStart` with its complaint when it fails."""
    command = [sys.executable, *arguments]
    done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise CannotStart(f"`python {' '.join(arguments)}` failed with status {done.returncode}:\n{done.stderr}")
    return done.stdout


def serve(crew: Crew, plan: Plan, key: str | None) -> None:
    """Start the processes, say where they answer, and keep them running until a signal comes."""
    for service in SERVICES:
        crew.add(Member(service))
    if crew.until(lambda: answers(plan.url), seconds=READY_SECONDS):
        crew.say(f"Burnish answers at {plan.url}")
        if plan.device:
            crew.say(f"Teachers, scorers and trainings take turns on the device {plan.device!r}")
        if key:
            crew.say(f"Your key, shown this once: {key}")
    elif not crew.stopping:
        crew.say(f"{plan.url}/readyz does not answer yet; the lines above may say why.")
    crew.until(lambda: False)


def answers(url: str) -> bool:
    """Whether the API says that it and its servers are ready."""
    try:
        with httpx.Client(trust_env=False, timeout=1.0) as client:
            return client.get(f"{url}/readyz").status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False
