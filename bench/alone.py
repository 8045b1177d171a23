"""One side in a process of its own: its memory is its own. It prints its windows and its peak as one line of JSON.

`bench.trainer` and `bench.gpu_trainer` start it; `device` is where it trains.
"""

import argparse
import json
import subprocess
import sys
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch

from bench.ours import Ours, ours
from bench.peer import peer, swept
from bench.rotation import Rotation, Step
from bench.setting import Setting

MIB = 1 << 20
STATUS, RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")
Told = dict[str, Any]


@dataclass(frozen=True)
class Work:
    """What a process is asked for: a side, the pairs of its micro-batch if not all of the batch, and its windows."""

    side: str  # ours, default, best
    micro: int
    steps: int
    windows: int


def apart(setting: Setting, work: Work) -> Told:
    """Start the process, wait for it, and return what it says. Raises SystemExit with its words where it fails."""
    asked = {**asdict(setting), "folder": str(setting.folder), "device": str(setting.device), **asdict(work)}
    command = [sys.executable, "-W", "ignore", "-m", "bench.alone", json.dumps(asked)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{work.side} on {setting.name!r} failed:\n{done.stderr[-2000:]}")
    told: Told = json.loads(done.stdout.splitlines()[-1])
    return told


def side(setting: Setting, work: Work) -> tuple[Step, int]:
    """A side's step, and the pairs of its micro-batch; 0: TRL's quickest, or as ours fills them."""
    if work.side == "ours":
        own: Ours = ours(setting)
        return replace(own, cutting=replace(own.cutting, size=work.micro or None)).step, work.micro
    other = peer(setting, best=work.side == "best")
    other = replace(other, micro=work.micro) if work.micro else swept(other)
    return other.step, other.micro


def measured(setting: Setting, work: Work) -> Told:
    """Load the side and let it work: windows, and the peak of memory while it trained, in MiB."""
    before = held(setting.device)
    step, micro = side(setting, work)
    rotation = Rotation(work.steps, setting.batch, setting.device)
    forget_peak(setting.device)
    rotation.window(step, 0)
    windows = [asdict(rotation.window(step, number)) for number in range(work.windows)]
    return {"windows": windows, "micro": micro, "peak_mib": peak(setting.device) - before}


def held(device: torch.device) -> float:
    """Memory of this process now, MiB: on a GPU what its tensors take, else what is resident."""
    return torch.cuda.memory_allocated(device) / MIB if device.type == "cuda" else _status("VmRSS")


def peak(device: torch.device) -> float:
    """The most of it since `forget_peak`."""
    return torch.cuda.max_memory_allocated(device) / MIB if device.type == "cuda" else _status("VmHWM")


def forget_peak(device: torch.device) -> None:
    """Let the peak begin anew."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    else:
        RESET.write_text("5")  # see proc(5)


def _status(name: str) -> float:
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith(f"{name}:"))
    return int(line.split()[1]) / 1024


def main() -> None:
    """Read what is asked for, which is the argument, and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("asked", type=json.loads)
    asked = parser.parse_args().asked
    work = Work(**{name: asked.pop(name) for name in Work.__annotations__})
    setting = Setting(**asked | {"folder": Path(asked["folder"]), "device": torch.device(asked["device"])})
    print(json.dumps(measured(setting, work)))


if __name__ == "__main__":
    main()
