"""The benchmark of a GPU at a small size on a CPU, and its table."""

import json
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import torch

from bench import gpu_trainer
from bench.agreement import agree_when_rounded, move
from bench.alone import Work, apart, measured
from bench.ours import ours
from bench.setting import Setting
from bench.shapes import SHAPES, make
from trainer.batches import MicroBatch, Reference
from trainer.cutting import Cutting
from trainer.encoded_pair import EncodedPair


@dataclass(frozen=True)
class Losing:
    """A way to cut that loses half of the pairs."""

    whole: Cutting

    @property
    def pad(self) -> int:
        """As it was."""
        return self.whole.pad

    def batches(self, pairs: list[EncodedPair], reference: Reference) -> list[MicroBatch]:
        """Those of the first half."""
        return self.whole.batches(pairs[: len(pairs) // 2], reference)


SMALL = ["--size", "tiny", "--device", "cpu", "--sets", "short", "--batch", "4", "--batches", "2", "--steps", "1"]


def test_both_sides_are_measured_and_told_in_a_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = [*SMALL, "--rounds", "2", "--peers", "best", "--results", str(tmp_path)]
    gpu_trainer.main(arguments, start=measured)  # in this process: to start four costs half a minute
    told = json.loads((tmp_path / "gpu-trainer.json").read_text())
    summary = told["summary"]
    assert set(summary) == {
        "best/tiny/short", "same/tiny/short", "memory/best/tiny/short", "rate/ours/tiny/short", "rate/best/tiny/short",
    }  # fmt: skip
    rates, memory = summary["rate/ours/tiny/short"], summary["memory/best/tiny/short"]
    assert rates["tokens_per_second"] > rates["pairs_per_second"] > 0
    assert rates["teraflops"] > 0
    assert memory["ratio"] == pytest.approx(memory["ours_mib"] / memory["other_mib"])
    assert [row["units"] for row in told["rows"]] == [8] * 6  # two windows of a batch each, two rounds, ours twice, TRL
    lines = capsys.readouterr().out.splitlines()[-3:]
    assert [line.split()[:2] for line in lines[1:]] == [["tiny/short", "ours"], ["tiny/short", "best"]]


def test_a_side_has_a_process_of_its_own(tmp_path: Path) -> None:
    cpu = torch.device("cpu")
    setting = Setting(make(SHAPES["tiny"], tmp_path, device=cpu), "short", 4, 2, cpu)
    told = apart(setting, Work("ours", micro=1, steps=1, windows=2))
    assert [window["units"] for window in told["windows"]] == [4, 4]
    assert told["micro"] == 1
    assert told["peak_mib"] > 0


def test_in_bfloat16_our_gradient_is_as_near_as_that_of_plain_rows(tmp_path: Path) -> None:
    cpu = torch.device("cpu")
    folder = make(SHAPES["tiny"], tmp_path, device=cpu)
    exact, rounded = (ours(Setting(folder, "short", 4, 1, cpu, dtype)) for dtype in ("float32", "bfloat16"))
    assert agree_when_rounded(exact, exact) == {}
    move([exact.student.model, rounded.student.model])
    told = agree_when_rounded(exact, rounded)
    assert 0 < told["ours"] < 1e-2
    assert 0 < told["rows"] < 1e-2
    with pytest.raises(SystemExit, match="further off"):
        agree_when_rounded(exact, replace(rounded, cutting=Losing(rounded.cutting)))


def test_the_table_tells_mfu_only_where_the_peak_is_known() -> None:
    rate = {"pairs_per_second": 1.0, "tokens_per_second": 1234.0, "teraflops": 1.0, "peak_mib": 2000.0}
    summary = {
        "rate/ours/a/b": rate | {"mfu": 0.415, "peak_mib": 1000.0},
        "rate/best/a/b": rate,
        "best/a/b": {"ratio": 2.0, "low": 1.9, "high": 2.1},
    }
    ours, best = gpu_trainer.table(summary, ["a/b"]).splitlines()[1:]
    assert ours.split() == ["a/b", "ours", "1,234", "41.5%", "1,000"]
    assert best.split() == ["a/b", "best", "1,234", "-", "2.00", "(1.90", "-", "2.10)", "2,000"]
