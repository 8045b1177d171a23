"""Which pairs are kept. Each filter is on when its field is set; its name is the reason of what it drops."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from core.configs.config import Config
from core.configs.languages import known_language

Language = Annotated[str, AfterValidator(known_language)]


def _first(value: object) -> object:
    """True and false, for datasets with one scorer."""
    return {True: "first", False: None}[value] if isinstance(value, bool) else value


Scorers = Annotated[Literal["first", "every"] | None, BeforeValidator(_first)]


class NearDuplicates(Config):
    """Near duplicates by MinHash over word shingles (Broder 1997), found by locality-sensitive hashing."""

    threshold: float = Field(0.8, gt=0, lt=1, description="Jaccard similarity from which a pair is dropped")
    shingle: int = Field(
        3, ge=1, le=20, description="words in one shingle; characters where a language puts no spaces between words"
    )
    over: Literal["prompt", "chosen", "both"] = Field("both", description="the texts that are compared")


class Decontamination(Config):
    """Pairs that would teach the evaluation: their prompt shares words with a held-out prompt."""

    ngram: int | None = Field(
        13,
        ge=2,
        le=100,
        description="words in a row that also stand in an evaluation prompt; a shorter one whole; characters where a "
        "language puts no spaces between words",
    )
    similarity: float | None = Field(
        0.8, gt=0, lt=1, description="Jaccard similarity to one, among those that MinHash finds"
    )

    @model_validator(mode="after")
    def _looks_for_something(self) -> Self:
        if self.ngram is None and self.similarity is None:
            raise ValueError("give ngram, similarity or both; to let everything through, leave decontamination out")
        return self


class FilterConfig(Config):
    """Which chains become kept pairs."""

    identical: bool = Field(True, description="drop pairs whose draft and revision are the same text")
    empty: bool = Field(True, description="drop pairs with an empty side")
    max_chars: int = Field(20_000, ge=1, description="drop pairs with a longer side, in characters")
    duplicates: bool = Field(
        False, description="drop pairs whose prompt and sides are those of an earlier pair, word for word"
    )
    near_duplicates: NearDuplicates | None = Field(None, description="drop pairs that are almost an earlier pair")
    decontamination: Decontamination | None = Field(None, description="drop pairs that touch the evaluation prompts")
    min_margin: float | None = Field(None, description="drop pairs whose chosen score exceeds the other by less")
    length_ratio: float | None = Field(
        None,
        ge=1,
        description="drop pairs whose longer side has more than so many times the other's words, or characters where "
        "a language puts no spaces between words",
    )
    refusal: Literal["chosen", "rejected", "either"] | None = Field(
        None, description="drop pairs in which this side refuses to answer; knows refusals in English alone"
    )
    language: Language | None = Field(None, description="drop pairs with a side in another language (ISO 639-1)")
    unchanged: float | None = Field(
        None,
        gt=0,
        le=1,
        description="drop pairs whose sides are at least so similar, as a ratio of matching words, or characters where "
        "a language puts no spaces between words",
    )
    clean_critique: bool = Field(
        False,
        description="drop pairs whose critique, in every round, says that nothing is wrong; knows critiques in English "
        "alone",
    )
    missing_score: Scorers = Field(
        None, description="drop pairs that lack a score of the first scorer, or of any; true stands for the first"
    )

    @property
    def whole(self) -> bool:
        """Whether a verdict rests on other pairs of the dataset too."""
        return self.duplicates or self.near_duplicates is not None
