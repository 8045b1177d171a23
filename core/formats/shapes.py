"""What a line of each format says, as a pair."""

from collections.abc import Callable, Mapping
from typing import Any

from core.formats.fields import Fields
from core.formats.pair import FilePair, Messages, ScoredBy

MAX_SCORERS = 64
MAX_NAME = 200


def trl(fields: Fields) -> FilePair:
    """TRL's preference format with an explicit prompt, conversational or plain; columns unknown here are left alone."""
    return FilePair(
        line=fields.line,
        messages=fields.messages("prompt"),
        chosen=fields.answer("chosen"),
        rejected=fields.answer("rejected"),
        score_chosen=fields.number("score_chosen"),
        score_rejected=fields.number("score_rejected"),
        scores=_scores(fields),
        origin=_weight(fields),
    )


def openai(fields: Fields) -> FilePair:
    """The preference format of OpenAI's fine-tuning: input.messages, preferred_output, non_preferred_output."""
    given = fields.values.get("input")
    if not isinstance(given, dict):
        fields.refuse("input", "must be an object with messages")
    return FilePair(
        line=fields.line,
        messages=fields.conversation("input.messages", given.get("messages")),
        chosen=fields.answer("preferred_output"),
        rejected=fields.answer("non_preferred_output"),
        score_chosen=fields.number("score_chosen"),
        score_rejected=fields.number("score_rejected"),
        scores=_scores(fields),
        origin=_weight(fields),
    )


def jsonl(fields: Fields) -> FilePair:
    """Burnish's own; also {system, prompt, chosen, rejected} and {prompt, draft, revision, score_draft, ...}.

    What else a line says is its origin.
    """
    _weight(fields)
    drafted = "revision" in fields.values and "chosen" not in fields.values
    chosen, rejected = ("revision", "draft") if drafted else ("chosen", "rejected")
    read = {"system", "prompt", "scores", chosen, rejected, f"score_{chosen}", f"score_{rejected}"}
    return FilePair(
        line=fields.line,
        messages=_headed(fields, fields.messages("prompt")),
        chosen=fields.answer(chosen),
        rejected=fields.answer(rejected),
        score_chosen=fields.number(f"score_{chosen}"),
        score_rejected=fields.number(f"score_{rejected}"),
        scores=_scores(fields),
        origin={name: value for name, value in fields.values.items() if name not in read},
    )


SHAPES: Mapping[str, Callable[[Fields], FilePair]] = {"trl": trl, "openai": openai, "jsonl": jsonl, "parquet": trl}


def _weight(fields: Fields) -> dict[str, float]:
    """What runs with `training.pair_weights` multiply the pair's loss by."""
    weight = fields.number("weight")
    if weight is not None and weight < 0:
        fields.refuse("weight", f"is {weight:g}; a weight is at least 0")
    return {} if weight is None else {"weight": weight}


def _headed(fields: Fields, messages: Messages) -> Messages:
    if fields.values.get("system") is None:
        return messages
    if messages[0]["role"] == "system":
        fields.refuse("system", "is given beside a system message in prompt; leave one of them out")
    return [{"role": "system", "content": fields.text("system")}, *messages]


def _scores(fields: Fields) -> dict[str, ScoredBy]:
    """Of `{scorer: {chosen, rejected}}`, or of `[{scorer, chosen, rejected}]` as columnar formats have it."""
    given = fields.values.get("scores")
    if given is None:
        return {}
    if not isinstance(given, dict | list):
        fields.refuse("scores", "must be an object of scorers, or a list of {scorer, chosen, rejected}")
    if len(given) > MAX_SCORERS:
        fields.refuse("scores", f"has {len(given)} scorers; keep at most {MAX_SCORERS}")
    if isinstance(given, dict):
        return {_name(fields, "scores", name): _scored(fields, f"scores.{name}", by) for name, by in given.items()}
    found: dict[str, ScoredBy] = {}
    for place, value in enumerate(given):
        scored = _scored(fields, f"scores.{place}", value)
        name = _name(fields, f"scores.{place}.scorer", value.get("scorer"))
        if name in found:
            fields.refuse(f"scores.{place}.scorer", "is there twice; name each scorer once")
        found[name] = scored
    return found


def _name(fields: Fields, path: str, name: Any) -> str:
    if not 0 < len(fields.is_text(path, name)) <= MAX_NAME:
        fields.refuse(path, f"must name a scorer in at most {MAX_NAME} characters")
    return str(name)


def _scored(fields: Fields, path: str, value: Any) -> ScoredBy:
    if not isinstance(value, dict):
        fields.refuse(path, "must be an object with chosen and rejected")
    return ScoredBy(
        chosen=fields.is_number(f"{path}.chosen", value.get("chosen")),
        rejected=fields.is_number(f"{path}.rejected", value.get("rejected")),
    )
