"""From the fields of the form to the body of POST /distillations, and back to what the form shows."""

from typing import Any

from api.dashboard import scorer_rows, sources, strategies
from api.dashboard.answers import answer, put
from api.dashboard.fields import Fields
from api.dashboard.questions import Question, method_cards, questions
from core.configs.budget import BudgetConfig
from core.configs.dataset import DatasetConfig
from core.configs.filters import FilterConfig
from core.configs.run import LoraConfig, TrainingConfig
from core.configs.sampling import Sampling
from core.configs.teacher import TeacherConfig
from core.methods.choice import MethodChoice

FIRST = ("mode", "epochs", "learning_rate", "batch_size", "max_length")
OF_IMPORTS = ("training.pair_weights",)  # pairs that a teacher makes have no weights
DEFAULT_METHOD = MethodChoice.model_fields["type"].default
MODELS = ("dataset.teacher.model", "student")
REWARD = "dataset.reward"


def data_questions() -> list[Question]:
    """How many prompts, and how the teacher samples."""
    return [
        *questions(DatasetConfig, "dataset", only=("n_prompts", "samples_per_prompt")),
        *questions(Sampling, "dataset.teacher.sampling", only=("temperature", "max_tokens")),
    ]


def more_data_questions() -> list[Question]:
    """Rounds, candidates, wrappers, the cache, the seed."""
    return questions(DatasetConfig, "dataset", only=("rounds", "best_of", "wrappers", "cache", "seed"))


def endpoint_questions() -> list[Question]:
    """Where a teacher is that is not served here."""
    return questions(TeacherConfig, "dataset.teacher", only=("engine", "base_url", "secret"))


def filter_questions(prefix: str = "dataset.filters") -> list[Question]:
    """Which pairs are kept."""
    return questions(FilterConfig, prefix)


def budget_questions() -> list[Question]:
    """What the dataset may cost at most."""
    return questions(BudgetConfig, "dataset.budget")


def training_questions() -> tuple[list[Question], list[Question]]:
    """The questions most people answer, and the rest."""
    every = [question for question in questions(TrainingConfig, "training") if question.name not in OF_IMPORTS]
    rest = [question for question in every if question.name.removeprefix("training.") not in FIRST]
    lora = questions(LoraConfig, "training.lora", only=("rank", "alpha", "dropout"))
    return [question for question in every if question not in rest], rest + lora


def body_of(fields: Fields) -> dict[str, Any]:
    """The request: fields left empty or at their default are left out, and so are those of methods not chosen."""
    body: dict[str, Any] = {"dataset": {"behavior": fields.all("dataset.behavior")}}
    method = fields.get("method.type", DEFAULT_METHOD)
    if method != DEFAULT_METHOD:
        put(body, "method.type", method)
    for name in MODELS:
        if fields.get(name).strip():
            put(body, name, fields.get(name).strip())
    first, rest = training_questions()
    made = [*data_questions(), *more_data_questions(), *endpoint_questions(), *filter_questions(), *budget_questions()]
    made = [question for question in made if question.name not in strategies.left_out(fields)]
    strategies.answer_strategy(body, fields)
    chosen = [question for card in method_cards() if card.name == method for question in card.questions]
    answer(body, fields, [*made, *chosen, *first, *rest])
    body["dataset"] |= sources.prompts_of(fields)
    reward = scorer_rows.scorers_of(fields, REWARD)
    if reward is not None:
        body["dataset"]["reward"] = reward
    return body


def field_of(param: str, fields: Fields) -> str:
    """The name of the form's field that the `param` of a refusal is about."""
    if param == REWARD or param.startswith(f"{REWARD}."):
        return scorer_rows.field_of(param, fields, REWARD)
    if param == strategies.OWN:
        return f"{strategies.OWN}.variant"
    return sources.field_of(param, fields) if param.startswith(("dataset.source", sources.LINES)) else param


def filters_of(fields: Fields) -> dict[str, Any]:
    """The body of POST /datasets/{id}/filters."""
    body: dict[str, Any] = {}
    answer(body, fields, filter_questions(""))
    return body
