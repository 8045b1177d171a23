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


def test_a_browser_on_the_path_is_found(machine: Path) -> None:
    assert browser.installed() is None
    program(machine, "chromium", "exit 0")
    assert browser.installed() == str(machine / "chromium")
