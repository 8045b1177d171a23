"""The boundary where text is made storable."""

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from core import text
from core.queries import events
from core.tables import DEFAULT_PROJECT
from core.text import MAX_CHARS, clean

ANYTHING = st.text(st.characters() | st.sampled_from("\x00\ud800\udfff\ufffd"))


@given(ANYTHING)
def test_clean_text_is_storable_and_of_the_same_length(dirty: str) -> None:
    cleaned = clean(dirty)
    assert "\x00" not in cleaned.text
    cleaned.text.encode()
    assert len(cleaned.text) == len(dirty)
    assert cleaned.changed == sum(c == "\x00" or "\ud800" <= c <= "\udfff" for c in dirty)


@given(ANYTHING)
def test_cleaning_twice_changes_nothing_more(dirty: str) -> None:
    once = clean(dirty)
    assert clean(once.text) == text.Cleaned(once.text, 0)


@given(st.text())
def test_text_that_is_clean_is_left_as_it_is(fine: str) -> None:
    if "\x00" not in fine:
        assert clean(fine) == text.Cleaned(fine, 0)


def test_text_is_cut_at_the_limit_and_the_rest_is_counted() -> None:
    cleaned = clean("\x00" + "a" * MAX_CHARS)
    assert len(cleaned.text) == MAX_CHARS
    assert cleaned.changed == 2
    assert clean("b" * MAX_CHARS).changed == 0


def test_postgres_takes_what_was_cleaned(session: Session) -> None:
    dirty = "a\x00b\ud800c \U0001f600 \u202e \ufdd0 <script>"
    told = clean(dirty).text
    events.tell(session, project_id=DEFAULT_PROJECT, subject="s", message=told, data={"text": told})
    (event,) = events.page(session, DEFAULT_PROJECT, ["s"])
    assert event.message == event.data["text"] == "a\ufffdb\ufffdc \U0001f600 \u202e \ufdd0 <script>"
