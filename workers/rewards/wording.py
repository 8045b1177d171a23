"""What a judge is asked: the rubric first, then the conversation, so that questions share their beginning.

A text cannot end the part it stands in: our own closing tags are broken up in it.
"""

import re
from collections.abc import Mapping, Sequence

from core.configs.behavior import Rubric
from workers.rewards.preference import ANCHOR
from workers.rewards.reward import Answer

TAGS = re.compile(r"</(?=(?:conversation|answer|criteria)\b)", re.IGNORECASE)


def rate(answer: Answer, rubric: Rubric) -> str:
    """The prompt for one answer by itself."""
    return "\n\n".join(
        (
            rubric.instruction,
            _part("conversation", _conversation(answer.messages)),
            _part("answer", answer.text),
            f"Rate the answer. End with a line of exactly this form, the number being from {_number(rubric.minimum)} "
            f"to {_number(rubric.maximum)}:\n{rubric.anchor} <number>",
        )
    )


def compare(first: Answer, second: Answer, rubric: Rubric) -> str:
    """The prompt for two answers to one conversation."""
    return "\n\n".join(
        (
            "Two answers to one conversation are to be compared. These are the criteria by which a single answer is "
            "rated; what they say about numbers and about the form of the result does not apply here.",
            _part("criteria", rubric.instruction),
            _part("conversation", _conversation(first.messages)),
            _part("answer", first.text, " A"),
            _part("answer", second.text, " B"),
            "Say in one or two sentences which answer meets the criteria better; the order in which they stand means "
            f"nothing. End with a line of exactly one of these forms:\n{ANCHOR} A\n{ANCHOR} B\n{ANCHOR} tie",
        )
    )


def _conversation(messages: Sequence[Mapping[str, str]]) -> str:
    return "\n\n".join(f"[{message['role']}]\n{message['content']}" for message in messages)


def _part(name: str, text: str, label: str = "") -> str:
    return f"<{name}{label}>\n{TAGS.sub('< /', text)}\n</{name}{label}>"


def _number(value: float) -> str:
    return f"{value:g}"
