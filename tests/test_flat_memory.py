"""Memory does not follow the number of pairs: a dataset four times as large is listed, exported, filtered and imported
in the memory of the small one."""

import json
import os
import subprocess
import sys

from core.database import transaction
from core.settings import ROOT
from tests.factories.bulk import bulk

SMALL, LARGE = 1_200, 4_800
WORDS = 1_000  # in each side of a pair: 6 kB, so the large dataset has 43 MB more text than the small one
MOST = 24.0  # MiB: allocators keep some of their pages, those of Parquet most; whoever keeps the texts needs 43


def grown(*words: str) -> dict[str, float]:
    """MiB by piece of work, in a process of its own."""
    command = [sys.executable, "-m", "tests.factories.peaks", *words]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "BURNISH_LOG_LEVEL": "ERROR"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_memory_is_flat(database: str) -> None:
    with transaction() as session:
        small, large = bulk(session, SMALL, words=WORDS), bulk(session, LARGE, words=WORDS)
    exports = ("export-trl", "export-openai", "export-jsonl", "export-parquet")
    asked = [word for work in ("list", "filter", *exports[:3]) for word in (work, small, large)]
    asked += ["import", str(2 * SMALL), str(2 * LARGE), exports[3], small, large]
    found = grown(*asked)
    assert {name: mib for name, mib in found.items() if mib > MOST} == {}
