"""Chains, turn by turn for all prompts at once, by the cues that a worker plays."""

from collections.abc import Sequence

from bench.claims import models
from core.configs.filters import FilterConfig
from core.seeds import derive_seed
from core.strategies.cue import Cue, Messages
from core.text import clean
from tiny.corpus import Turns
from tiny.sampling import TEMPERATURE, answers
from workers.filters import verdict
from workers.filters.pair_text import PairText

LONGEST = 48  # tokens of a turn: the teacher's own limit
Said = dict[str, str]  # the turns of a chain by their cue's name


def play(
    scripts: Sequence[Sequence[Cue]], *, seed: int, temperature: float = TEMPERATURE, speaker: str = models.TEACHER
) -> list[Said]:
    """What a model says to each script. All have cues of the same names in the same order."""
    made: list[dict[str, Turns]] = [{} for _ in scripts]
    for cues in zip(*scripts, strict=True):
        chats = [_chat(cue, before) for cue, before in zip(cues, made, strict=True)]
        drawn = derive_seed(seed, "turn", cues[0].name)
        texts = answers(models.speaker(speaker), models.encoder(), chats, seed=drawn, temperature=temperature)
        for cue, chat, text, before in zip(cues, chats, texts, made, strict=True):
            before[cue.name] = [*chat, ("assistant", clean(text.strip()).text)]
    return [{name: chat[-1][1] for name, chat in chain.items()} for chain in made]


def kept(said: Said) -> bool:
    """Whether the default filters keep the pair of a chain."""
    chosen, rejected = said["revision"], said["draft"]
    return verdict(PairText(chosen, rejected, _end(chosen), _end(rejected)), FilterConfig()) is None


def _end(text: str) -> str:
    """How an engine would say that the turn ended."""
    return "length" if len(models.encoder().text(text)) >= LONGEST else "stop"


def _chat(cue: Cue, made: dict[str, Turns]) -> Turns:
    if cue.after is None:
        return told(cue.messages)
    return [*made[cue.after], ("user", cue.user)]


def told(messages: Messages) -> Turns:
    """A chat as the tiny models' encoder takes it."""
    return [(message["role"], message["content"]) for message in messages]
