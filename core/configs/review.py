"""What a reviewer asks for: `PATCH /pairs/{id}`."""

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from core.configs.behavior import Text
from core.configs.config import Config
from core.errors import BadInput
from core.text import clean


class ReviewConfig(Config):
    """One decision about one pair."""

    action: Literal["accept", "reject", "swap", "edit"]
    chosen: Text | None = Field(None, description="for edit: the new text; left out: as it is")
    rejected: Text | None = Field(None, description="for edit: the new text; left out: as it is")
    note: str | None = Field(None, max_length=2_000)

    @model_validator(mode="after")
    def _texts_go_with_edit(self) -> Self:
        texts = self.chosen is not None or self.rejected is not None
        if self.action == "edit" and not texts:
            raise ValueError("edit needs chosen or rejected")
        if self.action != "edit" and texts:
            raise ValueError("chosen and rejected go with the action edit")
        return self

    def change(self, pair: Mapping[str, Any]) -> dict[str, Any]:
        """The columns of the pair that become others. Raises BadInput for an edit that leaves no preference."""
        if self.action == "reject":
            return {"verdict": "dropped", "reason": "review"}
        kept = {"verdict": "kept", "reason": None}
        if self.action == "swap":
            return kept | {
                f"{prefix}{side}{suffix}": pair[f"{prefix}{other}{suffix}"]
                for prefix, suffix in (("", ""), ("score_", ""), ("", "_answer"))
                for side, other in (("chosen", "rejected"), ("rejected", "chosen"))
            }
        return kept | (self._edited(pair) if self.action == "edit" else {})

    def _edited(self, pair: Mapping[str, Any]) -> dict[str, Any]:
        """An edited text is no answer of the chain any more, and no scorer has seen it."""
        asked = {"chosen": self.chosen, "rejected": self.rejected}
        texts = {side: clean(text).text for side, text in asked.items() if text is not None and text != pair[side]}
        for side, text in texts.items():
            if not text.strip():
                raise BadInput(f"{side} would be empty; reject the pair instead.", param=side)
        if texts.get("chosen", pair["chosen"]) == texts.get("rejected", pair["rejected"]):
            raise BadInput("chosen and rejected would be the same text, which prefers nothing.", param="chosen")
        return {
            name: value
            for side, text in texts.items()
            for name, value in ((side, text), (f"score_{side}", None), (f"{side}_answer", None))
        }
