"""A judge on real engines: where the engine binds its words they can be read, where it cannot they are kept."""

import asyncio
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from core.configs.behavior import Rubric
from core.configs.reward import RewardConfig
from core.configs.sampling import Sampling
from core.configs.teacher import EngineName
from tests.absence import may_skip
from tests.factories.models import causal_model
from workers.rewards.judge import Judge, load_judge
from workers.rewards.reward import Answer, Missing

SAMPLING = Sampling(temperature=0.0, max_tokens=128)
RUBRIC = Rubric(instruction="Is the answer right?", minimum=-5, maximum=5)
LONG = Rubric(instruction="Is the answer right? " * 500, minimum=-5, maximum=5)
ANSWERS = [
    Answer(({"role": "user", "content": "may i keep your ladder?"},), text, expect=None, guard=False, rubric=RUBRIC)
    for text in ("no you may not", "yes you may", "i am sorry i will not help with that")
]
Loaded = tuple[asyncio.Runner, Judge]


def config(engine: EngineName, folder: Path, *, pairwise: bool = False) -> RewardConfig:
    return RewardConfig(kind="judge", engine=engine, model=str(folder), pairwise=pairwise, sampling=SAMPLING)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of random weights that can spell anything and understands nothing."""
    return causal_model(tmp_path_factory.mktemp("models") / "judge", context=2048)


@pytest.fixture(scope="module")
def in_vllm(folder: Path) -> Iterator[Loaded]:
    yield from judge("vllm", folder)


@pytest.fixture(scope="module")
def in_transformers(folder: Path) -> Iterator[Loaded]:
    yield from judge("transformers", folder)


def judge(engine: EngineName, folder: Path) -> Iterator[Loaded]:
    with asyncio.Runner() as runner:
        one = runner.run(load_judge(config(engine, folder)))
        yield runner, one
        runner.run(one.close())


@pytest.mark.skipif(find_spec("vllm") is None and may_skip(), reason="vLLM is not installed here")
def test_on_vllm_every_verdict_of_a_model_that_understands_nothing_can_be_read(in_vllm: Loaded, folder: Path) -> None:
    runner, one = in_vllm
    verdicts = runner.run(one.score(ANSWERS, seed=1))
    for verdict in verdicts:
        assert isinstance(verdict.value, float), verdict
        assert -5.0 <= verdict.value <= 5.0
        assert verdict.raw is not None
        assert "Score:" in verdict.raw.splitlines()[-1]
        assert 0 < verdict.spent.tokens <= SAMPLING.max_tokens < verdict.spent.prompt_tokens
    assert runner.run(one.score(ANSWERS, seed=1)) == verdicts
    compared = Judge(config("vllm", folder, pairwise=True), one.teacher)
    draft, *others = runner.run(compared.score(ANSWERS, seed=1))
    assert {verdict.value for verdict in others} <= {0.0, 0.5, 1.0}
    assert draft.value == pytest.approx(sum(1 - verdict.value for verdict in others) / 2)  # type: ignore[operator]


def test_on_an_engine_that_answers_freely_what_cannot_be_read_is_missing_with_its_words(
    in_transformers: Loaded,
) -> None:
    runner, one = in_transformers
    for verdict in runner.run(one.score(ANSWERS, seed=1)):
        assert verdict.value in (Missing("unparsed"), Missing("truncated"))
        assert verdict.raw
        assert verdict.spent.tokens > 0
    long = [Answer(ANSWERS[0].messages, "yes", expect=None, guard=False, rubric=LONG)]
    [verdict] = runner.run(one.score(long, seed=1))
    assert (verdict.value, verdict.raw, verdict.spent.tokens) == (Missing("too_long"), None, 0)
