"""The transformers engine: serves where vLLM cannot be installed. Runs in an engine process only."""

import asyncio
import queue
import threading
from collections.abc import Sequence
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from core.errors import BadInput
from workers.engine.frames import Frame
from workers.teachers.device import context_of, loaded
from workers.teachers.rows import Batch, Row
from workers.teachers.sampler import Sampler
from workers.teachers.stop import found


def load(config: Frame) -> "TransformersEngine":
    """Load the model of an engine's config."""
    return TransformersEngine(config)


class TransformersEngine:
    """One model and one thread that keeps a batch of answers going; new ones join between two tokens."""

    def __init__(self, config: Frame) -> None:
        try:
            self._model = loaded(AutoModelForCausalLM, config)
        except (OSError, ValueError, KeyError) as error:
            raise BadInput(f"The teacher cannot be loaded: {error}", param="teacher.model") from error
        self._tokenizer = AutoTokenizer.from_pretrained(config["tokenizer"], trust_remote_code=False)
        self._stop = frozenset(config["stop"])
        self._most = config["rows"]
        size = self._model.get_output_embeddings().weight.shape[0]
        self._batch = Batch(self._model, [i for i in (*config["banned"], *range(config["length"], size)) if i < size])
        self._waiting: queue.SimpleQueue[Row] = queue.SimpleQueue()
        self.facts = {"context": context_of(self._model, config["max_model_len"])}
        threading.Thread(target=self._run, name="batch", daemon=True).start()

    async def answer(self, request: Frame) -> Frame:
        """Sample one answer: {ids, finish, cached}. The ids do not hold the token that ends the turn.

        The request's shape is not enforced: the answer is free.
        """
        noise = torch.Generator(device=self._model.device)
        noise.manual_seed(request["seed"])
        sampler = Sampler(request["temperature"], request["top_p"], request["top_k"], noise)
        future: Future[Frame] = Future()
        self._waiting.put(Row(request["prompt"], request["max_tokens"], tuple(request["stop"]), sampler, future))
        return await asyncio.wrap_future(future)

    def close(self) -> None:
        """Nothing outlives the process."""

    def _run(self) -> None:
        while True:
            rows = self._next()
            try:
                if rows:
                    self._batch.admit(rows)
                    self._settle()
                self._batch.step()
                self._settle()
            except Exception as error:  # noqa: BLE001 - the edge of the thread: whoever waits is told
                self._fail(rows, error)

    def _next(self) -> list[Row]:
        """Take what waits, as far as there is room; with nothing under way, wait for something."""
        rows = [] if self._batch.rows else [self._waiting.get()]
        with suppress(queue.Empty):
            while len(rows) + len(self._batch.rows) < self._most:
                rows.append(self._waiting.get_nowait())
        return [row for row in rows if not row.answer.cancelled()]

    def _settle(self) -> None:
        """Answer the rows that have ended, and let them and the cancelled ones go."""
        going = []
        for row in self._batch.rows:
            finish = self._finish(row)
            if finish is None and not row.answer.cancelled():
                going.append(row)
            elif finish is not None:
                ids = row.ids[:-1] if row.ids[-1] in self._stop else row.ids
                with suppress(InvalidStateError):  # cancelled meanwhile
                    row.answer.set_result({"ids": ids, "finish": finish, "cached": 0})
        self._batch.keep(going)

    def _finish(self, row: Row) -> str | None:
        if row.ids[-1] in self._stop or found(row.ids, row.stop_words, self._decode):
            return "stop"
        return "length" if len(row.ids) >= row.max_tokens else None

    def _decode(self, ids: Sequence[int]) -> str:
        return str(self._tokenizer.decode(list(ids), skip_special_tokens=True))

    def _fail(self, admitted: list[Row], error: Exception) -> None:
        for row in (*self._batch.rows, *admitted):
            with suppress(InvalidStateError):
                row.answer.set_exception(error)
        self._batch.keep([])
