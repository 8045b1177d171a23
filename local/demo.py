"""`make demo`: everything up in the background, one distillation through the command line, everything down."""

import subprocess
import sys
import time
from pathlib import Path

from core.settings import child_environment
from local import child
from local.folder import DataFolder
from local.stack import CannotStart, answers

SECONDS = 180.0


def run(port: int, data_dir: Path) -> int:
    """The exit status of the distillation; raises `CannotStart` when the stack does not come up."""
    folder = DataFolder(data_dir)
    folder.logs.mkdir(parents=True, exist_ok=True)
    log = folder.logs / "up.log"
    environment = child_environment({"PYTHONUNBUFFERED": "1", "PYTHONSAFEPATH": "1"}, data_dir=data_dir)
    launcher = [sys.executable, "-m", "local", "up", "--port", str(port), "--data-dir", str(data_dir)]
    ending = child.Ending()
    with log.open("wb") as output:
        process = child.start(launcher, ending, environment=environment, output=output)
    try:
        wait_for(process, f"http://127.0.0.1:{port}", log)
        return subprocess.run([sys.executable, "-m", "client", "demo"], env=environment, check=False).returncode
    finally:
        child.stop(process, ending, seconds=15.0)


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
