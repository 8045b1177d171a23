"""How pairs come about: by self-critique, or from two prompts."""

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from core.configs.config import Config

NEEDS: dict[str, tuple[str, ...]] = {  # the instructions of each variant
    "enc": ("style",),
    "dis": ("negative",),
    "contrastive": ("style", "negative"),
    "negation": ("style",),
}
Style = Annotated[str, StringConstraints(min_length=1, max_length=5_000, strip_whitespace=True)]


class CounterfactualConfig(Config):
    """Counterfactual pairs (arXiv 2401.09566): answers to the prompt with and without an instruction.

    enc: chosen answers prompt + style, rejected the prompt. dis: chosen answers the prompt, rejected prompt + negative.
    contrastive: chosen answers prompt + style, rejected prompt + negative. negation: chosen answers the prompt,
    rejected prompt + style, and the training context is prompt + style: the instruction is to be ignored.
    """

    variant: Literal["enc", "dis", "contrastive", "negation"] = "contrastive"
    style: Style | None = Field(None, description="the treatment, added to the last user turn")
    negative: Style | None = Field(None, description="the negative treatment")

    @model_validator(mode="after")
    def _complete(self) -> Self:
        for field in ("style", "negative"):
            there, wanted = getattr(self, field) is not None, field in NEEDS[self.variant]
            if there != wanted:
                raise ValueError(f"variant {self.variant} {'needs' if wanted else 'takes no'} {field}")
        return self
