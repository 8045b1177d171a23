"""`python -m local up` and its relatives."""

import argparse
import sys
from pathlib import Path

from pydantic import ValidationError

from core.settings import Settings, settings
from local import demo, postgres, scratch, stack
from local.child import NotReady
from local.console import Screen
from local.folder import AlreadyRunning, DataFolder
from local.sockets import SocketFolderTaken

EXPECTED = (stack.CannotStart, AlreadyRunning, NotReady, SocketFolderTaken, postgres.OtherVersion)


def parser() -> argparse.ArgumentParser:
    """The command line."""
    whole = argparse.ArgumentParser(
        prog="python -m local", description="Burnish on this machine, without configuration"
    )
    commands = whole.add_subparsers(dest="command", required=True)
    for name, does in (("up", "run everything until Ctrl-C"), ("demo", "run everything, one distillation, and stop")):
        command = commands.add_parser(name, help=does)
        command.add_argument("--port", type=int, help=f"port of the API ({settings().port})")
        command.add_argument("--data-dir", type=Path, default=settings().data_dir, help="data folder (%(default)s)")
    beside = commands.add_parser("scratch", help="run a command beside a PostgreSQL of its own that is thrown away")
    beside.add_argument("words", nargs=argparse.REMAINDER, metavar="COMMAND")
    return whole


def run(asked: argparse.Namespace) -> int:
    """Do what was asked; returns the exit status."""
    if asked.command == "scratch":
        return scratch.run(asked.words)
    if asked.command == "demo":
        return demo.run(asked.port, asked.data_dir.resolve())
    plan = stack.Plan(DataFolder(asked.data_dir.resolve()), Settings(port=asked.port or settings().port))
    stack.up(plan, Screen())
    return 0


def main() -> int:
    """Expected troubles are one sentence on the error stream, and status 1."""
    try:
        return run(parser().parse_args())
    except (*EXPECTED, ValidationError) as error:
        print(f"burnish: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
