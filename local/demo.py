"""`make demo`: everything up in the background, one distillation through the command line, everything down."""

import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from core.settings import child_environment, settings
from local import child
from local.folder import DataFolder
from local.stack import CannotStart, answers

SECONDS = 180.0
ENDING = child.Ending(orphaned=signal.SIGTERM)  # the launcher stops what it started


def run(port: int | None, data_dir: Path) -> int:
    """The exit status of the distillation; raises `CannotStart` when the stack does not come up."""
    folder = DataFolder(data_dir)
    folder.logs.mkdir(parents=True, exist_ok=True)
    log = folder.logs / "up.log"
    chosen = port or free_port()
    url = f"http://127.0.0.1:{chosen}"
    launcher = [sys.executable, "-m", "local", "up", "--port", str(chosen), "--data-dir", str(data_dir)]
    environment = child_environment({"PYTHONUNBUFFERED": "1"}, data_dir=data_dir)
    print(f"Starting Burnish; what it says goes to {log}", flush=True)
    with log.open("wb") as output:
        process = child.start(launcher, ENDING, environment=environment, output=output)
    try:
        wait_for(process, url, log)
        here = {"BURNISH_URL": url, "BURNISH_KEY": folder.key() or ""}
        command = [sys.executable, "-m", "client", "demo"]
        return subprocess.run(command, env={**environment, **here}, check=False).returncode
    finally:
        child.stop(process, ENDING, seconds=15.0)


def free_port() -> int:
    """The usual port when nobody has it, else any that is free."""
    for port in (settings().port, 0):
        with suppress(OSError), socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return int(probe.getsockname()[1])
    raise CannotStart("No TCP port is free on 127.0.0.1.")


def wait_for(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    """Return when the API is ready; raises `CannotStart` with the end of the launcher's log."""
    deadline = time.monotonic() + SECONDS
    while not answers(url):
        if process.poll() is not None or time.monotonic() > deadline:
            raise CannotStart(f"The stack did not come up. The end of {log}:\n{tail(log)}")
        time.sleep(0.2)


def tail(log: Path, lines: int = 20) -> str:
    """The last lines of a file."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
