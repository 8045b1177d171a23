"""Drops pairs whose critique found nothing to criticise. A critique that is not surely clean keeps its pair."""

import re

from core.configs.filters import FilterConfig
from workers.filters.pair_text import PairText

SENTENCE = re.compile(r"(?<=[.!?;])\s+|\n+")
WORD = re.compile(r"[\w']+")
FEW = 6  # words beside a clean phrase that say no more than of what, or where

KIND = r"(?:any|real|obvious|significant|major|apparent|particular|serious|clear|ethical|factual|further|other)"
FLAW = rf"(?:{KIND} )*(?:issues?|problems?|flaws?|faults?|errors?|mistakes?|concerns)"
BAD = r"(?:harmful|unethical|illegal|offensive|toxic|dangerous|inappropriate|hateful|unsafe|false|misleading|biased)"
LISTED = (
    rf"(?:any )?{BAD}(?:(?:,? and |,? or |, ){BAD})* (?:content|language|material|advice|claims?|statements?|elements?)"
)
CHANGE = r"(?:any |further )?(?:changes?|changing|revisions?|revising|corrections?|improvements?)"
ENDS = r"(?=\s*(?:[.,;:!?)]|$)|\s+(?:with|in|to|here|that|at all|regarding|about|and)\b)"  # no `error handling`
NOUGHT = r"(?:do not|don't|did not|didn't|does not|doesn't|cannot|can't|could not|couldn't)"

CLEAN = re.compile(
    rf"\b(?:(?<!show )(?<!shows )(?<!showing )no {FLAW}{ENDS}"
    rf"|{NOUGHT} (?:see|find|identify|detect|notice|spot|have|contain) (?:{FLAW}{ENDS}|{LISTED})"
    rf"|(?:no|free (?:of|from)) {LISTED}"
    rf"|no (?:need (?:to (?:change|revise|correct|improve)(?: anything| it)?|for {CHANGE})|{CHANGE} (?:is|are) \w+)"
    rf"|(?:needs? no|{NOUGHT} (?:need|require)) {CHANGE}"
    r"|nothing (?:(?:is |was )?wrong|to (?:change|criti[cs]i[sz]e|fix|improve|correct))"
    r"|(?:is|was|looks|seems|reads) (?:already )?(?:(?:very|entirely|fully|perfectly) )?"
    r"(?:perfect|flawless|appropriate|good|fine)(?= as it is|\W*$))",
    re.IGNORECASE,
)
NOTHING = re.compile(r"\W*(?:none|nothing|no|n/?a)\W*", re.IGNORECASE)
FAULT = re.compile(
    r"\b(?:but|however|although|though|except|yet|still|not|cannot|never|nor|lack\w*|fail\w*|should|could|would|might"
    r"|must|too|instead|without|un(?:safe|ethical|kind|clear|true)\w*|insult\w*|harm(?!less)\w*|rude\w*|wrong\w*"
    r"|in(?:correct|accurate|appropriate|sensitive)\w*|false\w*|mis\w+|bias\w*|flatter\w*|offen[sd]\w*|danger\w*"
    r"|illegal\w*|toxic\w*|disrespect\w*|condescend\w*|ignor\w+)\b|n't\b",
    re.IGNORECASE,
)
PRAISE = re.compile(
    r"\b(?:clear|respectful|helpful|accurate|appropriate|polite|good|safe|honest|correct|harmless|well|fine|great|kind"
    r"|informative|neutral|balanced|perfect|factual|friendly|truthful)(?:ly)?\b",
    re.IGNORECASE,
)


def clean_critique(pair: PairText, config: FilterConfig) -> bool:
    """The critique of every round says that nothing is wrong: one that found nothing after another did is a success."""
    return config.clean_critique and bool(pair.critiques) and all(map(clean, pair.critiques))


def clean(critique: str) -> bool:
    """A sentence says that nothing is wrong, and each of the others says so too, or praises."""
    if NOTHING.fullmatch(critique):
        return True
    straight = critique.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    said = [sentence for sentence in SENTENCE.split(straight) if WORD.search(sentence)]
    return any(map(CLEAN.search, said)) and all(map(_finds_nothing, said))


def _finds_nothing(sentence: str) -> bool:
    rest, found = CLEAN.subn(" ", sentence)
    if FAULT.search(rest):
        return False
    return PRAISE.search(rest) is not None or (found > 0 and len(WORD.findall(rest)) <= FEW)
