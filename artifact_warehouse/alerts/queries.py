"""Asks the statements of sql/queries/alerts/, which read v1 only."""

from __future__ import annotations

from typing import Any

import duckdb

from artifact_warehouse.storage import query

Row = dict[str, Any]


def rows(connection: duckdb.DuckDBPyConnection, name: str, **values: Any) -> list[Row]:
    """All rows of a statement, by the names of their columns."""
    result = connection.execute(query(name), values)
    names = [column[0] for column in result.description]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]
