"""Run a command beside an empty PostgreSQL that is thrown away afterwards."""

import subprocess
import tempfile
from pathlib import Path

from core.settings import child_environment
from local import child, postgres


def run(command: list[str]) -> int:
    """The command's exit status; it finds the database through BURNISH_DATABASE_URL."""
    with tempfile.TemporaryDirectory(prefix="burnish-scratch-") as folder:
        cluster = postgres.prepare(Path(folder) / "data")
        with child.running(cluster, Path(folder) / "log"):
            environment = child_environment(database_url=cluster.url())
            return subprocess.run(command, env=environment, check=False).returncode
