"""The most that one chain and its verdicts can take: what a budget must leave room for before the chain is begun.

A tokenizer that falls back to bytes never gives more tokens than the text has bytes; a template adds a few a message.
"""

from collections.abc import Iterable, Sequence

from core.configs.dataset import DatasetConfig
from core.configs.reward import RewardConfig
from core.queries.budgets import Price
from core.settings import settings
from workers.chain import Ask

TEMPLATE = 16  # tokens a chat template may add to one message
WORDING = 1_000  # tokens of the words around what a judge is asked


def priced(names: Sequence[str], read: float, written: float) -> Price:
    """What reading and writing so many tokens of a model takes, by the operator's prices in USD for a million."""
    prices = settings().model(*names)
    usd = (read * (prices.price_input or 0.0) + written * (prices.price_output or 0.0)) / 1e6
    return Price(read + written, usd)


def of_chain(ask: Ask, names: Sequence[str]) -> Price:
    """Every turn at its longest, each read again by the turns behind it."""
    whole: dict[str, int] = {}  # the chat up to the end of a turn, in tokens
    read = written = 0
    for cue in ask.cues:
        most = ask.sampling(cue.kind).max_tokens
        before = (
            _size(m["content"] for m in cue.messages) if cue.after is None else whole[cue.after] + _size([cue.user])
        )
        whole[cue.name] = before + most
        read, written = read + before, written + most
    return priced(names, read, written)


def of_verdicts(asked: DatasetConfig, prompt: int) -> Price:
    """What the judges of a dataset can take for one chain whose prompt and rubric have so many bytes together."""
    return sum((_of_judge(asked, reward, prompt) for reward in asked.reward if reward.kind == "judge"), Price(0.0, 0.0))


def _of_judge(asked: DatasetConfig, reward: RewardConfig, prompt: int) -> Price:
    answers = [asked.teacher.sampling_of(turn).max_tokens for turn in ("draft", "revision")]
    calls = 2 * asked.best_of if reward.pairwise else 1 + asked.best_of
    read = calls * (WORDING + prompt + sum(answers))
    return priced(reward.names, read, calls * reward.sampling.max_tokens)


def largest(prices: Sequence[Price]) -> Price:
    """The most of each."""
    return Price(max((p.tokens for p in prices), default=0.0), max((p.usd for p in prices), default=0.0))


def _size(texts: Iterable[str]) -> int:
    return sum(len(text.encode(errors="replace")) + TEMPLATE for text in texts)
