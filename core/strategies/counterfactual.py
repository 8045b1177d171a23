"""Two answers to two prompts (Counterfactual DPO, arXiv 2401.09566): no critique is asked for."""

from core.configs.strategy import CounterfactualConfig
from core.strategies.cue import Cue, Messages

Chat = list[dict[str, str]]


def counterfactual(messages: Messages, config: CounterfactualConfig) -> list[Cue]:
    """`draft` becomes the rejected answer, `revision` the chosen one."""
    control = [dict(message) for message in messages]
    chosen, rejected = {
        "enc": (treated(messages, config.style), control),
        "dis": (control, treated(messages, config.negative)),
        "contrastive": (treated(messages, config.style), treated(messages, config.negative)),
        "negation": (control, treated(messages, config.style)),
    }[config.variant]
    return [
        Cue("draft", "draft", messages=tuple(rejected)),
        Cue("revision", "revision", messages=tuple(chosen)),
    ]


def context(messages: Messages, config: CounterfactualConfig) -> Chat:
    """What the student is trained on: the prompt as it stands; with negation, the prompt with the instruction."""
    if config.variant == "negation":
        return treated(messages, config.style)
    return [dict(message) for message in messages]


def treated(messages: Messages, style: str | None) -> Chat:
    """The chat with an instruction at the end of the user's last turn."""
    *before, last = (dict(message) for message in messages)
    return [*before, last | {"content": f"{last['content']}\n\n{style}"}] if style else [*before, last]
