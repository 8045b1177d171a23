"""A server that plays the routes of the Hugging Face hub which its client asks for a dataset's files."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from urllib.parse import unquote, urlsplit

from tests.fakes.loopback import listening


@dataclass
class FakeHub:
    """Datasets by `owner/name`: revisions that name commits, and the files of each commit."""

    revisions: dict[tuple[str, str], str] = field(default_factory=dict)
    files: dict[tuple[str, str], dict[str, bytes]] = field(default_factory=dict)
    token: str | None = None  # who does not send it is told that nothing is there
    down: bool = False
    asked: list[str] = field(default_factory=list)
    bytes_sent: int = 0
    url: str = ""

    def put(self, repo: str, revision: str, files: dict[str, bytes]) -> str:
        """A new commit that the revision names from now on."""
        commit = f"{len(self.files):040x}"
        self.revisions[repo, revision] = self.revisions[repo, commit] = commit
        self.files[repo, commit] = files
        return commit


@contextmanager
def serving(hub: FakeHub) -> Iterator[FakeHub]:
    """The hub at an address of this machine."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def do_GET(self) -> None:
            """Answer."""
            hub.asked.append(f"{self.command} {self.path}")
            path = unquote(urlsplit(self.path).path)
            found = re.fullmatch(r"(?:/api)?/datasets/([^/]+/[^/]+)/(revision|tree|resolve)/(.*)", path)
            if hub.down:
                self._answer(503, b"{}")
            elif found is None or (hub.token and self.headers.get("authorization") != f"Bearer {hub.token}"):
                self._answer(401, b"{}", {"x-error-code": "RepoNotFound"})
            else:
                self._found(*found.groups())

        do_HEAD = do_GET  # noqa: N815  (the name that the base class looks for)

        def _found(self, repo: str, what: str, rest: str) -> None:
            if not any(known == repo for known, _ in hub.revisions):
                self._answer(404, b"{}", {"x-error-code": "RepoNotFound"})
                return
            names = [name for known, name in hub.revisions if known == repo and f"{rest}/".startswith(f"{name}/")]
            if not names:
                self._answer(404, b"{}", {"x-error-code": "RevisionNotFound"})
                return
            commit, path = hub.revisions[repo, names[0]], rest[len(names[0]) + 1 :]
            files = hub.files[repo, commit]
            if what == "resolve":
                self._bytes(files[path])
            elif what == "tree":
                tree = [{"type": "file", "path": n, "size": len(b), "oid": "0"} for n, b in files.items()]
                self._answer(200, json.dumps([one for one in tree if str(one["path"]).startswith(path)]).encode())
            else:
                body = {"id": repo, "sha": commit, "siblings": [{"rfilename": name} for name in files]}
                self._answer(200, json.dumps(body).encode())

        def _bytes(self, content: bytes) -> None:
            first, last = map(int, re.findall(r"\d+", self.headers["range"]))
            hub.bytes_sent += last + 1 - first
            self._answer(206, content[first : last + 1])

        def _answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
            self.send_response(status)
            for name, value in {"content-length": str(len(body)), **(headers or {})}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

    with listening(Handler) as hub.url:
        yield hub
