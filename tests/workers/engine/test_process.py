"""Engines that die, hang, refuse to load, or are closed; every victim is shown to be dead."""

import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import CancelledError, Future
from pathlib import Path

import pytest

from core.errors import BadInput, EngineDied
from tests.factories.models import causal_model
from tests.factories.processes import group, wait_until
from workers.engine.frames import Frame
from workers.engine.process import EngineProcess, Patience

PATIENT = Patience(load=120, answer=120)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return causal_model(tmp_path_factory.mktemp("models") / "causal")


@pytest.fixture
def engine(folder: Path) -> Iterator[EngineProcess]:
    """A loaded engine, started by a thread that has ended since."""
    started: list[EngineProcess] = []
    thread = threading.Thread(target=lambda: started.append(start(folder)))
    thread.start()
    thread.join()
    started[0].ready()
    yield started[0]
    started[0].close()


def start(folder: Path, patience: Patience = PATIENT) -> EngineProcess:
    config = {"model": str(folder), "tokenizer": str(folder), "adapter": None, "dtype": "auto", "max_model_len": None}
    config |= {"stop": [2], "banned": [0, 1], "length": 361, "rows": 8}
    return EngineProcess("transformers", config, patience=patience, small=True)


def ask(engine: EngineProcess, seed: int = 0) -> "Future[Frame]":
    sampling = {"temperature": 1.0, "top_p": 1.0, "top_k": 0, "max_tokens": 20, "stop": []}
    return engine.ask({"prompt": [1, 10, 11, 12], "seed": seed, **sampling})


def dead(engine: EngineProcess) -> bool:
    return not group(engine.pid)


def test_an_engine_answers_many_forgets_what_was_cancelled_and_leaves_nothing_when_closed(
    engine: EngineProcess,
) -> None:
    os.killpg(engine.pid, signal.SIGSTOP)
    futures = [ask(engine, seed) for seed in range(20)]
    futures[3].cancel()
    os.killpg(engine.pid, signal.SIGCONT)
    answers = [future.result(60) for number, future in enumerate(futures) if number != 3]
    assert all(answer["finish"] in {"stop", "length"} for answer in answers)
    with pytest.raises(CancelledError):
        futures[3].result()
    assert ask(engine, 0).result(60) == answers[0]

    scratch, waiting = engine._scratch.folder, ask(engine)
    assert scratch.is_dir()
    engine.close()
    assert dead(engine)
    assert not scratch.exists()
    assert waiting.done()


def test_every_request_of_a_killed_engine_raises(engine: EngineProcess) -> None:
    os.killpg(engine.pid, signal.SIGSTOP)
    futures = [ask(engine, seed) for seed in range(5)]
    os.kill(engine.pid, signal.SIGKILL)
    for future in futures:
        with pytest.raises(EngineDied, match="-9"):
            future.result(30)
    assert dead(engine)
    with pytest.raises(EngineDied, match="load it again"):
        ask(engine).result(30)


def test_an_engine_that_gives_no_answer_is_killed(folder: Path) -> None:
    engine = start(folder, Patience(load=120, answer=1))
    engine.ready()
    os.killpg(engine.pid, signal.SIGSTOP)
    with pytest.raises(EngineDied, match="gave no answer for 1 s"):
        ask(engine).result(30)
    assert dead(engine)
    engine.close()


def test_an_engine_that_does_not_load_in_time_is_killed(folder: Path) -> None:
    engine = start(folder, Patience(load=0.1, answer=1))
    with pytest.raises(EngineDied, match=r"gave no answer for 0\.1 s"):
        engine.ready()
    assert dead(engine)
    engine.close()


def test_a_model_that_cannot_be_loaded_is_bad_input(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "config.json").write_text((folder / "config.json").read_text())
    engine = start(tmp_path)
    with pytest.raises(BadInput, match="cannot be loaded"):
        engine.ready()
    assert wait_until(lambda: dead(engine), seconds=10)
    engine.close()
