"""A teacher whose model runs in an engine process; chats become ids here, ids become answers there."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from core.configs.sampling import Sampling
from core.errors import BadInput
from core.settings import settings
from workers.chat import Chat
from workers.engine.folder import is_small
from workers.engine.frames import Frame
from workers.engine.options import options
from workers.engine.process import EngineProcess, Patience
from workers.engine.weights import Weights, weights
from workers.teachers.stop import cut
from workers.teachers.teacher import Conversation, Shape, Turn
from workers.teachers.vocabulary import vocabulary


class ServedTeacher:
    """`Teacher` over an engine process; the engine's answers carry ids only."""

    def __init__(self, engine: str, model: str) -> None:
        """Start the engine and wait until it is loaded. Raises EngineDied, BadInput."""
        files = weights(model)
        self.engine = engine
        self.model = model
        self.fingerprint = files.fingerprint
        self._chat = Chat(files.tokenizer)
        self.template_hash = self._chat.template_hash
        patience = Patience(load=settings().engine_load_seconds, answer=settings().engine_answer_seconds)
        self._process = EngineProcess(
            engine, _config(engine, files, self._chat), patience=patience, small=is_small(files.base)
        )
        try:
            self._context = int(self._process.ready()["context"])
        except BaseException:
            self._process.close()
            raise

    @property
    def pid(self) -> int:
        """Process id of the engine, which is its process group too."""
        return self._process.pid

    def open(self, messages: Sequence[Mapping[str, str]]) -> Conversation:
        """See `Teacher`."""
        return Conversation(tuple(messages), self._chat.open(messages))

    def follow(self, conversation: Conversation, turn: Turn, user: str) -> Conversation:
        """See `Teacher`."""
        suffix = self._chat.suffix([message["role"] for message in conversation.messages], user)
        added = ({"role": "assistant", "content": turn.text}, {"role": "user", "content": user})
        said = turn.token_ids or self._chat.ids(turn.text)  # a turn that was stored without its ids
        return Conversation((*conversation.messages, *added), conversation.token_ids + said + suffix)

    async def answer(
        self, conversation: Conversation, *, sampling: Sampling, seed: int, shape: Shape | None = None
    ) -> Turn:
        """See `Teacher`."""
        prompt = conversation.token_ids
        if len(prompt) + sampling.max_tokens > self._context:
            raise BadInput(
                f"A conversation of {len(prompt)} tokens leaves no room for {sampling.max_tokens} more: {self.model!r} "
                f"takes {self._context} in all. Shorten the prompt, or lower sampling.max_tokens.",
                param="teacher.sampling.max_tokens",
            )
        request = {"prompt": prompt, "seed": seed, **sampling.model_dump(), "shape": asdict(shape) if shape else None}
        return self._turn(prompt, sampling, await asyncio.wrap_future(self._process.ask(request)))

    async def close(self) -> None:
        """See `Teacher`."""
        await asyncio.to_thread(self._process.close)

    def _turn(self, prompt: Sequence[int], sampling: Sampling, answer: Frame) -> Turn:
        ids, text, stopped = cut(answer["ids"], sampling.stop, self._chat.text)
        finish = "stop" if stopped else answer["finish"]
        return Turn(text, ids, finish, prompt_tokens=len(prompt), cached_tokens=answer["cached"])


def _config(engine: str, files: Weights, chat: Chat) -> Frame:
    return {
        **options(files.settings_of, in_vllm=engine == "vllm"),
        **asdict(vocabulary(files.base, chat.tokenizer)),
        "model": str(files.base),
        "tokenizer": str(files.tokenizer),
        "adapter": str(files.adapter) if files.adapter else None,
        "rank": files.rank,
        "rows": settings().chains_in_flight,
    }
