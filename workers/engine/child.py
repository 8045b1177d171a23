"""The engine's own process: `python -m workers.engine.child <engine> <descriptor> <worker's process id>`.

It serves the socket until the worker closes it, says "close", or dies; then its whole process group is gone.
"""

import asyncio
import importlib
import os
import queue
import socket
import sys
import threading
import traceback
from typing import NoReturn, Protocol

from core.errors import BadInput
from workers.engine.death import die_with, die_with_group, end_group
from workers.engine.frames import Frame, Unpacker, pack

if __name__ == "__mp_main__":  # a process that the engine spawns imports this file first
    die_with_group()

# The modules are named, not imported: each brings in an engine of its own, and only one is wanted.
ENGINES = {
    "vllm": "workers.teachers.vllm_engine",
    "transformers": "workers.teachers.transformers_engine",
    "classifier": "workers.rewards.transformers_scorer",
    "vllm-classifier": "workers.rewards.vllm_scorer",
}


class Engine(Protocol):
    """What a module in `ENGINES` offers: `load(config) -> Engine`."""

    facts: Frame

    async def answer(self, request: Frame) -> Frame:
        """Answer one request; many are under way at once. Raises BadInput for a request it cannot serve."""
        ...

    def close(self) -> None:
        """Let go of everything."""
        ...


class Serving:
    """One engine behind one socket."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._inbox: asyncio.Queue[Frame] = asyncio.Queue()
        self._outbox: queue.SimpleQueue[Frame] = queue.SimpleQueue()
        self._writing = threading.Lock()

    async def run(self, name: str) -> None:
        """Load the engine the first frame asks for, and answer until "close"."""
        loop = asyncio.get_running_loop()
        threading.Thread(target=self._read, args=(loop,), name="engine-inbox", daemon=True).start()
        threading.Thread(target=self._write, name="engine-outbox", daemon=True).start()
        config = await self._inbox.get()
        engine = self._load(name, config)
        self._outbox.put({"id": 0, "answer": engine.facts})
        while not (frame := await self._inbox.get()).get("close"):
            self._take(engine, frame)
        engine.close()

    def _load(self, name: str, config: Frame) -> Engine:
        try:
            loaded: Engine = importlib.import_module(ENGINES[name]).load(config)
        except BadInput as error:
            self._fail({"id": 0, "bad_input": error.message, "param": error.param})
        except Exception as error:  # noqa: BLE001 - the edge that reports a failed load to the worker
            self._fail({"id": 0, "died": _told(error)})
        return loaded

    def _take(self, engine: Engine, frame: Frame) -> None:
        number = frame["id"]
        if "abort" in frame:
            if number in self._tasks:
                self._tasks[number].cancel()
            return
        task = asyncio.create_task(self._answer(engine, number, frame["ask"]))
        self._tasks[number] = task
        task.add_done_callback(lambda _: self._tasks.pop(number, None))

    async def _answer(self, engine: Engine, number: int, request: Frame) -> None:
        try:
            self._outbox.put({"id": number, "answer": await engine.answer(request)})
        except BadInput as error:
            self._outbox.put({"id": number, "bad_input": error.message, "param": error.param})
        except Exception as error:  # noqa: BLE001 - the edge that reports it: an engine that failed once is not trusted again
            self._fail({"id": number, "died": _told(error)})

    def _fail(self, frame: Frame) -> NoReturn:
        """Say why, and end with everything that was started."""
        self._send(frame)
        end_group()

    def _read(self, loop: asyncio.AbstractEventLoop) -> None:
        """Runs while the engine loads, too: a closed socket ends the process at any time."""
        unpacker = Unpacker()
        while data := _receive(self._channel):
            for frame in unpacker.feed(data):
                loop.call_soon_threadsafe(self._inbox.put_nowait, frame)
        end_group()

    def _write(self) -> None:
        while True:
            self._send(self._outbox.get())

    def _send(self, frame: Frame) -> None:
        with self._writing:
            self._channel.sendall(pack(frame))


def _receive(channel: socket.socket) -> bytes:
    try:
        return channel.recv(1 << 20)
    except OSError:
        return b""


def _told(error: Exception) -> str:
    traceback.print_exception(error)
    return f"{type(error).__name__}: {error}"[:2000]


def main() -> None:
    """Serve one engine."""
    name, descriptor, worker = sys.argv[1:]
    die_with(int(worker))
    os.dup2(2, 1)  # what engines print is log
    os.set_inheritable(int(descriptor), False)
    asyncio.run(Serving(socket.socket(fileno=int(descriptor))).run(name))
    end_group()


if __name__ == "__main__":
    main()
