"""One settings object, read once, whose table stands in the operations guide."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from core.settings import ROOT, Settings, child_environment, reread, settings

GUIDE = ROOT / "docs" / "operations.md"
START, END = "<!-- settings -->", "<!-- /settings -->"


def shown(default: object) -> str:
    """A default as the table writes it; folders of the repository by their path in it."""
    if default is None:
        return "unset"
    if isinstance(default, tuple):
        return ", ".join(shown(part) for part in default) or "none"
    if isinstance(default, Path):
        return (default.relative_to(ROOT) if default.is_absolute() else default).as_posix()
    return str(default)


def table() -> str:
    """The settings table in Markdown."""
    lines = ["| variable | default | meaning |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        lines.append(f"| `BURNISH_{name.upper()}` | `{shown(field.default)}` | {field.description} |")
    return "\n".join(lines)


def test_the_guide_holds_the_table_of_the_code() -> None:
    text = GUIDE.read_text()
    assert text.split(START)[1].split(END)[0].strip() == table(), f"{GUIDE} should hold between its marks:\n{table()}"


def test_every_setting_says_what_it_means() -> None:
    assert not [name for name, field in Settings.model_fields.items() if not field.description]


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BURNISH_PORT", "8123")
    assert Settings().port == 8123


def test_a_model_has_the_settings_of_the_first_of_its_names_that_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BURNISH_MODELS", '{"big": {"price_input": 1}, "big@a.example": {"price_output": 2}}')
    told = Settings()
    assert (told.model("big@a.example", "big").price_input, told.model("big@a.example", "big").price_output) == (
        None,
        2,
    )
    assert told.model("big@b.example", "big").price_input == 1
    assert told.model("other").price_input is None
    assert told.model().price_input is None


def test_settings_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    reread()
    first = settings()
    monkeypatch.setenv("BURNISH_PORT", "8124")
    assert settings() is first
    reread()


def test_settings_are_frozen() -> None:
    with pytest.raises(ValidationError):
        Settings().port = 1  # type: ignore[misc]


@pytest.mark.parametrize(("name", "value"), [("BURNISH_PORT", "0"), ("BURNISH_LEASE_SECONDS", "-1")])
def test_a_value_out_of_range_is_refused(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError):
        Settings()


def test_a_child_is_told_the_changed_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEPT", "yes")
    environment = child_environment({"EXTRA": "1"}, port=8125)
    assert (environment["BURNISH_PORT"], environment["EXTRA"], environment["KEPT"]) == ("8125", "1", "yes")


def test_a_child_is_not_told_settings_that_do_not_exist() -> None:
    with pytest.raises(KeyError, match="colour"):
        child_environment(colour="blue")
