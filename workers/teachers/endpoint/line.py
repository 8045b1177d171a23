"""A line to one endpoint: nobody calls it more often, or more at once, than it and the operator take."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import ExitStack

from core.configs.model import ModelSettings
from core.settings import settings
from workers.teachers.endpoint.answer import Answer
from workers.teachers.endpoint.breaker import Breaker
from workers.teachers.endpoint.fault import Fault
from workers.teachers.endpoint.gate import Gate
from workers.teachers.endpoint.rates import Rates

Call = Callable[[bytes], Awaitable[Answer]]
PAUSE = 10  # first pauses of a repeated request that the breaker's first pause takes


class Line:
    """Faults and answers teach it how many requests there may be at once, and when there may be none.

    It outlasts whoever calls (`lines.py`), so each brings its own connections.
    """

    def __init__(self, name: str, limits: ModelSettings, rates: Rates, *, retry_seconds: float) -> None:
        self.name = name
        self._gate = Gate(limits.max_concurrency or settings().chains_in_flight)
        self._breaker = Breaker(PAUSE * retry_seconds)
        self._rates = rates
        self.answered = float("-inf")  # when it last answered well, in monotonic seconds

    async def ask(self, call: Call, body: bytes, *, messages: int, tokens: int) -> Answer:
        """Call once; `tokens` is the most it may take, and longer conversations go first.

        Raises Fault, Refused, and Unavailable while it is left alone. What was booked for a request that is not sent,
        or for an answer that does not come, is given back.
        """
        async with self._gate.inside(messages):
            with ExitStack() as unanswered, ExitStack() as unsent:
                unanswered.callback(self.used, 0, of=tokens)
                unsent.callback(self._rates.unsent)
                await self._wait(tokens)
                async with self._breaker.passing():
                    unsent.pop_all()
                    answer = await self._call(call, body)
                unanswered.pop_all()
                return answer

    def used(self, tokens: int, *, of: int) -> None:
        """An answer took so many of the tokens that it was given."""
        self._rates.used(tokens, of=of)

    def down(self, fault: str) -> str:
        """What is said about it while one waits for it: always the same words for the same fault."""
        return f"The endpoint {self.name} does not answer: {fault}."

    def rest(self, seconds: float, why: str) -> None:
        """Leave it alone for a while."""
        self._breaker.rest(seconds, why)

    async def _call(self, call: Call, body: bytes) -> Answer:
        begun = time.monotonic()
        try:
            answer = await call(body)
        except Fault as fault:
            fault.seconds = time.monotonic() - begun
            self._learn(fault, begun)
            raise
        self._breaker.well()
        self._gate.well()
        self.answered = time.monotonic()
        return answer

    async def _wait(self, tokens: int) -> None:
        seconds = self._rates.take(tokens)
        if seconds:
            await asyncio.sleep(seconds)

    def _learn(self, fault: Fault, begun: float) -> None:
        if fault.nature.congestion:
            self._gate.overrun(begun)
        if fault.nature.ill:
            self._breaker.failed(self.down(fault.message))
        elif not fault.nature.congestion:
            self._breaker.well()
