"""Many rows in one statement whose text is always the same: they travel as one JSON parameter.

A statement with a place for each value has to be written, read and planned anew for every number of rows.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import JSON, bindparam, column, func, literal_column, select
from sqlalchemy.dialects.postgresql import Insert, insert

from core.tables.base import Table

ROWS = "rows"  # the parameter


def insert_rows(into: type[Table], names: Sequence[str]) -> Insert:
    """INSERT the columns `names` of the rows that it is executed with, `{ROWS: [...]}`; bytes as `as_hex`."""
    table = Table.metadata.tables[into.__tablename__]
    columns = [column(name, table.c[name].type) for name in names]
    rows = func.json_populate_recordset(literal_column(f"NULL::{table.name}"), bindparam(ROWS, type_=JSON))
    told = rows.table_valued(*columns, name="told")
    return insert(table).from_select(list(names), select(*told.c), include_defaults=False)


def as_hex(value: Any) -> Any:
    """A value as JSON can hold it: bytes as PostgreSQL reads them, anything else as it is."""
    return f"\\x{value.hex()}" if isinstance(value, bytes) else value
