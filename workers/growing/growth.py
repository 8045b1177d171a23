"""The topics of one shard: asked for at once, settled one after the other in their order.

What a topic gives rests on its own tries and on the topics before it, never on which answer came first; so a dataset
that is made again, or that goes on after its worker vanished, gets the same prompts.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from core.configs.source import TopicSource
from core.database import transaction
from core.errors import BadInput
from core.ledger import Claim
from core.queries import growth, prompts
from core.queries.gathered import Frame
from core.queries.growth import Grown, Topic
from core.seeds import derive_seed
from core.strategies.cue import Cue
from workers import bound, turn_cache
from workers.allowance import Limits
from workers.chain import Ask
from workers.filters.conversation import conversation
from workers.growing.harvest import EACH, Harvest, most_tries
from workers.growing.lists import LONGEST, items
from workers.growing.shelf import Shelf
from workers.growing.wording import wording
from workers.notebook import Notebook
from workers.teachers.teacher import Teacher, Turn

Row = dict[str, Any]
BATCH = 2_000  # prompts in one statement
END: Row = {"state": "done"}  # of a topic whose prompts were handed on


@dataclass
class Tries:
    """What was asked for one topic so far."""

    topic: Topic
    written: list[list[str]] = field(default_factory=list)
    hits: int = 0
    error: str | None = None

    @property
    def earlier(self) -> list[str]:
        """Everything that was written, new or not."""
        return [text for texts in self.written for text in texts]


class Growth:
    """The plan of a growing shard: `make` holds one function for each topic, `store` writes what they gave."""

    def __init__(self, claim: Claim, frame: Frame, topics: Sequence[Topic], notebook: Notebook) -> None:
        assert isinstance(frame.config.source, TopicSource), "shards of this stage are queued for topics"
        self._claim = claim
        self._frame = frame
        self._source = frame.config.source
        self._shelf: Shelf | None = None
        self._loading = asyncio.Lock()
        self._begun = self._settled = 0
        self._over = [asyncio.Event() for _ in topics]
        self.notebook = notebook
        self.topics = topics

    @property
    def make(self) -> list[Callable[..., Awaitable[Row]]]:
        """One function for each topic, to be begun in this order."""
        return [partial(self._grow, number) for number in range(len(self.topics))]

    @property
    def limits(self) -> Limits | None:
        """The most that one topic may take; None without a budget."""
        asked = self._frame.config
        if not asked.budget.limited or not self.topics:
            return None
        names = asked.teacher.names
        longest = max(len(self._words(topic, ["\N{FULL BLOCK}" * LONGEST] * 100).encode()) for topic in self.topics)
        once = bound.priced(names, longest + bound.TEMPLATE, asked.teacher.sampling_of("draft").max_tokens)
        return Limits(once * most_tries(self._source.per_topic), bound.of_verdicts(asked, LONGEST))

    def store(self, session: Session, rows: Sequence[Row]) -> None:
        """Write finished topics. Raises LeaseLost."""
        found = [row["grown"] for row in rows if row is not END]
        growth.store(session, self._claim, self._frame, found)
        self.notebook.flush(session)

    async def _grow(self, number: int, teacher: Teacher, give: Callable[[Row], Awaitable[None]]) -> Row:
        """Ask for a topic's prompts, and settle it when the topics before it are.

        What it gave is handed on before the next topic is let go, so that rows are written in the order of topics.
        """
        if number != self._begun:  # a topic before it was not begun, nor will be
            return END
        self._begun += 1
        try:
            await self._settle(number, teacher, give)
        finally:  # topics behind one that a stop broke off do not wait for it
            self._over[number].set()
        return END

    async def _settle(self, number: int, teacher: Teacher, give: Callable[[Row], Awaitable[None]]) -> None:
        shelf, tries = await self._loaded(), Tries(self.topics[number])
        await self._ask_on(teacher, tries, self._harvest(shelf, tries))
        if number:
            await self._over[number - 1].wait()
        if number != self._settled:
            return
        harvest = self._harvest(shelf, tries)  # other topics may have taken some meanwhile
        await self._ask_on(teacher, tries, harvest)
        for text in harvest.texts:
            shelf.add(text)
        grown = Grown(tries.topic, harvest.texts, harvest.dropped, tries.hits, tries.error)
        await give({"grown": grown, "state": "open"})
        self._settled += 1

    def _harvest(self, shelf: Shelf, tries: Tries) -> Harvest:
        most = most_tries(self._source.per_topic)
        harvest = Harvest(shelf, Shelf(self._source.near), wanted=tries.topic.wanted, most=most)
        for written in tries.written:
            harvest.take(written)
        return harvest

    async def _ask_on(self, teacher: Teacher, tries: Tries, harvest: Harvest) -> None:
        while not harvest.done and tries.error is None:
            try:
                turn = await self._asked(teacher, tries)
            except BadInput as error:  # it does not fit the model, or its chat template
                tries.error = error.message
                return
            tries.written.append(items(turn.text, whole=turn.finish != "length"))
            harvest.take(tries.written[-1])

    async def _asked(self, teacher: Teacher, tries: Tries) -> Turn:
        """The answer to the next try, from the cache where it is known. Raises EngineDied, Unavailable, BadInput."""
        asked = self._frame.config
        words = self._words(tries.topic, tries.earlier)
        cue = Cue(f"try.{len(tries.written)}", "draft", messages=({"role": "user", "content": words},))
        seed = derive_seed(asked.seed, "grow", tries.topic.text)
        ask = Ask(prompt_id=0, sample=0, cues=(cue,), sampling=asked.teacher.sampling_of, seed=seed)
        known = await asyncio.to_thread(self._recall, ask)
        if known is not None:
            tries.hits += 1
            self.notebook.omissions.recalled()
            return known
        turn = await teacher.answer(teacher.open(cue.messages), sampling=ask.sampling(cue.kind), seed=ask.seed_of(cue))
        self.notebook.keeper(ask)(ask, cue, turn)
        return turn

    def _recall(self, ask: Ask) -> Turn | None:
        identity = self.notebook.identity
        if identity is None:
            return None
        with transaction() as session:
            (found,) = turn_cache.recall(session, self._claim.project_id, identity, [ask])
        return found.known.get(ask.cues[0].name)

    def _words(self, topic: Topic, written: Sequence[str]) -> str:
        number = min(EACH, self._source.per_topic)
        return wording(topic.text, self._source.instruction, number=number, written=written)

    async def _loaded(self) -> Shelf:
        """The shelf with everything that was there before this shard; put together once."""
        async with self._loading:
            if self._shelf is None:
                self._shelf = await asyncio.to_thread(self._load)
            return self._shelf

    def _load(self) -> Shelf:
        shelf, after, id = Shelf(self._source.near), -1, self._claim.dataset_id
        with transaction() as session:
            apart = prompts.evaluation_messages(session, id)
        for messages in apart:
            shelf.add(conversation(messages), "held_out")
        for prompt in self._frame.behavior.prompts:
            shelf.add(conversation(prompt.chat(None)))
        while True:
            with transaction() as session:
                found = prompts.generated(session, id, kept=False, after=after, limit=BATCH)
            if not found:
                return shelf
            for row in found:
                shelf.add(conversation(row.messages))
            after = found[-1].position
