"""What `make setup` chooses, and what `make browser` finds."""

import platform
import sys
from pathlib import Path

import pytest

from core.settings import ROOT
from local import browser, install


def program(folder: Path, name: str, lines: str) -> None:
    """A small shell program."""
    file = folder / name
    file.write_text(f"#!/bin/sh\n{lines}\n")
    file.chmod(0o755)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Linux on x86-64 whose programs are those of one folder."""
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def test_a_machine_with_an_nvidia_gpu_gets_vllm_for_cuda(machine: Path) -> None:
    program(machine, "nvidia-smi", "echo 'GPU 0: NVIDIA H200 (UUID: GPU-1)'")
    assert install.choose() == install.CUDA


@pytest.mark.parametrize("lines", ["exit 9", "echo 'No devices were found'"])
def test_a_driver_without_a_gpu_does_not_count(lines: str, machine: Path) -> None:
    program(machine, "nvidia-smi", lines)
    assert install.choose() == install.CPU


def test_linux_without_a_gpu_gets_vllm_for_the_cpu(machine: Path) -> None:
    assert install.choose() == install.CPU


@pytest.mark.parametrize(("system", "processor"), [("darwin", "arm64"), ("linux", "aarch64")])
def test_other_machines_get_no_vllm(
    system: str, processor: str, machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(platform, "machine", lambda: processor)
    assert install.choose() == install.PLAIN


@pytest.mark.parametrize("choice", [install.CUDA, install.CPU, install.PLAIN])
def test_a_choice_names_what_exists(choice: install.Choice) -> None:
    assert (ROOT / choice.constraints).exists()
    assert f"\n{choice.extra} = [" in (ROOT / "pyproject.toml").read_text()


def test_the_fingerprint_tells_choices_apart() -> None:
    assert len({install.fingerprint(choice) for choice in (install.CUDA, install.CPU, install.PLAIN)}) == 3


class Index:
    """Notes what pip is asked for; the index that is configured lacks what `lacks` says."""

    def __init__(self, *, lacks: str) -> None:
        self.lacks = lacks
        self.asked: list[tuple[str, ...]] = []
        self.constraints: list[str | None] = []

    def pip(self, *arguments: str, constraints: str | None = None) -> bool:
        self.asked.append(arguments)
        self.constraints.append(constraints)
        elsewhere = "--extra-index-url" in arguments
        return self.lacks == "nothing" or (self.lacks == "the build" and elsewhere)


@pytest.mark.parametrize("lacks", ["nothing", "the build"])
def test_torch_for_the_cpu_comes_from_the_configured_index_or_else_from_pytorchs_own(
    lacks: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    index = Index(lacks=lacks)
    monkeypatch.setattr(install, "pip", index.pip)
    install.install_cpu_torch("constraints.txt")
    said = capsys.readouterr().out
    assert [arguments[1].endswith("+cpu") for arguments in index.asked] == [True] * len(index.asked)
    assert set(index.constraints) == {"constraints.txt"}
    if lacks == "nothing":
        assert (len(index.asked), said) == (1, "")
    else:
        assert [arguments[2:] for arguments in index.asked] == [(), ("--extra-index-url", install.TORCH_CPU_INDEX)]
        assert "the package index has no torch" in said


def test_without_torch_anywhere_the_setup_ends_with_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(install, "pip", Index(lacks="everything").pip)
    with pytest.raises(SystemExit, match="could not be installed"):
        install.install_cpu_torch("constraints.txt")


def test_constraints_hold_for_what_packages_are_built_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bin").mkdir()
    told = tmp_path / "told"
    program(tmp_path / "bin", "python", f'echo "$PIP_CONSTRAINT" "$PIP_BUILD_CONSTRAINT" "$@" > {told}')
    monkeypatch.setattr(install, "VENV", tmp_path)
    assert install.pip("install", "x", constraints="constraints.txt")
    assert told.read_text().split()[:2] == ["constraints.txt", "constraints.txt"]
    assert told.read_text().split()[-2:] == ["install", "x"]


def test_a_browser_on_the_path_is_found(machine: Path) -> None:
    assert browser.installed() is None
    program(machine, "chromium", "exit 0")
    assert browser.installed() == str(machine / "chromium")
