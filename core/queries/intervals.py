"""Intervals of the database's clock; workers' clocks decide nothing."""

from typing import Any

from sqlalchemy import Interval, cast, literal
from sqlalchemy.sql.elements import ColumnElement


def seconds(number: float) -> ColumnElement[Any]:
    """A PostgreSQL interval of so many seconds."""
    return cast(literal(f"{number:.6f} seconds"), Interval)
