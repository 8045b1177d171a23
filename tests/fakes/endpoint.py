"""An OpenAI-compatible endpoint on loopback that answers from a script, and misbehaves where the script says so."""

import asyncio
import gzip
import json
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

NAMES = ("draft", "critique", "revision")
ENDLESS = b"x" * (64 << 10)


@dataclass(frozen=True)
class Asked:
    """One request as it came in."""

    path: str
    headers: Mapping[str, str]
    body: dict[str, Any]

    @property
    def number(self) -> int:
        """Of the turn that is asked for: 0 is the draft."""
        return sum(message["role"] == "assistant" for message in self.body["messages"])

    @property
    def prompt(self) -> str:
        """The last words of the prompt."""
        users = [message["content"] for message in self.body["messages"] if message["role"] == "user"]
        return str(users[0])

    @property
    def text(self) -> str:
        """What a well-behaved endpoint says: `draft of <prompt>` and so on."""
        return f"{NAMES[self.number]} of {self.prompt}"


Act = Callable[[Asked, asyncio.StreamWriter], Awaitable[None]]
Script = Callable[[Asked], Act | None]


def completion(text: Any, *, finish: Any = "stop", **changed: Any) -> dict[str, Any]:
    """The JSON of a chat completion; `changed` replaces its fields."""
    message = {"role": "assistant", "content": text}
    usage = {"prompt_tokens": 20, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 10}}
    return {"choices": [{"index": 0, "message": message, "finish_reason": finish}], "usage": usage} | changed


def says(content: Any, *, status: int = 200, **headers: str) -> Act:
    """Answers with JSON, or with bytes as they are."""
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()

    async def act(_asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(head(status, len(raw), **headers) + raw)
        await writer.drain()

    return act


def head(status: int, length: int | None, **headers: str) -> bytes:
    """The head of an answer; without a length its body ends with the connection."""
    fields = {"content-type": "application/json"} | {name.replace("_", "-"): value for name, value in headers.items()}
    fields |= {"connection": "close"} if length is None else {"content-length": str(length)}
    lines = [f"HTTP/1.1 {status} Something", *(f"{name}: {value}" for name, value in fields.items())]
    return "\r\n".join([*lines, "", ""]).encode()


async def reset(_asked: Asked, writer: asyncio.StreamWriter) -> None:
    """Ends the connection without a word."""
    writer.transport.abort()


async def cut_short(_asked: Asked, writer: asyncio.StreamWriter) -> None:
    """Promises more than it gives."""
    writer.write(head(200, 1000) + b'{"choices"')
    await writer.drain()
    writer.close()


async def hang(_asked: Asked, _writer: asyncio.StreamWriter) -> None:
    """Says nothing until the caller has gone."""
    await asyncio.Event().wait()


async def trickle(asked: Asked, writer: asyncio.StreamWriter) -> None:
    """One byte, a pause, one byte: never silent for long, never done."""
    raw = json.dumps(completion(asked.text)).encode()
    writer.write(head(200, len(raw)))
    for byte in raw:
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(0.05)


async def endless(_asked: Asked, writer: asyncio.StreamWriter) -> None:
    """A body without an end, as fast as it is taken."""
    writer.write(head(200, None))
    while True:
        writer.write(ENDLESS)
        await writer.drain()


async def endless_head(_asked: Asked, writer: asyncio.StreamWriter) -> None:
    """Header after header, without an end."""
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        writer.write(b"x-more: " + ENDLESS[:1000] + b"\r\n")
        await writer.drain()


async def head_alone(_asked: Asked, writer: asyncio.StreamWriter) -> None:
    """A head, and then nothing until the caller has gone."""
    writer.write(head(200, 1000))
    await writer.drain()
    await asyncio.Event().wait()


async def behind_the_end(asked: Asked, writer: asyncio.StreamWriter) -> None:
    """A whole packed answer, and behind it bytes without an end."""
    packed = gzip.compress(json.dumps(completion(asked.text)).encode())
    writer.write(head(200, None, content_encoding="gzip") + packed)
    while True:
        writer.write(ENDLESS)
        await writer.drain()


def bomb() -> Act:
    """A gigabyte of JSON that is a megabyte on the wire."""
    packed = gzip.compress(b'{"choices": "' + b" " * (64 << 20))
    return says(b"".join([packed] * 16), content_encoding="gzip")


@dataclass
class Endpoint:
    """The running endpoint; `script` may be replaced at any time."""

    script: Script = lambda asked: None
    key: str | None = None  # whoever brings another one is refused
    tls: ssl.SSLContext | None = None
    port: int = 0
    asked: list[Asked] = field(default_factory=list)
    most_at_once: int = 0
    _at_once: int = 0
    _busy: set["asyncio.Task[None]"] = field(default_factory=set)

    @property
    def url(self) -> str:
        """Its base URL."""
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def door(self) -> str:
        """As the operator names it."""
        return f"127.0.0.1:{self.port}"

    async def serve(self, ready: threading.Event, stop: asyncio.Event) -> None:
        """Answer until `stop`."""
        server = await asyncio.start_server(self._connection, "127.0.0.1", self.port, ssl=self.tls)
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        await stop.wait()
        server.close()
        for task in list(self._busy):
            task.cancel()
        await asyncio.gather(*self._busy, return_exceptions=True)

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._busy.add(task)
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                while not writer.is_closing():
                    await self._one(reader, writer)
        finally:
            self._busy.discard(task)
            writer.transport.abort()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        pairs = (line.partition(":") for line in lines[1:] if line)
        headers = {name.lower(): value.strip() for name, _, value in pairs}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        asked = Asked(lines[0].split()[1], headers, json.loads(body) if body else {})
        self.asked.append(asked)
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            await self._act(asked)(asked, writer)
        finally:
            self._at_once -= 1

    def _act(self, asked: Asked) -> Act:
        if self.key is not None and asked.headers.get("authorization") != f"Bearer {self.key}":
            brought = asked.headers.get("authorization", "nothing")
            return says({"error": {"message": f"Incorrect API key provided: {brought}."}}, status=401)
        return self.script(asked) or says(completion(asked.text) if asked.body else {})


@contextmanager
def serving(endpoint: Endpoint) -> Iterator[Endpoint]:
    """Run it in a thread of its own; its port is known inside, and free again afterwards."""
    ready, loop, stop = threading.Event(), asyncio.new_event_loop(), asyncio.Event()
    thread = threading.Thread(target=lambda: loop.run_until_complete(endpoint.serve(ready, stop)), daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield endpoint
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        assert not thread.is_alive()
        loop.close()
