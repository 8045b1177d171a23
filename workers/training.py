"""Supervises a training: holds the lease while the trainer's process group works, and ends the group with it."""

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import stamina
import structlog

from core import artifacts
from core.configs.run import RunConfig
from core.database import transaction
from core.errors import BadInput, BurnishError, LeaseLost, Unavailable
from core.ledger import Claim
from core.queries import evaluations, events, recovery, runs, shards
from core.queries.moves import move
from core.settings import ROOT, child_environment, settings
from core.states import RunState
from core.tables import Run
from workers import give_up
from workers.engine.folder import model_folder
from workers.engine.launcher import launch
from workers.lease import Beats, Lease
from workers.shared_device import SharedDevice

TICK_SECONDS = 0.2
GRACE_SECONDS = 20.0  # between asking the group to end and killing it: time for a last checkpoint
SILENCE_SECONDS = 300.0  # without a step and without the processor the trainer counts as hung
BUSY_SECONDS = 3600.0  # so does one that keeps the processor busy for so long without a step
LOOK_SECONDS = 1.0
NOT_STARTED = -1  # in the place of a trainer's exit status
CPU_SECONDS = 0.05  # of work between two looks: more than an idle process uses

# A thread that waits gives its core away: engines and trainers share the machine.
ENVIRONMENT = {"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false", "OMP_WAIT_POLICY": "PASSIVE"}

log = structlog.get_logger()


def train(claim: Claim, stop: threading.Event, device: SharedDevice | None = None) -> None:
    """Train the claim's run to its end, a pause, its failure, or until `stop` is set or the claim is lost.

    A device that is shared is waited for, and kept until the trainer has ended.
    """
    try:
        student = _prepare(claim)
        status = 0 if student is None else _supervise(claim, student, stop, device or SharedDevice())
        if stop.is_set() and status != 0:
            give_up.hand_back(claim)
        else:
            _settle(claim, status)
    except LeaseLost as error:
        log.info("training let go", run=claim.run_id, reason=error.message)
    except BadInput as error:
        _refuse(claim, error)
    except Unavailable as error:  # the model hub, or the database
        give_up.wait(claim, error)
    except BurnishError as error:
        give_up.release(claim, error)


def has_room(run: Run) -> bool:
    """Whether the disk has room again for a run that paused for the lack of it: for a checkpoint, or for its pairs."""
    checkpoint = int(run.facts.get("checkpoint_bytes", 0) * settings().free_disk_factor)
    return artifacts.free_bytes(settings().data_dir) >= max(checkpoint, int(run.facts.get("room_wanted", 0)))


def _prepare(claim: Claim) -> Path | None:
    """The student's folder; None when an earlier attempt has made already what was asked for."""
    with transaction() as session:
        shards.guard(session, claim)
        run = runs.of_claim(session, claim)
        if _made(run):
            return None
        if move(session, Run, run.id, RunState.preparing):
            events.tell(session, project_id=run.project_id, subject=run.id, message="Preparing.")
    return model_folder(str(RunConfig.model_validate(run.config).student), param="student")


def _supervise(claim: Claim, student: Path, stop: threading.Event, device: SharedDevice) -> int:
    """Run the trainer's process group while the lease holds; its exit status. Raises LeaseLost."""
    with Beats() as beats, device:
        lease = beats.open(claim, stall_seconds=SILENCE_SECONDS)
        if not device.take(lease, stop):
            return NOT_STARTED
        process = launch(lambda: start_trainer(claim, student))
        try:
            _watch(process, lease, stop)
        finally:
            end_group(process)
            _clear(claim)
        return process.returncode


def start_trainer(claim: Claim, student: Path) -> "subprocess.Popen[bytes]":
    """This machine's processes of the claim's run, a group of their own under torchrun."""
    told = {"run": claim.run_id, "shard": claim.shard_id, "token": claim.token, "student": student}
    arguments = [text for name, value in told.items() for text in (f"--{name}", str(value))]
    return subprocess.Popen(
        [sys.executable, "-m", "trainer.launch", *arguments],
        cwd=ROOT,
        env=child_environment(ENVIRONMENT, data_dir=settings().data_dir.resolve()),
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )


def _watch(process: "subprocess.Popen[bytes]", lease: Lease, stop: threading.Event) -> None:
    """Return when the trainer has ended, or is to end. Raises LeaseLost."""
    signs = Signs(lease.claim, process.pid)
    looked = time.monotonic()
    while process.poll() is None and not stop.is_set():
        lease.check()
        if time.monotonic() - looked >= LOOK_SECONDS:
            looked = time.monotonic()
            if signs.moved():
                lease.moved()
        with suppress(subprocess.TimeoutExpired):
            process.wait(TICK_SECONDS)


def end_group(process: "subprocess.Popen[bytes]") -> None:
    """Ask the group to end, kill what is left of it, and reap its leader."""
    if process.poll() is None:
        _signal(process, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(GRACE_SECONDS)
    _signal(process, signal.SIGKILL)
    process.wait()


def _signal(process: "subprocess.Popen[bytes]", number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)


@dataclass
class Signs:
    """Signs of life of a trainer: what it wrote to the ledger, or that it computes."""

    claim: Claim
    pid: int
    told: Any = None
    told_at: float = field(default_factory=time.monotonic)
    computed: float = 0.0

    def moved(self) -> bool:
        """Whether there is a new one. Computing alone counts only for so long."""
        told, computed = self._told(), self._computed()
        if told != self.told:
            self.told, self.told_at = told, time.monotonic()
            return True
        busy = computed - self.computed > CPU_SECONDS
        self.computed = computed
        return busy and time.monotonic() - self.told_at < BUSY_SECONDS

    def _told(self) -> Any:
        try:
            with transaction() as session:
                run = runs.of_claim(session, self.claim)
                return run.state, run.step, run.facts
        except Unavailable:
            return self.told

    def _computed(self) -> float:
        """Processor seconds of the group."""
        try:
            leader = psutil.Process(self.pid)
            family = [leader, *leader.children(recursive=True)]
            return sum(sum(process.cpu_times()[:2]) for process in family)
        except psutil.NoSuchProcess:
            return self.computed


def _settle(claim: Claim, status: int) -> None:
    """The trainer has ended: evaluate what it made, or let another attempt go on.

    A pause, a failure and a cancel are in the ledger already and raise LeaseLost here.
    """
    for attempt in stamina.retry_context(on=Unavailable, attempts=None, timeout=settings().lease_seconds):
        with attempt, transaction() as session:
            shards.guard(session, claim)
            run = runs.of_claim(session, claim)
            if status == 0 and runs.dry_run(run) and _made(run):
                runs.looked(session, claim)
                return
            if status == 0 and _made(run):
                shards.finish(session, claim)
                evaluations.tuned_ready(session, run.id)
                return
            message = f"The trainer ended with status {status} at step {run.step}; its log says why."
            events.tell(session, project_id=run.project_id, subject=run.id, message=message, level="warn")
            recovery.release(session, claim, error=message)


def _made(run: Run) -> bool:
    """Whether the tuned model is written; of a dry run, whether its report is."""
    return runs.PREFLIGHT in run.facts if runs.dry_run(run) else run.artifact is not None


def _clear(claim: Claim) -> None:
    """Remove folders in which nothing was kept, as of a dry run, whose files have no names."""
    folder = settings().data_dir / "runs" / str(claim.run_id)
    for empty in (folder / f"attempt-{claim.token}", folder):
        with suppress(OSError):
            empty.rmdir()


def _refuse(claim: Claim, error: BadInput) -> None:
    """What was asked cannot be done: the run fails at once."""
    with suppress(LeaseLost), transaction() as session:
        shards.guard(session, claim)
        runs.stop_training(session, claim, RunState.failed, error=error.message)
        events.tell(
            session, project_id=claim.project_id, subject=str(claim.run_id), message=error.message, level="error"
        )
