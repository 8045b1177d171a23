"""Draft, critique, revision (arXiv 2402.08005, our reading), as many rounds as asked, the last with n candidates."""

from core.queries.recipes import Instructions
from core.strategies.cue import Cue, Messages


def self_critique(messages: Messages, instructions: Instructions, *, rounds: int = 1, best_of: int = 1) -> list[Cue]:
    """The cues in order. Earlier rounds are `critique.r1`, `revision.r1`, ...; further candidates `revision.1`, ..."""
    cues = [Cue("draft", "draft", messages=tuple(messages))]
    for number in range(1, rounds + 1):
        last = number == rounds
        mark = "" if last else f".r{number}"
        cues.append(Cue(f"critique{mark}", "critique", after=cues[-1].name, user=instructions.critique))
        before = cues[-1].name
        cues.append(Cue(f"revision{mark}", "revision", after=before, user=instructions.revision, candidate=last))
    cues += [
        Cue(f"revision.{number}", "revision", after="critique", user=instructions.revision, candidate=True)
        for number in range(1, best_of)
    ]
    return cues
