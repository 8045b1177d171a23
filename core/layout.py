"""Which prompts a dataset gets, in which order and split: a pure function of its config and behaviors."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from core.configs.behavior import BehaviorSpec, PromptSpec
from core.configs.dataset import DatasetConfig
from core.errors import BadInput
from core.seeds import content_seed, derive_seed
from core.wrapping import BARE, Chat, for_evaluation, for_training

Row = dict[str, Any]


def lay_out(config: DatasetConfig, behaviors: Mapping[str, BehaviorSpec], ids: Mapping[str, str]) -> list[Row]:
    """Prompt rows without their dataset: those to generate from (train and validation), then the evaluation prompts.

    `behaviors` and `ids` map a behavior's name to its spec and id. Raises BadInput (param `n_prompts`) when the
    behaviors have fewer prompts than asked for, and (param `wrappers`) when one has no templates to wrap them in.

    Splits and order go by the plain words, so they are the same with and without templates.
    """
    dealt = _deal(config, behaviors)
    rows = [
        _row(config, behaviors[name], ids[name], prompt, split=None)
        for name, chosen in dealt.items()
        for prompt in chosen
    ]
    rows.sort(key=lambda row: derive_seed(config.seed, "order", content_seed(row["messages"])))
    named = {ids[name]: behaviors[name] for name in config.behavior}
    rows = [for_training(config, named[row["behavior_id"]], row) for row in rows]
    return _numbered([*rows, *_held_out(config, behaviors, ids)])


def lay_out_held_out(config: DatasetConfig, behaviors: Mapping[str, BehaviorSpec], ids: Mapping[str, str]) -> list[Row]:
    """The evaluation prompts of a dataset whose prompts come from a source: they stand first, the others follow.

    Raises BadInput (param `wrappers`) when a behavior has no templates to wrap them in.
    """
    return _numbered(_held_out(config, behaviors, ids))


def lay_out_imported(config: DatasetConfig, behavior_id: str | None, chats: Sequence[Chat], *, first: int) -> list[Row]:
    """Prompt rows of imported pairs in the file's order, with indexes from `first` on; the split goes by the words."""
    common = {"behavior_id": behavior_id, "guard": False, "tags": {}, "expect": None, **BARE}
    rows = [common | {"split": _split(config, messages), "messages": messages} for messages in chats]
    return _numbered(rows, first)


def lay_out_gathered(
    config: DatasetConfig, behavior: BehaviorSpec, id: str, prompts: Sequence[PromptSpec], *, first: int
) -> list[Row]:
    """Prompt rows from a source, in its order, with indexes from `first` on: a longer dataset begins as a shorter one.

    Split and template go by the words, as everywhere. Raises BadInput (param `wrappers`).
    """
    rows = [for_training(config, behavior, _row(config, behavior, id, prompt, split=None)) for prompt in prompts]
    return _numbered(rows, first)


def _held_out(config: DatasetConfig, behaviors: Mapping[str, BehaviorSpec], ids: Mapping[str, str]) -> list[Row]:
    return [
        row
        for name in config.behavior
        for prompt in behaviors[name].evaluation_prompts
        for row in for_evaluation(
            config, behaviors[name], _row(config, behaviors[name], ids[name], prompt, split="evaluation")
        )
    ]


def _numbered(rows: Sequence[Row], first: int = 0) -> list[Row]:
    return [row | {"index": index} for index, row in enumerate(rows, first)]


def _deal(config: DatasetConfig, behaviors: Mapping[str, BehaviorSpec]) -> dict[str, Sequence[PromptSpec]]:
    if config.prompts is not None:
        return {config.behavior[0]: config.prompts}
    if config.n_prompts is None:
        return {name: behaviors[name].prompts for name in config.behavior}
    share, rest = divmod(config.n_prompts, len(config.behavior))
    return {
        name: _choose(config, behaviors[name], share + (position < rest))
        for position, name in enumerate(config.behavior)
    }


def _choose(config: DatasetConfig, behavior: BehaviorSpec, number: int) -> Sequence[PromptSpec]:
    """Drawn by the seed; who asks for more prompts gets these and further ones."""
    pool = behavior.prompts
    if number > len(pool):
        raise BadInput(
            f"n_prompts asks for {number} prompts of behavior {behavior.name!r}, which has {len(pool)}; "
            "ask for fewer, raise samples_per_prompt, or send prompts of your own.",
            param="n_prompts",
        )
    drawn = sorted(pool, key=lambda prompt: derive_seed(config.seed, "prompts", content_seed(prompt.chat(None))))
    return drawn[:number]


def _row(config: DatasetConfig, behavior: BehaviorSpec, id: str, prompt: PromptSpec, *, split: str | None) -> Row:
    messages = prompt.chat(behavior.system)
    return {
        "behavior_id": id,
        "split": split or _split(config, messages),
        "messages": messages,
        "guard": prompt.guard,
        "tags": prompt.tags,
        "expect": prompt.expect.model_dump() if prompt.expect else None,
    }


def _split(config: DatasetConfig, messages: list[dict[str, str]]) -> str:
    """By a hash of the text, so that a prompt that comes twice is in one split."""
    drawn = derive_seed(config.seed, "split", json.dumps(messages, ensure_ascii=False, sort_keys=True)) / 2**63
    return "validation" if drawn < config.split.validation else "train"
