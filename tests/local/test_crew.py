"""The crew on real processes. Each crew lives in a process of its own: it takes over signals and adopts orphans."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from core.settings import ROOT

CREW = """
import sys
from local.console import Screen
from local.crew import Crew, Member
from local.services import Service
from core.settings import child_environment

with Crew(Screen(), child_environment()) as crew:
    for number, code in enumerate(sys.argv[1:]):
        crew.add(Member(Service(f"p{number}", "cyan", (sys.executable, "-c", code))))
    crew.until(lambda: False)
"""
NOTE = "import os, sys; open({file!r}, 'a').write(f'{{os.getpid()}}\\n'); "
SLEEP = "import time; time.sleep(600)"
DEAF = "import signal; [signal.signal(n, signal.SIG_IGN) for n in (signal.SIGTERM, signal.SIGINT)]; "


@contextmanager
def crew(*codes: str) -> Iterator["subprocess.Popen[str]"]:
    """A crew of Python one-liners; killed at the end of the block if it still runs."""
    command = [sys.executable, "-c", CREW, *codes]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def until(fact: Callable[[], bool], *, seconds: float = 30.0) -> None:
    """Return when the fact holds; fails when it does not in time."""
    deadline = time.monotonic() + seconds
    while not fact():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def pids(file: Path) -> list[int]:
    """The process ids that wrote themselves into a file."""
    return [int(line) for line in file.read_text().splitlines()] if file.exists() else []


def gone(process_ids: list[int]) -> bool:
    """Whether none of the processes is there any more (a zombie counts as gone)."""
    living = [psutil.Process(pid) for pid in process_ids if psutil.pid_exists(pid)]
    return all(process.status() == psutil.STATUS_ZOMBIE for process in living)


def note(file: Path) -> str:
    """Code that writes its process id into a file."""
    return NOTE.format(file=str(file))


def test_a_process_that_ends_is_started_again(tmp_path: Path) -> None:
    with crew(note(tmp_path / "pids") + "sys.exit(3)") as launcher:
        until(lambda: len(pids(tmp_path / "pids")) >= 3)
        launcher.send_signal(signal.SIGTERM)
        said, _ = launcher.communicate(timeout=20)
    assert "p0 ended with status 3; it starts again in 0.5 s" in said
    assert "p0 ended with status 3; it starts again in 1 s" in said
    assert launcher.returncode == 0


def test_a_killed_process_is_started_again(tmp_path: Path) -> None:
    file = tmp_path / "pids"
    with crew(note(file) + SLEEP) as launcher:
        until(lambda: len(pids(file)) == 1)
        os.kill(pids(file)[0], signal.SIGKILL)
        until(lambda: len(pids(file)) == 2)
        assert gone(pids(file)[:1])
        launcher.send_signal(signal.SIGINT)
        assert launcher.wait(20) == 0
    assert gone(pids(file))


def test_lines_are_shown_under_the_name_of_their_process(tmp_path: Path) -> None:
    file = tmp_path / "pids"
    with crew(
        "print('from one', flush=True);" + SLEEP, "print('from two', flush=True);" + note(file) + SLEEP
    ) as launcher:
        until(lambda: len(pids(file)) == 1)
        launcher.send_signal(signal.SIGINT)
        said, _ = launcher.communicate(timeout=20)
    lines = [line.split() for line in said.splitlines()]
    assert ["p0", "from", "one"] in lines
    assert ["p1", "from", "two"] in lines


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_one_signal_stops_all(number: signal.Signals, tmp_path: Path) -> None:
    file = tmp_path / "pids"
    with crew(note(file) + SLEEP, note(file) + SLEEP) as launcher:
        until(lambda: len(pids(file)) == 2)
        launcher.send_signal(number)
        assert launcher.wait(20) == 0
    assert gone(pids(file))


def test_a_process_that_does_not_listen_is_killed(tmp_path: Path) -> None:
    file = tmp_path / "pids"
    with crew(DEAF + note(file) + SLEEP) as launcher:
        until(lambda: len(pids(file)) == 1)
        launcher.send_signal(signal.SIGINT)
        assert launcher.wait(20) == 0
    assert gone(pids(file))


def family(file: Path) -> str:
    """A process with a deaf grandchild in a session of its own."""
    grandchild = note(file) + DEAF + SLEEP
    begin = f"subprocess.Popen([sys.executable, '-c', {grandchild!r}], start_new_session=True)"
    return f"import subprocess, sys; {begin}; {SLEEP}"


def test_nothing_that_a_process_started_outlives_the_crew(tmp_path: Path) -> None:
    file = tmp_path / "pids"
    with crew(family(file)) as launcher:
        until(lambda: len(pids(file)) == 1)
        launcher.send_signal(signal.SIGINT)
        assert launcher.wait(20) == 0
    assert gone(pids(file))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux hands orphans to the launcher")
def test_what_a_killed_process_left_behind_is_ended_while_the_crew_goes_on(tmp_path: Path) -> None:
    file, parent = tmp_path / "pids", tmp_path / "parent"
    with crew(note(parent) + family(file)) as launcher:
        until(lambda: len(pids(file)) == 1)
        os.kill(pids(parent)[0], signal.SIGKILL)
        until(lambda: gone(pids(file)[:1]))
        assert launcher.poll() is None
        launcher.send_signal(signal.SIGINT)
        assert launcher.wait(20) == 0


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has the parent-death signal")
def test_a_killed_launcher_takes_its_processes_with_it(tmp_path: Path) -> None:
    file = tmp_path / "pids"
    with crew(DEAF + note(file) + SLEEP, note(file) + SLEEP) as launcher:
        until(lambda: len(pids(file)) == 2)
        launcher.kill()
        until(lambda: gone(pids(file)))
