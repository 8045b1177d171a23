"""A hub on this machine: the routes that `huggingface_hub` asks to make a repository of a dataset and commit to it."""

import base64
import json
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests.fakes.loopback import listening


@dataclass
class Hub:
    """What it holds, what it was asked, and what the next requests meet instead: a status, `reset` or `hang`."""

    url: str = ""
    repos: dict[str, dict[str, bytes]] = field(default_factory=dict)
    private: dict[str, bool] = field(default_factory=dict)
    tokens: list[str | None] = field(default_factory=list)
    commits: list[str] = field(default_factory=list)
    failing: list[int | str] = field(default_factory=list)
    at: str = ""  # part of the path that requests have which fail
    naps: dict[str, str] = field(default_factory=dict)  # headers of every answer
    hanging: threading.Event = field(default_factory=threading.Event)  # a request hangs
    over: threading.Event = field(default_factory=threading.Event)  # those that hang may go

    def create(self, body: dict[str, Any]) -> tuple[int, Any]:
        """A repository, if there is none of the name."""
        name = f"{body['organization']}/{body['name']}" if body.get("organization") else body["name"]
        there = name in self.repos
        self.repos.setdefault(name, {})
        self.private.setdefault(name, body.get("visibility") == "private" or bool(body.get("private")))
        return (409 if there else 200), {"url": f"{self.url}/datasets/{name}", "id": name, "name": name}

    def commit(self, repo: str, lines: list[dict[str, Any]]) -> tuple[int, Any]:
        """Files come and go; the first line says what it is about."""
        for line in lines:
            value = line["value"]
            if line["key"] == "header":
                self.commits.append(value["summary"])
            elif line["key"] == "file":
                self.repos[repo][value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "deletedFile":
                del self.repos[repo][value["path"]]
        return 200, {"success": True, "commitUrl": f"{self.url}/datasets/{repo}/commit/1", "commitOid": "1" * 40}

    def tree(self, repo: str) -> tuple[int, Any]:
        """Every file of a repository."""
        files = self.repos[repo].items()
        return 200, [{"type": "file", "path": path, "size": len(data), "oid": "0" * 40} for path, data in files]


class Handler(BaseHTTPRequestHandler):
    """One request."""

    hub: Hub

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""

    def do_GET(self) -> None:
        """Files of a repository."""
        self._answer(b"")

    def do_POST(self) -> None:
        """Everything else."""
        self._answer(self.rfile.read(int(self.headers.get("content-length", 0))))

    def _answer(self, body: bytes) -> None:
        self.hub.tokens.append(self.headers.get("authorization"))
        failing = self.hub.failing.pop(0) if self.hub.failing and self.hub.at in self.path else None
        if isinstance(failing, str):
            self._vanish(failing)
            return
        status, value = self._found(body) if failing is None else (failing, {"error": "Not now."})
        told = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        for name, text in {"content-length": str(len(told)), **self.hub.naps}.items():
            self.send_header(name, text)
        self.end_headers()
        self.wfile.write(told)

    def _vanish(self, how: str) -> None:
        """The request is never answered."""
        if how == "hang":
            self.hub.hanging.set()
            self.hub.over.wait()
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # closing resets
        self.connection.close()
        self.close_connection = True

    def _found(self, body: bytes) -> tuple[int, Any]:
        path = self.path.partition("?")[0]
        if path == "/api/repos/create":
            return self.hub.create(json.loads(body))
        if path == "/api/validate-yaml":
            return 200, {"errors": [], "warnings": []}
        repo = "/".join(path.split("/")[3:5])
        if path.endswith("/preupload/main"):
            files = [
                {"path": file["path"], "uploadMode": "regular", "shouldIgnore": False}
                for file in json.loads(body)["files"]
            ]
            return 200, {"files": files}
        if path.endswith("/commit/main"):
            return self.hub.commit(repo, [json.loads(line) for line in body.splitlines()])
        if path.endswith("/tree/main"):
            return self.hub.tree(repo)
        if path.endswith("/revision/main"):
            return 200, {"id": repo, "sha": "0" * 40, "siblings": []}
        return 404, {"error": f"no route {self.path}"}


@contextmanager
def serving() -> Iterator[Hub]:
    """A hub that answers until the end."""
    hub = Hub()
    with listening(type("Bound", (Handler,), {"hub": hub})) as hub.url:
        try:
            yield hub
        finally:
            hub.over.set()
