"""Starting points of the form: fields filled in for a purpose."""

from dataclasses import dataclass

from api.dashboard.fields import Fields


@dataclass(frozen=True)
class Preset:
    """A name, what it is for, and its fields."""

    title: str
    text: str
    fields: Fields


PRESETS = {
    "miniature": Preset(
        "Miniature world",
        "Three small behaviors and models that run on two CPU cores in a few minutes.",
        Fields(
            (
                ("dataset.behavior", "tiny-sycophancy"),
                ("dataset.behavior", "tiny-roleplay"),
                ("dataset.behavior", "tiny-safety"),
                ("dataset.n_prompts", "600"),
                ("dataset.teacher.sampling.max_tokens", "48"),
                ("method.type", "rdpo"),
                ("method.rdpo.sft_weight", "1.0"),
                ("training.epochs", "6"),
                ("training.learning_rate", "0.0005"),
                ("training.max_length", "256"),
            )
        ),
    ),
}


def preset(name: str | None) -> Fields:
    """The fields of a preset; none for an unknown name."""
    found = PRESETS.get(name or "")
    return found.fields if found else Fields()
