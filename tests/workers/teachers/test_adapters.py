"""A LoRA adapter as a teacher in both engines, with settings of its own, and answers that are bound to a shape."""

import asyncio
import json
import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from peft import PeftModel
from transformers import AutoModelForCausalLM

from core.configs.sampling import Sampling
from core.configs.teacher import ModelConfig
from core.errors import BadInput
from tests.absence import may_skip
from tests.conftest import forget_settings
from tests.factories.models import causal_model, lora_adapter, write_tokenizer
from workers.teachers import load_teacher
from workers.teachers.identity import identify
from workers.teachers.served import ServedTeacher
from workers.teachers.teacher import Shape, Turn

CONTEXT = 200  # tokens that the operator allows; the model would take 512
GREEDY = Sampling(temperature=0, max_tokens=24)
QUESTIONS = ("Name the capital of France.", "Explain what is wrong.", "Help me, please.")
VERDICT = {
    "type": "object",
    "properties": {"verdict": {"enum": ["A", "B", "tie"]}, "score": {"type": "integer", "minimum": 1, "maximum": 5}},
    "required": ["verdict", "score"],
    "additionalProperties": False,
}
vllm = pytest.mark.skipif(find_spec("vllm") is None and may_skip(), reason="vLLM is not installed here")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """`base`, its adapter `tuned`, and `merged`: both in one."""
    folder = tmp_path_factory.mktemp("models")
    causal_model(folder / "base")
    lora_adapter(folder / "tuned", base=folder / "base", name="base")
    adapted = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(folder / "base"), folder / "tuned")
    adapted.merge_and_unload().save_pretrained(folder / "merged")
    write_tokenizer(folder / "merged")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BURNISH_MODEL_ROOTS", json.dumps([str(folder)]))
        patch.setenv("BURNISH_MODELS", json.dumps({"tuned": {"dtype": "float32", "max_model_len": CONTEXT}}))
        forget_settings()
        yield folder
    forget_settings()


def load(engine: Any, model: str) -> ServedTeacher:
    """The model in its engine."""
    teacher = asyncio.run(load_teacher(ModelConfig(engine=engine, model=model)))
    assert isinstance(teacher, ServedTeacher)
    return teacher


@pytest.fixture(scope="module")
def plain(root: Path) -> dict[str, list[Turn]]:
    """What the base and the merged model answer."""
    found = {}
    for model in ("base", "merged"):
        teacher = load("transformers", model)
        found[model] = answers(teacher)
        asyncio.run(teacher.close())
    return found


@pytest.fixture(scope="module", params=["transformers", pytest.param("vllm", marks=vllm)])
def tuned(request: pytest.FixtureRequest, root: Path) -> Iterator[ServedTeacher]:
    """The adapter, served with its base."""
    teacher = load(request.param, "tuned")
    yield teacher
    asyncio.run(teacher.close())


def answers(teacher: ServedTeacher) -> list[Turn]:
    """Two turns to each question, the likeliest ones."""

    async def ask(question: str) -> list[Turn]:
        first = teacher.open([{"role": "user", "content": question}])
        one = await teacher.answer(first, sampling=GREEDY, seed=0)
        return [one, await teacher.answer(teacher.follow(first, one, "Again."), sampling=GREEDY, seed=0)]

    async def everything() -> list[Turn]:
        return [turn for turns in await asyncio.gather(*map(ask, QUESTIONS)) for turn in turns]

    return asyncio.run(everything())


def test_an_adapter_answers_as_the_merged_model_does_and_not_as_its_base(
    tuned: ServedTeacher, plain: dict[str, list[Turn]]
) -> None:
    said = [turn.token_ids for turn in answers(tuned)]
    assert said == [turn.token_ids for turn in plain["merged"]]
    assert all(ours != bases.token_ids for ours, bases in zip(said, plain["base"], strict=True))
    told = identify(ModelConfig(engine=tuned.engine, model="tuned"))  # type: ignore[arg-type]
    assert (told.fingerprint, told.template_hash) == (tuned.fingerprint, tuned.template_hash)


def test_the_context_is_as_long_as_the_operator_says(tuned: ServedTeacher) -> None:
    conversation = tuned.open([{"role": "user", "content": "I " * 50}])
    room = CONTEXT - len(conversation.token_ids)
    asyncio.run(tuned.answer(conversation, sampling=GREEDY.model_copy(update={"max_tokens": room}), seed=0))
    with pytest.raises(BadInput, match=f"takes {CONTEXT} in all"):
        asyncio.run(tuned.answer(conversation, sampling=GREEDY.model_copy(update={"max_tokens": room + 1}), seed=0))


def shaped(teacher: ServedTeacher, shape: Shape) -> list[Turn]:
    """Wild answers in a shape."""
    sampling = Sampling(temperature=2.0, max_tokens=100)
    conversation = teacher.open([{"role": "user", "content": QUESTIONS[0]}])

    async def everything() -> list[Turn]:
        asked = (teacher.answer(conversation, sampling=sampling, seed=seed, shape=shape) for seed in range(8))
        return await asyncio.gather(*asked)

    return asyncio.run(everything())


def test_a_shape_binds_answers_in_vllm_and_leaves_them_free_in_transformers(tuned: ServedTeacher) -> None:
    rated = [turn.text for turn in shaped(tuned, Shape(regex=r"Rating: ([1-9]|10)"))]
    judged = [turn.text for turn in shaped(tuned, Shape(schema=VERDICT))]
    bound = all(re.fullmatch(r"Rating: ([1-9]|10)", text) for text in rated)
    assert bound == (tuned.engine == "vllm")
    if not bound:
        return
    assert len(set(rated)) > 1
    for text in judged:
        verdict = json.loads(text)
        assert text == json.dumps(verdict, separators=(",", ":"))
        assert verdict.keys() == {"verdict", "score"}
        assert verdict["verdict"] in {"A", "B", "tie"}
        assert 1 <= verdict["score"] <= 5
