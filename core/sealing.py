"""Secrets at rest: sealed under a key that is never in the database."""

import json
import os
from contextlib import suppress
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from core import redaction
from core.errors import BadInput
from core.settings import settings

KEY_FILE = "secret.key"


def seal(project_id: str, name: str, value: str) -> bytes:
    """The value, readable only with the key, and only as this secret of this project."""
    content = {"project": project_id, "name": name, "value": value}
    return _box().encrypt(json.dumps(content).encode())


def unseal(project_id: str, name: str, ciphertext: bytes) -> str:
    """The value of a sealed secret, without white space around it; from now on no log line shows it.

    Raises BadInput when it was sealed under another key, or as another secret.
    """
    try:
        content = json.loads(_box().decrypt(ciphertext))
    except InvalidToken as error:
        raise BadInput(
            f"The secret {name!r} cannot be opened with this machine's key; set BURNISH_SECRET_KEY to the key it was "
            "stored under, or store the secret again.",
            param="secret",
        ) from error
    if (content["project"], content["name"]) != (project_id, name):
        raise BadInput(f"The stored secret {name!r} belongs elsewhere; store it again.", param="secret")
    value = str(content["value"]).strip()  # it is sent without, and so shown without
    redaction.hide(value)
    return value


def _box() -> MultiFernet:
    """The first key seals, every key opens: a new one is put in front of the old one."""
    told = settings().secret_key
    keys = told.get_secret_value().split(",") if told is not None else [_own_key(settings().data_dir)]
    try:
        return MultiFernet([Fernet(key.strip()) for key in keys])
    except ValueError as error:
        raise BadInput(
            "BURNISH_SECRET_KEY is not a Fernet key; make one with `python -c 'from cryptography.fernet import Fernet; "
            "print(Fernet.generate_key().decode())'`.",
            param="secret_key",
        ) from error


def _own_key(folder: Path) -> str:
    """The data folder's own key, made by whoever comes first and readable by its owner alone."""
    path = folder / KEY_FILE
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        fresh = folder / f"{KEY_FILE}.{os.getpid()}"
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as stream:
            stream.write(Fernet.generate_key())
            stream.flush()
            os.fsync(stream.fileno())
        with suppress(FileExistsError):  # somebody was quicker: theirs counts
            os.link(fresh, path)
        fresh.unlink()
    return path.read_text()
