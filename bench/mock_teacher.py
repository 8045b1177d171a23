"""An OpenAI-compatible endpoint whose answers, and the time they take, are a hash of (prompt, turn).

`python -m bench.mock_teacher` prints its port and serves until its input ends. Like an engine it answers a bounded
number of requests at once, first come, first served, at a steady pace for each; one token is one word. The name of the
model says how the lengths of answers are spread: `light` or `heavy`. `GET /told` says how many chats were asked for,
how many of them again, and when the first came; `GET /forget` begins anew.
"""

import argparse
import asyncio
import hashlib
import json
import math
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import NormalDist
from typing import Any

SLOTS = 128  # answers at once
TOKEN_SECONDS = 0.004
MEAN = 100  # tokens of an answer
MOST = 2048
SIGMA = {"light": 0.2, "heavy": 1.0}  # of the logarithm of the lengths
FIRST_TOKEN = 10  # an answer's start takes as long as so many tokens
WORD = 6  # characters, the space included
TEXT = " ".join("".join(random.Random(n).choices("abcdefghijklmnopqrstuvwxyz", k=WORD - 1)) for n in range(3 * MOST))


@dataclass(frozen=True)
class Answer:
    """What is said, and in how many tokens."""

    text: str
    tokens: int


def answer(prompt: str, turn: int, tails: str) -> Answer:
    """The answer of turn 0, 1, 2 to a prompt: its length is log-normal with the mean MEAN, cut at MOST."""
    digest = hashlib.sha256(f"{turn} {prompt}".encode()).digest()
    chance = (int.from_bytes(digest[:7]) + 0.5) / (1 << 56)
    sigma = SIGMA[tails]
    drawn = MEAN * math.exp(sigma * NormalDist().inv_cdf(chance) - sigma**2 / 2)
    tokens = max(1, min(MOST, round(drawn)))
    begin = WORD * (int.from_bytes(digest[7:11]) % (2 * MOST))
    return Answer(TEXT[begin : begin + WORD * tokens - 1], tokens)


@dataclass
class Desk:
    """The slots, and what was asked so far."""

    slots: asyncio.Semaphore
    token_seconds: float
    asked: "Counter[bytes]" = field(default_factory=Counter)
    first: float | None = None  # when, in seconds since the epoch

    async def serve(self, body: bytes) -> dict[str, Any]:
        """One chat completion."""
        if self.first is None:
            self.first = time.time()
        chat = json.loads(body)
        messages = chat["messages"]
        self.asked[hashlib.md5(json.dumps(messages).encode(), usedforsecurity=False).digest()] += 1
        prompt = next(message["content"] for message in messages if message["role"] == "user")
        turn = sum(message["role"] == "assistant" for message in messages)
        made = answer(prompt, turn, chat["model"])
        async with self.slots:
            await asyncio.sleep(self.token_seconds * (FIRST_TOKEN + made.tokens))
        return _completion(chat["model"], made, sum(len(message["content"]) // WORD for message in messages))

    def told(self) -> dict[str, Any]:
        """Figures since `forget`."""
        return {"asked": self.asked.total(), "again": self.asked.total() - len(self.asked), "first": self.first}

    def forget(self) -> dict[str, Any]:
        """Begin anew."""
        self.asked, self.first = Counter(), None
        return {}


def _completion(model: str, made: Answer, read: int) -> dict[str, Any]:
    usage = {"prompt_tokens": read, "completion_tokens": made.tokens, "total_tokens": read + made.tokens}
    choice = {"index": 0, "message": {"role": "assistant", "content": made.text}, "finish_reason": "stop"}
    return {
        "id": "mock", "object": "chat.completion", "created": 0, "model": model, "choices": [choice], "usage": usage
    }  # fmt: skip


class Connection(asyncio.Protocol):
    """HTTP/1.1 as far as the clients of this endpoint speak it: kept connections, one request at a time."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._buffer = bytearray()
        self._task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio."""
        self._write: Callable[[bytes], None] = transport.write  # type: ignore[attr-defined]  # a stream's transport

    def connection_lost(self, exc: Exception | None) -> None:
        """A client that goes away is not answered."""
        if self._task is not None:
            self._task.cancel()

    def data_received(self, data: bytes) -> None:
        """Cut off a whole request and answer it."""
        self._buffer += data
        head, found, rest = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return
        lines = bytes(head).decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        length = int(headers.get("content-length", 0))
        if len(rest) < length:
            return
        body, self._buffer = bytes(rest[:length]), rest[length:]
        self._task = asyncio.get_running_loop().create_task(self._answer(lines[0].split()[1], body))

    async def _answer(self, path: str, body: bytes) -> None:
        if path.endswith("/chat/completions"):
            said = await self._desk.serve(body)
        else:
            said = self._desk.forget() if path == "/forget" else self._desk.told()
        content = json.dumps(said).encode()
        self._write(
            b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(content) + content
        )


async def serve(slots: int, token_seconds: float) -> None:
    """Listen on loopback; end with the input."""
    desk = Desk(asyncio.Semaphore(slots), token_seconds)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(desk), "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)
    server.close()


def main() -> None:
    """Serve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--slots", type=int, default=SLOTS)
    parser.add_argument("--token-seconds", type=float, default=TOKEN_SECONDS)
    options = parser.parse_args()
    asyncio.run(serve(options.slots, options.token_seconds))


if __name__ == "__main__":
    main()
