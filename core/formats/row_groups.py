"""How many rows of a parquet file are decoded at once: as many as fit into memory, however well they were packed."""

from typing import Any

from core.errors import BadInput

BATCH_ROWS = 500
DECODED_BYTES = 1 << 30  # that a batch of rows may take at most: one value may stand for each of them


def batch_rows(group: Any, column: str | None = None, *, param: str) -> int:
    """Rows of a row group, as `ParquetFile.metadata` tells it, that are safe to decode, with `column` of that alone.

    A value may stand for each of the rows and is no larger than its column. Raises BadInput for a group that is too
    large for any.
    """
    columns = [group.column(place) for place in range(group.num_columns)]
    mine = [one for one in columns if column is None or one.path_in_schema.split(".")[0] == column]
    largest = max(mine, key=lambda one: int(one.total_uncompressed_size), default=None)
    if largest is None:
        return BATCH_ROWS
    size = int(largest.total_uncompressed_size)
    if size > DECODED_BYTES:
        raise BadInput(
            f"A row group has {size:,} bytes in the column {largest.path_in_schema!r}, and may have {DECODED_BYTES:,}; "
            "write the file again with fewer rows in each, as with row_group_size=10_000 of pyarrow's write_table.",
            param=param,
        )
    return max(1, min(BATCH_ROWS, DECODED_BYTES // max(1, size)))
