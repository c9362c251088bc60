"""`Table` and `Column` declare a table. Its Arrow schema, its DDL and its comments are made from the declaration.

The declarations are in `tables` and `column_tables`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import pyarrow as pa

from artifact_warehouse.schema import timestamps

ARROW_TYPES = {
    "VARCHAR": pa.string(),
    "VARCHAR[]": pa.list_(pa.string()),
    "JSON": pa.string(),
    "BIGINT": pa.int64(),
    "INTEGER": pa.int32(),
    "DOUBLE": pa.float64(),
    "BOOLEAN": pa.bool_(),
    "TIMESTAMP": pa.timestamp("us"),
}


class Column(NamedTuple):
    """One column: its name, its DuckDB type and a sentence about it."""

    name: str
    type: str
    comment: str


ARTIFACT_KEY = Column("artifact_key", "BIGINT", "The artifact that the row is from: see stored.artifacts.")
UNIQUE_ID = Column("unique_id", "VARCHAR", "dbt's id of the node.")


class Table(NamedTuple):
    """One table of schema `stored`.

    `content_key` is the column with the hash of a row's content, in tables that store each content once. No table has a
    primary key: every load would write its whole index anew.
    """

    name: str
    comment: str
    columns: tuple[Column, ...]
    content_key: str | None = None

    @property
    def arrow_schema(self) -> pa.Schema:
        return pa.schema([(column.name, ARROW_TYPES[column.type]) for column in self.columns])

    def create_sql(self) -> str:
        """The statement that creates the table where it is missing."""
        columns = ", ".join(f"{column.name} {column.type}" for column in self.columns)
        return f"CREATE TABLE IF NOT EXISTS stored.{self.name} ({columns})"

    def comment_sql(self) -> Iterable[str]:
        """The statements that describe the table and each of its columns."""
        yield f"COMMENT ON TABLE stored.{self.name} IS {_quoted(self.comment)}"
        for column in self.columns:
            yield f"COMMENT ON COLUMN stored.{self.name}.{column.name} IS {_quoted(column.comment)}"

    def to_arrow(self, columns: Sequence[Sequence[Any]]) -> pa.Table:
        """An Arrow table of rows. `columns` has a list per column; in TIMESTAMP columns, dbt's ISO 8601 texts."""
        arrays = [_to_array(column, items) for column, items in zip(self.columns, columns, strict=True)]
        return pa.Table.from_arrays(arrays, schema=self.arrow_schema)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _to_array(column: Column, items: Sequence[Any]) -> pa.Array:
    if column.type == "TIMESTAMP":
        return timestamps.to_arrow(items)
    return pa.array(items, ARROW_TYPES[column.type])
