"""POST /files and everything under it."""

import hashlib
import io
import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import openai
import pyarrow as arrow
import pytest
from pyarrow import parquet
from sqlalchemy import func, select
from starlette.testclient import TestClient

from api.form import Form, Head
from core.database import transaction
from core.errors import BadInput
from core.settings import reread, settings
from core.tables import File
from tests.api.conftest import ADDRESS, Visitor
from tests.api.server import serving
from workers import sweep

PROMPTS = b'{"text": "Why?"}\n{"prompt": "When?", "guard": true}\n'
PAIRS = b'{"prompt": "Why?", "chosen": "Because.", "rejected": "No."}\n'


def send(client: TestClient, content: bytes, *, name: str = "a.jsonl", key: str | None = None, **fields: str) -> Any:
    """Upload a file."""
    headers = {} if key is None else {"idempotency-key": key}
    return client.post("/files", data={"purpose": "prompts"} | fields, files={"file": (name, content)}, headers=headers)


def left() -> list[str]:
    """What lies in the folder of uploads."""
    folder = settings().data_dir / "files"
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_a_file_is_stored_counted_and_hashed_and_read_back(client: TestClient) -> None:
    answer = send(client, PROMPTS)
    assert answer.status_code == 201, answer.text
    told = answer.json()
    assert answer.headers["location"] == f"/files/{told['id']}"
    assert told["id"].startswith("file-")
    assert (told["rows"], told["bytes"], told["format"]) == (2, len(PROMPTS), "jsonl")
    assert told["sha256"] == hashlib.sha256(PROMPTS).hexdigest()
    assert client.get(f"/files/{told['id']}").json() == told
    content = client.get(f"/files/{told['id']}/content")
    assert content.content == PROMPTS
    assert content.headers["content-disposition"].startswith("attachment")
    assert left() == [told["id"]]


def test_parquet_is_checked_too(client: TestClient) -> None:
    file = io.BytesIO()
    parquet.write_table(arrow.table({"prompt": ["a", "b"], "chosen": ["c", "d"], "rejected": ["e", "f"]}), file)
    told = send(client, file.getvalue(), name="pairs.parquet", purpose="pairs").json()
    assert (told["format"], told["rows"]) == ("parquet", 2)
    answer = send(client, file.getvalue()[:-9], name="pairs.parquet", purpose="pairs")
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "file")


@pytest.mark.parametrize("first", [True, False], ids=["fields first", "file first"])
def test_a_faulty_line_is_refused_by_line_and_field_and_leaves_nothing(client: TestClient, first: bool) -> None:
    fields: list[tuple[str, Any]] = [("purpose", (None, "pairs")), ("format", (None, "trl"))]
    file = [("file", ("a.jsonl", PAIRS + b'{"prompt": "Why?", "chosen": 1, "rejected": "No."}'))]
    answer = client.post("/files", files=fields + file if first else file + fields)
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == "line 2: chosen"
    assert left() == []


def test_nothing_more_is_read_behind_a_faulty_line(world: Path, visitor: Visitor, tmp_path: Path) -> None:
    """The sender goes on for ever; the answer comes all the same."""
    head = (
        b'--x\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nprompts\r\n'
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
    )
    ended = threading.Event()

    def endless() -> Iterator[bytes]:
        yield head + b"{}\n"
        while not ended.is_set():
            yield PROMPTS * 1000

    with serving(tmp_path / "log") as server, httpx.Client(base_url=server.url, trust_env=False) as client:
        headers = {"authorization": f"Bearer {visitor.key}", "content-type": "multipart/form-data; boundary=x"}
        try:
            answer = client.post("/files", content=endless(), headers=headers, timeout=60)
            assert answer.json()["error"]["param"] == "line 1"
        except httpx.TransportError:  # the socket was closed under a sender that does not listen
            assert client.get("/healthz").status_code == 200
        finally:
            ended.set()
        assert client.get("/files", headers=headers).json()["data"] == []


@pytest.mark.parametrize(
    ("fields", "param", "told"),
    [
        ({"purpose": "fine-tune"}, "purpose", "prompts"),
        ({"format": "csv"}, "format", "trl"),
        ({"format": "openai"}, "format", "jsonl, parquet"),
        ({"purposes": "x"}, "purposes", "leave it out"),
        ({"purpose": "x" * 5000}, "purpose", "4096 bytes"),
    ],
)
def test_a_wrong_field_is_named(client: TestClient, fields: dict[str, str], param: str, told: str) -> None:
    answer = send(client, PROMPTS, **fields)
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == param
    assert told in answer.json()["error"]["message"]


def test_what_is_no_form_or_lacks_a_field_is_refused(client: TestClient) -> None:
    assert "multipart" in client.post("/files", json={}).json()["error"]["message"]
    assert client.post("/files", files={"file": ("a", PROMPTS)}).json()["error"]["param"] == "purpose"
    assert client.post("/files", files={"purpose": (None, "prompts")}).json()["error"]["param"] == "file"
    kind = {"content-type": "multipart/form-data; boundary=x"}
    for body in (b"", b"--x\r\n", b"--y\r\n\r\n", b'--x\r\nContent-Disposition: form-data; name="purpose"\r\n\r\na'):
        assert client.post("/files", content=body, headers=kind).status_code == 400, body
    assert left() == []


def test_a_file_over_the_cap_is_refused(world: Path, visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BURNISH_MAX_FILE_BYTES", str(len(PROMPTS)))
    reread()
    assert send(visitor.client, PROMPTS).status_code == 201
    answer = send(visitor.client, PROMPTS + b"\n")
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "file")


def test_a_name_is_for_people_alone(client: TestClient) -> None:
    told = send(client, PROMPTS, name="../../etc/pass\u200bwd").json()
    assert told["filename"] == "pass\ufffdwd"
    assert left() == [told["id"]]


def test_the_same_key_and_content_give_one_file(client: TestClient) -> None:
    first, second = send(client, PROMPTS, key="k"), send(client, PROMPTS, key="k")
    assert second.json() == first.json()
    assert second.headers["idempotent-replayed"] == "true"
    assert send(client, PROMPTS * 2, key="k").status_code == 422
    assert left() == [first.json()["id"]]
    with transaction() as session:
        assert session.scalar(select(func.count()).select_from(File)) == 1


def test_files_are_listed_newest_first_and_deleted(client: TestClient) -> None:
    ids = [send(client, PROMPTS).json()["id"] for _ in range(3)]
    page = client.get("/files", params={"limit": 2}).json()
    assert ([row["id"] for row in page["data"]], page["has_more"]) == (ids[:0:-1], True)
    assert client.delete(f"/files/{ids[1]}").json()["id"] == ids[1]
    assert client.get(f"/files/{ids[1]}").status_code == 404
    assert client.delete(f"/files/{ids[1]}").status_code == 404
    assert left() == [ids[0], ids[2]]


def test_the_official_client_of_openai_uploads_here(visitor: Visitor) -> None:
    told = openai.OpenAI(base_url=ADDRESS, api_key=visitor.key, http_client=visitor.client, max_retries=0)
    row = told.files.create(file=("pairs.jsonl", PAIRS), purpose="pairs")  # type: ignore[arg-type]
    assert (row.object, row.filename, row.bytes) == ("file", "pairs.jsonl", len(PAIRS))


def test_what_an_upload_that_was_cut_off_left_is_swept_away(client: TestClient) -> None:
    kept = send(client, PROMPTS).json()["id"]
    folder = settings().data_dir / "files"
    for name in ("tmp-file_1", "file-orphan", "tmp-new"):
        (folder / name).write_bytes(b"x")
    for name in (kept, "tmp-file_1", "file-orphan"):
        os.utime(folder / name, (0, 0))
    sweep.sweep()
    assert left() == sorted([kept, "tmp-new"])


def test_a_form_is_read_the_same_however_it_comes_in() -> None:
    body = (
        b'--x\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nprompts\r\n'
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\nContent-Type: a/b\r\n\r\n'
        + json.dumps({"text": "--x"}).encode()
        + b"\r\n--x--\r\n"
    )
    for size in (1, 2, 7, 1000):
        chunks = (body[start : start + size] for start in range(0, len(body), size))
        found = list(Form("multipart/form-data; boundary=x", chunks).pieces())
        heads = [piece for piece in found if isinstance(piece, Head)]
        assert heads == [Head("purpose", None), Head("file", "a")]
        texts = b"".join(piece for piece in found if isinstance(piece, bytes))
        assert texts == b'prompts{"text": "--x"}'
    part = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n'
    with pytest.raises(BadInput, match="more than 16 fields"):
        list(Form("multipart/form-data; boundary=x", iter([part * 20])).pieces())
