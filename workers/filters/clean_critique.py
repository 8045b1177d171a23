"""Drops pairs whose critique found nothing to criticise."""

import re

from core.configs.filters import FilterConfig
from workers.filters.pair_text import PairText

NOTHING = re.compile(
    r"\b(?:(?:there (?:is|are|was|were) )?no(?: (?:real|obvious|significant|major|apparent|particular))? "
    r"(?:issues?|problems?|flaws?|faults?|errors?|concerns?|changes? (?:is|are) (?:needed|necessary|required))"
    r"|nothing (?:is |was )?(?:wrong|to (?:change|criti[cs]i[sz]e|fix|improve|correct))"
    r"|(?:does not|doesn't) need (?:any )?(?:changes?|revision)"
    r"|(?:is|was) (?:already )?(?:perfect|flawless|entirely appropriate|fully appropriate))\b",
    re.IGNORECASE,
)
BUT = re.compile(r"\b(?:but|however|although|though|except|yet|still)\b", re.IGNORECASE)


def clean_critique(pair: PairText, config: FilterConfig) -> bool:
    """The critique says that nothing is wrong, and goes on with no but."""
    if not config.clean_critique or pair.critique is None:
        return False
    found = NOTHING.search(pair.critique)
    return found is not None and BUT.search(pair.critique) is None
