"""From the fields of the form to the body of POST /distillations, and back to what the form shows."""

from typing import Any

from api.dashboard.fields import Fields
from api.dashboard.questions import Question, method_cards, questions
from core.configs.dataset import DatasetConfig
from core.configs.run import LoraConfig, TrainingConfig
from core.configs.sampling import Sampling
from core.methods.choice import MethodChoice, method_names

FIRST = ("mode", "epochs", "learning_rate", "batch_size", "max_length")
ROOTS = ("dataset.", "training.", "method.", "evaluation.")
DEFAULT_METHOD = MethodChoice.model_fields["type"].default


def data_questions() -> list[Question]:
    """How many prompts, and how the teacher samples."""
    return [
        *questions(DatasetConfig, "dataset", only=("n_prompts", "samples_per_prompt", "seed")),
        *questions(Sampling, "dataset.teacher.sampling", only=("temperature", "max_tokens")),
    ]


def training_questions() -> tuple[list[Question], list[Question]]:
    """The questions most people answer, and the rest."""
    every = questions(TrainingConfig, "training")
    rest = [question for question in every if question.name.removeprefix("training.") not in FIRST]
    lora = questions(LoraConfig, "training.lora", only=("rank", "alpha", "dropout"))
    return [question for question in every if question not in rest], rest + lora


def body_of(fields: Fields) -> dict[str, Any]:
    """The request: fields left empty or at their default are left out, and so are those of methods not chosen."""
    defaults = {question.name: question.default for question in _every_question()} | {"method.type": DEFAULT_METHOD}
    body: dict[str, Any] = {"dataset": {"behavior": fields.all("dataset.behavior")}}
    method = fields.get("method.type", DEFAULT_METHOD)
    for name, value in fields.pairs:
        foreign = any(name.startswith(f"method.{other}.") for other in method_names() if other != method)
        if value.strip() and value != defaults.get(name) and not foreign and _is_ours(name):
            _put(body, name, _typed(value.strip()))
    reward = fields.get("reward").strip()
    if reward:
        kind, _, rule = reward.partition(":")
        _put(body, "dataset.reward", {"kind": "rule", "rule": rule} if kind == "rule" else {"model": reward})
    return body


def _is_ours(name: str) -> bool:
    return name == "student" or (name.startswith(ROOTS) and name != "dataset.behavior")


def _every_question() -> list[Question]:
    first, rest = training_questions()
    return [*data_questions(), *first, *rest, *(question for card in method_cards() for question in card.questions)]


def _put(body: dict[str, Any], path: str, value: Any) -> None:
    *steps, last = path.split(".")
    for step in steps:
        found = body.setdefault(step, {})
        body = found if isinstance(found, dict) else {}
    body[last] = value


def _typed(text: str) -> int | float | str:
    """A whole number, a number, or the text; the config itself says what is right."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
