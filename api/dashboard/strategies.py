"""The strategy of a form: critique and revision, or counterfactual pairs with their instructions."""

from dataclasses import dataclass, replace
from typing import Any

from api.dashboard.answers import answer, put
from api.dashboard.fields import Fields
from api.dashboard.questions import Question, questions
from core.configs.dataset import DatasetConfig
from core.configs.strategy import NEEDS, CounterfactualConfig

STRATEGY, OWN = "dataset.strategy", "dataset.counterfactual"
CRITIQUE, COUNTERFACTUAL = "self_critique", "counterfactual"  # pairs are imported on a page of their own
OF_CRITIQUE = ("dataset.rounds", "dataset.best_of")
HELP = {
    STRATEGY: "counterfactual: the same prompt is answered with and without an instruction, and nothing is criticised",
    f"{OWN}.variant": "what is chosen over what: contrastive, style over negative; enc, style over the prompt alone; "
    "dis, the prompt alone over negative; negation, the prompt alone over style, which the student learns to ignore",
}


@dataclass(frozen=True)
class Strategy:
    """What the form asks: which strategy, and what the counterfactual one needs besides."""

    choice: Question
    own: list[Question]

    def variants(self, question: Question) -> str:
        """The variants that a question belongs to, for the script that shows and hides it."""
        asked = question.name.removeprefix(f"{OWN}.")
        return " ".join(variant for variant, names in NEEDS.items() if asked == "variant" or asked in names)


def strategy() -> Strategy:
    """The questions."""
    (choice,) = questions(DatasetConfig, "dataset", only=("strategy",))
    choice = replace(choice, choices=(CRITIQUE, COUNTERFACTUAL), help=HELP[STRATEGY])
    own = [replace(one, help=HELP.get(one.name, one.help)) for one in questions(CounterfactualConfig, OWN)]
    return Strategy(choice, own)


def answer_strategy(body: dict[str, Any], fields: Fields) -> None:
    """Write what the form says of it; instructions that its variant does not take are left out."""
    if fields.get(STRATEGY) != COUNTERFACTUAL:
        return
    found = strategy()
    (variant,) = (one for one in found.own if one.name == f"{OWN}.variant")
    chosen = fields.get(variant.name, variant.default)
    put(body, STRATEGY, COUNTERFACTUAL)
    put(body, OWN, {})
    answer(body, fields, [one for one in found.own if one is variant or chosen in found.variants(one).split()])


def left_out(fields: Fields) -> tuple[str, ...]:
    """Questions of other strategies."""
    return OF_CRITIQUE if fields.get(STRATEGY) == COUNTERFACTUAL else ()
