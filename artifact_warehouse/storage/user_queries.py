"""Runs queries of users. They are confined to one file and to a limit of memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb
import pyarrow as pa

from artifact_warehouse.errors import QueryFailed
from artifact_warehouse.limits import size_of_text, text_of_size

_BATCH_ROWS = 8_192
"""Few enough that a batch of long texts does not exceed the limit by much before it is noticed."""


def confine(connection: duckdb.DuckDBPyConnection) -> None:
    """Let queries read and write no other file, and change no setting, until this process has closed the database.

    https://duckdb.org/docs/stable/operations_manual/securing_duckdb/overview. A setting could end the process: DuckDB
    aborts where a log that `enable_logging` starts cannot be written.
    """
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")


def memory_limit(connection: duckdb.DuckDBPyConnection) -> int:
    """DuckDB's limit of memory in bytes; 80 % of what the machine or the container has, unless it was set."""
    [(limit,)] = connection.execute("SELECT current_setting('memory_limit')").fetchall()
    return size_of_text(limit)


def fetch(
    connection: duckdb.DuckDBPyConnection, query: str, memory_limit: int | None, parameters: Any = None
) -> tuple[pa.Table, tuple[str, ...]]:
    """All rows of a query, and the names of its columns of type JSON. Raises QueryFailed for too large a result."""
    relation = connection.sql(query, params=parameters or None)
    if relation is None:  # the statement has no result
        return pa.table({}), ()
    types = zip(relation.columns, relation.types, strict=True)
    json_columns = tuple(name for name, type_ in types if type_ == "JSON")
    read = getattr(relation, "to_arrow_reader", None) or relation.fetch_record_batch  # before DuckDB 1.5
    reader = read(_BATCH_ROWS)
    batches, size_bytes = [], 0
    for batch in _batches(reader):
        batches.append(batch)
        size_bytes += batch.nbytes
        if memory_limit is not None and size_bytes > memory_limit:
            reader.close()
            reason = f"the result is larger than {text_of_size(memory_limit)}; select less, or raise --memory-limit"
            raise QueryFailed(reason)
    return pa.Table.from_batches(batches, reader.schema), json_columns


def _batches(reader: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
    """Batches of rows. What fails at a later row than the first ones is an error of Arrow's, with DuckDB's message."""
    try:
        yield from reader
    except (pa.ArrowException, OSError) as error:
        raise QueryFailed(str(error)) from error
