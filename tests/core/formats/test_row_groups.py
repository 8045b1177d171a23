"""How many rows of parquet are decoded at once."""

from dataclasses import dataclass

import pytest

from core.errors import BadInput
from core.formats.row_groups import BATCH_ROWS, DECODED_BYTES, batch_rows


@dataclass(frozen=True)
class Column:
    """A column as the metadata of a row group tells it; of a list the path goes on behind its name."""

    path_in_schema: str
    total_uncompressed_size: int


class Group:
    """A row group of these columns."""

    def __init__(self, *columns: Column) -> None:
        self._columns = columns
        self.num_columns = len(columns)

    def column(self, place: int) -> Column:
        return self._columns[place]


TEXT, LARGE = Column("prompt", 1_000), Column("chosen.list.element.content", DECODED_BYTES + 1)


def test_rows_are_as_many_as_fit_whatever_one_value_stands_for() -> None:
    assert batch_rows(Group(), param="file") == batch_rows(Group(TEXT), param="file") == BATCH_ROWS
    assert batch_rows(Group(TEXT, Column("chosen", DECODED_BYTES // 4)), param="file") == 4
    assert batch_rows(Group(Column("chosen", DECODED_BYTES)), param="file") == 1


def test_a_row_group_that_is_too_large_is_refused_with_its_column_and_the_remedy() -> None:
    with pytest.raises(BadInput, match=r"1,073,741,825 bytes in the column 'chosen\..*row_group_size=10_000") as told:
        batch_rows(Group(TEXT, LARGE), param="file")
    assert told.value.param == "file"


def test_a_large_column_that_is_not_read_is_nobody_s_business() -> None:
    assert batch_rows(Group(TEXT, LARGE), "prompt", param="source") == BATCH_ROWS
    with pytest.raises(BadInput):
        batch_rows(Group(TEXT, LARGE), "chosen", param="source")
