"""Whether a harness may be believed."""

import pytest

from bench.ratio import unusable


def test_a_side_that_is_not_as_quick_as_itself_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    figures = {"same": {"ratio": 1.031}, "same/cpu": {"ratio": 0.971}, "best": {"ratio": 3.0}}
    assert unusable(figures, ["same", "same/cpu"]) == ["same"]
    assert "same is 1.031, not 1.00" in capsys.readouterr().err
