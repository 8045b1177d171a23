"""An engine as its worker sees it: a child process that is asked over a socket and may die at any time."""

import itertools
import os
import queue
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from dataclasses import dataclass

from core.errors import BadInput, BurnishError, EngineDied
from core.settings import ROOT, child_environment
from workers.engine import scratch
from workers.engine.frames import BrokenFrame, Frame, Unpacker, pack
from workers.engine.launcher import launch

# Models are folders on disk: an engine never looks anything up, and it reports to nobody.
ENVIRONMENT = {
    "HF_HUB_OFFLINE": "1",
    "VLLM_NO_USAGE_STATS": "1",
    "VLLM_LOGGING_LEVEL": "WARNING",
    "DO_NOT_TRACK": "1",
    "VLLM_WORKER_MULTIPROC_METHOD": "spawn",  # spawned processes import `workers.engine.child`: see its first lines
    "TOKENIZERS_PARALLELISM": "false",
}
# A small model on the CPU: threads that wait for each other cost more than the work they share, the more so the
# busier the machine is; and vLLM's core runs it itself, where it would start a process that binds threads to cores.
SMALL = {"OMP_NUM_THREADS": "1", "VLLM_ENABLE_V1_MULTIPROCESSING": "0"}
TICK_MS = 500
CLOSE_SECONDS = 5.0
LOAD = 0  # the id under which the engine's readiness is awaited


@dataclass(frozen=True)
class Patience:
    """How long an engine may take, in seconds."""

    load: float
    answer: float


@dataclass(frozen=True)
class _Waiting:
    future: "Future[Frame]"
    deadline: float


class EngineProcess:
    """One engine in one child process. Thread-safe; answers come in any order."""

    def __init__(self, engine: str, config: Frame, *, patience: Patience, small: bool = False) -> None:
        """Start the child; `ready` waits for it. Raises EngineDied when it cannot even be started."""
        self._engine = engine
        self._patience = patience
        self._lock = threading.Lock()
        self._ids = itertools.count(1)
        self._waiting: dict[int, _Waiting] = {}
        self._dead: str | None = None
        self._closing = False
        self._outbox: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._ready = self._expect(LOAD, patience.load)
        self._socket, far = socket.socketpair()
        try:
            self._scratch = scratch.make()
            self._process = launch(lambda: _start(engine, far, self._environment(small)))
        except OSError as error:
            raise EngineDied(f"The {engine} engine could not be started: {error}.") from error
        finally:
            far.close()
        self._outbox.put(pack(config))
        self._threads = [
            threading.Thread(target=target, name=f"engine-{target.__name__.strip('_')}", daemon=True)
            for target in (self._listen, self._send)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def pid(self) -> int:
        """Process id of the child, which is its process group too."""
        return self._process.pid

    def ready(self) -> Frame:
        """Wait until the engine is loaded and return the facts it states. Raises EngineDied, or BadInput."""
        return self._ready.result()

    def ask(self, request: Frame) -> "Future[Frame]":
        """Send a request. The answer raises EngineDied, or BadInput; cancelling it stops the engine's work on it."""
        number = next(self._ids)
        future = self._expect(number, self._patience.answer)
        future.add_done_callback(lambda done: self._forget(number) if done.cancelled() else None)
        self._outbox.put(pack({"id": number, "ask": request}))
        return future

    def close(self) -> None:
        """Let the engine end, and kill its process group when it does not do so at once."""
        self._closing = True
        self._outbox.put(pack({"close": True}))
        listener, sender = self._threads
        listener.join(CLOSE_SECONDS)  # it ends when the engine does
        self._end("was closed")
        listener.join()
        sender.join()
        self._socket.close()
        self._scratch.close()

    def _environment(self, small: bool) -> dict[str, str]:
        """What the child finds; engines leave sockets and files of theirs in the scratch folder."""
        folder = str(self._scratch.folder)
        places = {"TMPDIR": folder, "VLLM_RPC_BASE_PATH": folder}
        return child_environment({**ENVIRONMENT, **places, **(SMALL if small else {})})

    def _expect(self, number: int, seconds: float) -> "Future[Frame]":
        future: Future[Frame] = Future()
        with self._lock:
            if self._dead is None:
                self._waiting[number] = _Waiting(future, time.monotonic() + seconds)
                return future
        future.set_exception(EngineDied(f"The {self._engine} engine {self._dead}; load it again."))
        return future

    def _forget(self, number: int) -> None:
        with self._lock:
            self._waiting.pop(number, None)
        self._outbox.put(pack({"id": number, "abort": True}))

    def _send(self) -> None:
        while (data := self._outbox.get()) is not None:
            try:
                self._socket.sendall(data)
            except OSError:  # the listener sees the end too, and says why
                return

    def _listen(self) -> None:
        unpacker, poll = Unpacker(), select.poll()
        poll.register(self._socket, select.POLLIN)
        while self._dead is None:
            if poll.poll(TICK_MS):
                self._receive(unpacker)
            self._check_deadlines()

    def _receive(self, unpacker: Unpacker) -> None:
        try:
            data = self._socket.recv(1 << 20)
            frames = unpacker.feed(data)
        except (OSError, BrokenFrame) as error:
            self._end(f"broke its connection: {error}")
            return
        for frame in frames:
            self._deliver(frame)
        if not data:
            self._end("ended by itself")

    def _deliver(self, frame: Frame) -> None:
        with self._lock:
            waiting = self._waiting.pop(frame.get("id", LOAD), None)
        if waiting is None:
            return
        error = _error(self._engine, frame)
        with suppress(InvalidStateError):  # cancelled meanwhile
            if error is None:
                waiting.future.set_result(frame["answer"])
            else:
                waiting.future.set_exception(error)

    def _check_deadlines(self) -> None:
        now = time.monotonic()
        with self._lock:
            late = next((number for number, waiting in self._waiting.items() if waiting.deadline < now), None)
        if late is not None:
            seconds = self._patience.load if late == LOAD else self._patience.answer
            self._end(f"gave no answer for {seconds:g} s")

    def _end(self, how: str) -> None:
        """Kill the group, then tell everybody who waits."""
        with self._lock:
            if self._dead is None:
                # Before it is reaped: until then its id is not given to anybody else.
                with suppress(ProcessLookupError):
                    os.killpg(self._process.pid, signal.SIGKILL)
                status = self._process.wait()
                self._dead = how if self._closing else f"{how} (exit status {status})"
            waiting, self._waiting = list(self._waiting.values()), {}
        self._outbox.put(None)
        for one in waiting:
            with suppress(InvalidStateError):
                one.future.set_exception(EngineDied(f"The {self._engine} engine {self._dead}; load it again."))


def _start(engine: str, channel: socket.socket, environment: Mapping[str, str]) -> "subprocess.Popen[bytes]":
    descriptor = channel.fileno()
    return subprocess.Popen(
        [sys.executable, "-m", "workers.engine.child", engine, str(descriptor), str(os.getpid())],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        pass_fds=(descriptor,),
        start_new_session=True,  # a Ctrl-C in the terminal is the worker's to handle
    )


def _error(engine: str, frame: Frame) -> BurnishError | None:
    if "bad_input" in frame:
        return BadInput(frame["bad_input"], param=frame.get("param"))
    if "died" in frame:
        return EngineDied(f"The {engine} engine failed: {frame['died']}")
    return None
