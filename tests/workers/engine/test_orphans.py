"""Nothing of an engine outlives its worker, or its own process, for ten seconds (fault F2)."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.settings import ROOT
from tests.factories.models import causal_model
from tests.factories.processes import group, wait_until
from workers.teachers import choose_engine

# A worker: it loads an engine each time it is told to, prints the engine's process id, and says how a request ended.
WORKER = """
import asyncio, sys
from core.configs.sampling import Sampling
from core.configs.teacher import ModelConfig
from core.errors import EngineDied
from workers.teachers import load_teacher

async def ask(teacher):
    conversation = teacher.open([{"role": "user", "content": "Name the capital of France."}])
    await teacher.answer(conversation, sampling=Sampling(max_tokens=8), seed=0)

async def main():
    for line in sys.stdin:
        engine, model = line.split()
        teacher = await load_teacher(ModelConfig(engine=engine, model=model))
        await ask(teacher)
        print(teacher.pid, flush=True)
        sys.stdin.readline()
        try:
            await ask(teacher)
        except EngineDied as error:
            print(error, flush=True)
        await teacher.close()

asyncio.run(main())
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return causal_model(tmp_path_factory.mktemp("models") / "causal")


@pytest.fixture
def worker() -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-c", WORKER]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


def tell(worker: "subprocess.Popen[str]", line: str) -> str:
    assert worker.stdin is not None
    assert worker.stdout is not None
    worker.stdin.write(line + "\n")
    worker.stdin.flush()
    return worker.stdout.readline().strip()


def test_no_engine_outlives_a_killed_engine_process_or_a_killed_worker(
    folder: Path, worker: "subprocess.Popen[str]"
) -> None:
    engine = choose_engine("auto")
    first = int(tell(worker, f"{engine} {folder}"))
    grown = len(group(first))
    assert grown >= (2 if engine == "vllm" else 1)  # vLLM's core is a process of its own
    os.kill(first, signal.SIGKILL)
    assert wait_until(lambda: not group(first), seconds=10)
    assert "load it again" in tell(worker, "go on")

    second = int(tell(worker, f"{engine} {folder}"))
    assert len(group(second)) == grown
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()
    assert wait_until(lambda: not group(second), seconds=10)
