"""A pair of the miniature world: what the trainer takes in, and what the exact judge says of it."""

from dataclasses import dataclass, replace

Messages = list[dict[str, str]]


@dataclass(frozen=True)
class Pair:
    """The columns of `trainer.pairs.PairRow`; whether each side is right; and (chosen, rejected) by each member of an
    ensemble, where there is one.
    """

    id: str
    messages: Messages
    chosen: str
    rejected: str
    score_chosen: float
    score_rejected: float
    right_chosen: bool = True
    right_rejected: bool = False
    rewards: tuple[tuple[float, float], ...] = ()
    weight: float | None = None

    @property
    def difference(self) -> float:
        """s_w - s_l."""
        return self.score_chosen - self.score_rejected

    @property
    def decided(self) -> bool:
        """Whether the judge tells its sides apart."""
        return self.right_chosen != self.right_rejected

    @property
    def longer(self) -> int:
        """Words that the chosen answer has more than the rejected one."""
        return len(self.chosen.split()) - len(self.rejected.split())

    def swapped(self) -> "Pair":
        """The sides exchanged, with all that belongs to them."""
        return replace(
            self,
            chosen=self.rejected,
            rejected=self.chosen,
            score_chosen=self.score_rejected,
            score_rejected=self.score_chosen,
            right_chosen=self.right_rejected,
            right_rejected=self.right_chosen,
            rewards=tuple((rejected, chosen) for chosen, rejected in self.rewards),
        )

    def scored(self, chosen: float, rejected: float) -> "Pair":
        """The same texts under other scores."""
        return replace(self, score_chosen=chosen, score_rejected=rejected)
