"""A teacher that is asked over HTTP. It holds no tokens: a conversation is its messages."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import stamina

from core.configs.sampling import Sampling
from core.configs.teacher import ModelConfig
from core.errors import BadInput, Refused, Unanswered, Unavailable
from core.outgoing.guard import Guard
from core.outgoing.place import place
from core.settings import settings
from workers.teachers.endpoint.answer import Answer
from workers.teachers.endpoint.call import Caller
from workers.teachers.endpoint.fault import Fault
from workers.teachers.endpoint.identity import EMPTY_TEMPLATE, fingerprint
from workers.teachers.endpoint.lines import Lines, Party
from workers.teachers.endpoint.patience import PROBE_SECONDS, Patience
from workers.teachers.endpoint.request import estimated, form, packed, request
from workers.teachers.endpoint.retries import Retries
from workers.teachers.teacher import Conversation, Shape, Turn

REJECTIONS = 20  # in a row, with nothing answered between, after which it is not the conversations that are wrong


class EndpointTeacher:
    """`Teacher` over an OpenAI-compatible endpoint."""

    engine = "openai"
    template_hash = EMPTY_TEMPLATE

    def __init__(
        self,
        config: ModelConfig,
        *,
        api_key: str | None,
        guard: Guard | None = None,
        patience: Patience | None = None,
        lines: Lines | None = None,
    ) -> None:
        """Nothing is asked yet; what is known of the endpoint is found among the worker's `lines`.

        Raises BadInput for an address or a key that cannot be used.
        """
        where = place(str(config.base_url), param="teacher.base_url")
        guard, self._patience = guard or Guard(), patience or Patience()
        guard.check_literal(where, param="teacher.base_url")
        self.model = str(config.model)
        self.fingerprint = fingerprint(config)
        key, limits = _usable(api_key), settings().model(*config.names)
        self._caller = Caller(where, key, patience=self._patience, guard=guard)
        party = Party(where.url, self.model, key)
        known = (lines or Lines()).to(party, limits, retry_seconds=self._patience.retry)
        self._line, self._budget = known.line, known.budget
        self._suspects, self._dialect = known.suspects, known.dialect
        self._binds = limits.structured_outputs
        self._rejections = 0

    def open(self, messages: Sequence[Mapping[str, str]]) -> Conversation:
        """See `Teacher`."""
        return Conversation(tuple(messages), ())

    def follow(self, conversation: Conversation, turn: Turn, user: str) -> Conversation:
        """See `Teacher`; there are no ids."""
        added = ({"role": "assistant", "content": turn.text}, {"role": "user", "content": user})
        return Conversation((*conversation.messages, *added), ())

    async def answer(
        self, conversation: Conversation, *, sampling: Sampling, seed: int, shape: Shape | None = None
    ) -> Turn:
        """See `Teacher`. The seed is sent; whether the endpoint heeds it is its own affair.

        Raises Unavailable where it does not answer now, Refused where it does not take us, and Unanswered for a
        conversation that it does not take.
        """
        fields = request(self.model, conversation.messages, sampling=sampling, seed=seed)
        fields |= form(shape) if self._binds else {}
        read = estimated([one["content"] for one in conversation.messages])
        answer, omitted = await self._asked(fields, tokens=read + sampling.max_tokens)
        self._rejections = 0
        turn = replace(_turn(answer, sampling.stop, read), omitted=omitted)
        self._line.used(turn.prompt_tokens + turn.tokens, of=read + sampling.max_tokens)
        return turn

    async def close(self) -> None:
        """See `Teacher`."""
        await self._caller.close()

    async def _asked(self, fields: dict[str, Any], *, tokens: int) -> tuple[Answer, tuple[str, ...]]:
        """Ask until there is an answer, with the fields that it was asked without, or no sense in asking again."""
        sent = self._dialect.speak(fields)
        body = packed(sent)
        retries = Retries(self._patience, self._budget)
        self._budget.asked()
        begun = self._line.answered
        try:
            tries = stamina.retry_context(on=retries, attempts=None, timeout=None)
            async for attempt in tries.with_name(f"{self.model} at {self._line.name}", (), {}):
                with attempt:
                    answer = await self._line.ask(
                        self._caller.call, body, messages=len(fields["messages"]), tokens=tokens
                    )
                    return answer, self._dialect.omitted(fields, sent)
        except Fault as fault:
            if self._dialect.learns(fault, sent):
                return await self._asked(fields, tokens=tokens)
            self._conclude(fault)
            if fault.nature.own and retries.fair and await self._blamed(body, begun):
                raise Unanswered(f"{self._line.name}: {fault.message}, every time.", reason="unanswerable") from fault
            raise Unavailable(self._line.down(fault.message)) from fault
        raise AssertionError("stamina ends with an answer or an error")

    def _conclude(self, fault: Fault) -> None:
        """Raise what a fault means that another try would not change; return from others."""
        said = f"The endpoint {self._line.name} does not take the request: {fault.message}."
        if fault.kind == "refused":
            raise Refused(f"{said} Set right what it names, then resume.") from fault
        if fault.kind == "rejected":
            self._rejections += 1
            if self._rejections >= REJECTIONS:
                raise Refused(f"{said} So it went {REJECTIONS} times in a row.") from fault
        if not fault.nature.again:
            raise Unanswered(said, reason=fault.kind) from fault
        if fault.after is not None:
            self._line.rest(fault.after, self._line.down(fault.message))

    async def _blamed(self, body: bytes, begun: float) -> bool:
        """Whether a request is given up: it never got an answer, though others did while it was tried.

        Where nobody else was asked meanwhile, the shortest question there is is.
        """
        if self._line.answered == begun:
            hello = request(self.model, [{"role": "user", "content": "Hi"}], sampling=Sampling(max_tokens=1), seed=0)
            try:
                async with asyncio.timeout(PROBE_SECONDS):
                    shortest = packed(self._dialect.speak(hello))
                    await self._line.ask(self._caller.call, shortest, messages=1, tokens=2)
            except (Fault, Unavailable, TimeoutError):
                return False
        return self._suspects.failed(body)


def _turn(answer: Answer, stop: Sequence[str], read: int) -> Turn:
    """The turn, cut before the first stop string where the endpoint does not do it; missing counts are estimated."""
    places = [place for place in (answer.text.find(word) for word in stop) if place >= 0]
    text = answer.text[: min(places)] if places else answer.text
    return Turn(
        text=text.strip(),
        token_ids=(),
        finish="stop" if places else answer.finish,
        prompt_tokens=read if answer.prompt_tokens is None else answer.prompt_tokens,
        cached_tokens=answer.cached_tokens,
        counted=estimated([answer.text]) if answer.tokens is None else answer.tokens,
    )


def _usable(api_key: str | None) -> str | None:
    """The key without the white space around it. Raises BadInput for one that no header can carry."""
    key = (api_key or "").strip()
    if not (key.isascii() and key.isprintable()):
        raise BadInput(
            "The secret of the endpoint holds signs that no header can carry; store it again.", param="teacher.secret"
        )
    return key or None
