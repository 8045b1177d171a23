"""Prompts in templates: a persona, an attack or a format around the user's words, drawn by the dataset's seed."""

from collections.abc import Sequence
from typing import Any, Literal

from core.configs.behavior import BehaviorSpec, Wrapper
from core.configs.dataset import DatasetConfig
from core.errors import BadInput
from core.seeds import content_seed, derive_seed

Row = dict[str, Any]
Chat = list[dict[str, str]]
BARE: Row = {"wrapper": None, "distribution": None, "plain": None}


def for_training(config: DatasetConfig, behavior: BehaviorSpec, row: Row) -> Row:
    """A prompt row as it is trained on: in a template of the training set, where the dataset asks for templates.

    Raises BadInput (param `wrappers`) for a behavior without templates.
    """
    return _wrapped(config, behavior, row, "in") if config.wrappers else row | BARE


def for_evaluation(config: DatasetConfig, behavior: BehaviorSpec, row: Row) -> list[Row]:
    """A held-out prompt once for each set of templates: those of training, and those that are never trained on."""
    if not config.wrappers:
        return [row | BARE]
    sets: list[Literal["in", "out"]] = ["in", "out"] if behavior.wrappers and behavior.wrappers.held_out else ["in"]
    return [_wrapped(config, behavior, row, each) for each in sets]


def no_wrappers(behavior: str, *, at: str = "") -> BadInput:
    """What is said where templates are asked for and a behavior has none."""
    return BadInput(
        f"Behavior {behavior!r} has no wrappers; give it templates, or leave wrappers out.", param=f"{at}wrappers"
    )


def wrap(messages: Sequence[dict[str, str]], wrapper: Wrapper) -> Chat:
    """The chat with its last turn in the template, and the template's system prompt in the place of the other."""
    *before, last = (dict(message) for message in messages)
    if wrapper.system is not None:
        before = [message for message in before if message["role"] != "system"]
        before.insert(0, {"role": "system", "content": wrapper.system})
    return [*before, last | {"content": wrapper.template.replace("{prompt}", last["content"])}]


def _wrapped(config: DatasetConfig, behavior: BehaviorSpec, row: Row, distribution: Literal["in", "out"]) -> Row:
    if behavior.wrappers is None:
        raise no_wrappers(behavior.name)
    pool = behavior.wrappers.training if distribution == "in" else behavior.wrappers.held_out
    plain = row["messages"]
    wrapper = pool[derive_seed(config.seed, "wrapper", distribution, content_seed(plain)) % len(pool)]
    told = {"wrapper": wrapper.name, "distribution": distribution, "plain": plain}
    return row | told | {"messages": wrap(plain, wrapper)}
