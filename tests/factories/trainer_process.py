"""A trainer in a process group of its own, forked from a server that has its libraries loaded, to be killed at will."""

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from torch.distributed import TCPStore

from core.ledger import Claim

SERVER = multiprocessing.get_context("forkserver")
SERVER.set_forkserver_preload(["trainer.__main__", "transformers.models.llama.modeling_llama"])
DEADLINE = 120.0


@dataclass(frozen=True)
class Crash:
    """Where the process group is killed: at the `nth` call of `function` in `module`, before or after it is done."""

    module: str
    function: str
    nth: int = 1
    after: bool = False
    error: Exception | None = None  # raised instead of the kill


@dataclass(frozen=True)
class Place:
    """Of one process among those of a run, and the port where they meet; torchrun says it to each the same way."""

    rank: int
    size: int
    port: int

    def environment(self) -> dict[str, str]:
        """What torch reads."""
        told = {"RANK": self.rank, "LOCAL_RANK": self.rank, "WORLD_SIZE": self.size, "MASTER_PORT": self.port}
        held = {"TORCHELASTIC_USE_AGENT_STORE": "True", "TORCHELASTIC_RESTART_COUNT": "0"}  # the store is not rank 0's
        return {"MASTER_ADDR": "127.0.0.1"} | held | {name: str(value) for name, value in told.items()}


def start(claim: Claim, student: Path, crash: Crash | None = None, *, place: Place | None = None) -> BaseProcess:
    """Start `python -m trainer` for a claim; its exit code is the trainer's status."""
    arguments = ["--run", str(claim.run_id), "--shard", str(claim.shard_id), "--token", str(claim.token)]
    settings = {name: value for name, value in os.environ.items() if name.startswith(("BURNISH_", "WANDB_", "MLFLOW_"))}
    if place is not None:
        arguments += ["--processes", str(place.size)]
        settings |= place.environment()
    process = SERVER.Process(target=_train, args=([*arguments, "--student", str(student)], settings, crash))
    process.start()
    return process


def finish(process: BaseProcess) -> int:
    """Wait for its end and return the exit code; minus the number of the signal that killed it."""
    process.join(DEADLINE)
    if process.exitcode is None:
        process.kill()
        raise AssertionError("the trainer did not end")
    return process.exitcode


def train(claim: Claim, student: Path, crash: Crash | None = None) -> int:
    """Start and finish."""
    return finish(start(claim, student, crash))


def train_together(claim: Claim, student: Path, crashes: Mapping[int, Crash] | None = None) -> list[int]:
    """Train by two processes, and return both exit codes; `crashes` by rank."""
    store = TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False)
    places = [Place(rank, 2, store.port) for rank in range(2)]
    both = [start(claim, student, (crashes or {}).get(place.rank), place=place) for place in places]
    return [finish(process) for process in both]


def _train(arguments: list[str], settings: dict[str, str], crash: Crash | None) -> None:
    os.setsid()
    os.environ.update(settings)
    if crash is not None:
        _arm(crash)
    sys.exit(sys.modules["trainer.__main__"].main(arguments))


def _arm(crash: Crash) -> None:
    *names, last = crash.function.split(".")
    owner: Any = sys.modules[crash.module]
    for name in names:
        owner = getattr(owner, name)
    setattr(owner, last, _trap(getattr(owner, last), crash))


def _trap(function: Callable[..., Any], crash: Crash) -> Callable[..., Any]:
    calls = 0

    def trapped(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls != crash.nth:
            return function(*args, **kwargs)
        if crash.error is not None:
            raise crash.error
        if crash.after:
            function(*args, **kwargs)
        os.killpg(0, signal.SIGKILL)
        return None

    return trapped
