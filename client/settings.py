"""Where the server is and which key opens it: given, in the environment or `.env`, or in what `burnish up` writes."""

import json
from dataclasses import dataclass
from pathlib import Path

from pydantic_settings import BaseSettings, SettingsConfigDict

from client.errors import NotConfigured

DEFAULT_URL = "http://127.0.0.1:8000"


class ClientSettings(BaseSettings):
    """BURNISH_URL, BURNISH_KEY, and BURNISH_DATA_DIR, in which `client.json` lies."""

    model_config = SettingsConfigDict(env_prefix="BURNISH_", frozen=True, extra="ignore", env_file=".env")

    url: str | None = None
    key: str | None = None
    data_dir: Path = Path(".burnish")


@dataclass(frozen=True)
class Server:
    """An address and the key that opens it."""

    url: str
    key: str | None


def find_server(url: str | None = None, key: str | None = None) -> Server:
    """What was given, else the environment, else `.env`, else `client.json` in the data folder, else port 8000 here.

    A remembered key is only sent to the address it was remembered with.
    """
    settings = ClientSettings()
    remembered = _remembered(settings.data_dir / "client.json")
    address = (url or settings.url or (remembered.url if remembered else DEFAULT_URL)).rstrip("/")
    known = remembered.key if remembered and remembered.url.rstrip("/") == address else None
    return Server(address, key or settings.key or known)


def data_dir() -> Path:
    """The folder where `burnish up` keeps its data and `burnish demo` its result."""
    return ClientSettings().data_dir


def _remembered(file: Path) -> Server | None:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        return Server(str(found["url"]), found.get("key"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise NotConfigured(f"{file} cannot be read ({error}); `burnish up` writes a new one.") from error
