"""Secrets at rest."""

import stat

import pytest
import structlog
from cryptography.fernet import Fernet
from sqlalchemy.orm import Session

from core import logs
from core.errors import BadInput, UnknownName
from core.queries import secrets
from core.sealing import KEY_FILE, seal, unseal
from core.settings import settings
from core.tables import DEFAULT_PROJECT
from tests.conftest import forget_settings

CANARY = "sk-canary-5f0c2c9d71"


def test_a_sealed_secret_opens_again_and_does_not_hold_its_value(database: str) -> None:
    sealed = seal("proj_a", "hosted", CANARY)
    assert CANARY.encode() not in sealed
    assert unseal("proj_a", "hosted", sealed) == CANARY
    assert stat.S_IMODE((settings().data_dir / KEY_FILE).stat().st_mode) == 0o600


def test_a_sealed_secret_opens_under_no_other_name_or_project(database: str) -> None:
    sealed = seal("proj_a", "hosted", CANARY)
    for project, name in (("proj_b", "hosted"), ("proj_a", "other")):
        with pytest.raises(BadInput, match="belongs elsewhere"):
            unseal(project, name, sealed)


def test_a_new_key_in_front_of_the_old_one_opens_what_the_old_one_sealed(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = (Fernet.generate_key().decode() for _ in range(2))
    monkeypatch.setenv("BURNISH_SECRET_KEY", old)
    forget_settings()
    sealed = seal("proj_a", "hosted", CANARY)
    monkeypatch.setenv("BURNISH_SECRET_KEY", f"{new},{old}")
    forget_settings()
    assert unseal("proj_a", "hosted", sealed) == CANARY
    monkeypatch.setenv("BURNISH_SECRET_KEY", new)
    forget_settings()
    with pytest.raises(BadInput, match="cannot be opened"):
        unseal("proj_a", "hosted", sealed)


def test_a_stored_secret_is_replaced_revealed_checked_and_forgotten(session: Session) -> None:
    first = secrets.store(session, DEFAULT_PROJECT, "hosted", "something older")
    assert secrets.store(session, DEFAULT_PROJECT, "hosted", CANARY).created_at == first.created_at
    assert secrets.reveal(session, DEFAULT_PROJECT, "hosted") == CANARY
    secrets.check(session, DEFAULT_PROJECT, "hosted", param="teacher.secret")
    secrets.check(session, DEFAULT_PROJECT, None, param="teacher.secret")
    with pytest.raises(UnknownName, match="hosted") as told:
        secrets.check(session, DEFAULT_PROJECT, "absent", param="teacher.secret")
    assert told.value.param == "teacher.secret"
    assert secrets.remove(session, DEFAULT_PROJECT, "hosted")
    assert not secrets.remove(session, DEFAULT_PROJECT, "hosted")
    with pytest.raises(BadInput, match="is gone"):
        secrets.reveal(session, DEFAULT_PROJECT, "hosted")


def test_what_was_revealed_is_in_no_log_line(session: Session, capsys: pytest.CaptureFixture[str]) -> None:
    secrets.store(session, DEFAULT_PROJECT, "hosted", CANARY)
    secrets.reveal(session, DEFAULT_PROJECT, "hosted")
    logs.configure()
    structlog.get_logger().warning("the endpoint said", words=f"bad key {CANARY}!")
    said = capsys.readouterr().out
    assert CANARY not in said
    assert "[redacted]" in said


def test_a_secret_that_was_stored_with_white_space_around_it_is_hidden_without(
    session: Session, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = "sk-canary-with-a-newline-31"
    secrets.store(session, DEFAULT_PROJECT, "hosted", f" {kept}\r\n")
    assert secrets.reveal(session, DEFAULT_PROJECT, "hosted") == kept
    logs.configure()
    structlog.get_logger().warning("the endpoint said", words=f"bad key Bearer {kept}!")
    assert kept not in capsys.readouterr().out
