"""Randomness by name."""

import subprocess
import sys

from hypothesis import given
from hypothesis import strategies as st

from core.seeds import derive_seed
from core.settings import ROOT

NAMES = st.lists(st.text(st.characters(exclude_characters="\x1f")) | st.integers(), max_size=4)


@given(seed=st.integers(), names=NAMES)
def test_a_seed_is_a_number_that_fits_a_bigint(seed: int, names: list[str | int]) -> None:
    assert 0 <= derive_seed(seed, *names) < 2**63
    assert derive_seed(seed, *names) == derive_seed(seed, *names)


@given(names=NAMES, more=st.text(st.characters(exclude_characters="\x1f"), min_size=1))
def test_another_name_gives_another_seed(names: list[str | int], more: str) -> None:
    assert derive_seed(0, *names) != derive_seed(0, *names, more)
    assert derive_seed(0, *names) != derive_seed(1, *names)


def test_names_are_not_run_together() -> None:
    assert derive_seed(0, "ab", "c") != derive_seed(0, "a", "bc")
    assert derive_seed(1, 2) != derive_seed(12)


def test_seeds_are_the_same_in_every_process() -> None:
    code = "from core.seeds import derive_seed; print(derive_seed(7, 'chain', 3, 0))"
    told = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert int(told) == derive_seed(7, "chain", 3, 0)
