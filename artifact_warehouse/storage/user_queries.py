"""Runs queries of users. They are confined to one file and to a limit of memory."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any, TypeVar

import duckdb
import pyarrow as pa

from artifact_warehouse.errors import QueryFailed, QueryStuck
from artifact_warehouse.limits import size_of_text, text_of_size

Result = TypeVar("Result")

_LONGEST_END_SECONDS = 60
"""DuckDB ends a query within milliseconds; once, on a busy machine, it did not end one at all."""

_BATCH_ROWS = 2_048
"""DuckDB computes this many rows at a time: smaller batches would save no memory."""


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


def run(
    connection: duckdb.DuckDBPyConnection,
    query: str,
    parameters: Any,
    timeout: float | None,
    result_limit: int | None = None,
) -> tuple[pa.RecordBatchReader, tuple[str, ...], Callable[[], None]]:
    """A reader of the rows of a query, the names of its columns of type JSON, and a function that ends the query.

    The reader computes the rows as it is read. A query that is not read to its end must be ended.

    The first rows are there at once, so that most failures come before anything is written. The query may take
    `timeout` seconds; the time between the batches does not count. `result_limit` is for all rows together, in bytes.

    Raises QueryFailed, as the reader does. A failure closes the reader.
    """
    thread = _QueryThread(connection, timeout)
    try:
        reader, json_columns = thread.run(lambda: _start(connection, query, parameters))
        first = thread.run(lambda: next(reader, None))
    except BaseException:
        thread.end()
        raise

    def batches() -> Iterator[pa.RecordBatch]:
        batch, size_bytes = first, 0
        try:
            while batch is not None:
                size_bytes += batch.nbytes
                if result_limit is not None and size_bytes > result_limit:
                    limit = text_of_size(result_limit)
                    raise QueryFailed(f"the result is larger than {limit}; select less, or raise --memory-limit")
                yield batch
                batch = thread.run(lambda: next(reader, None))
        finally:
            end()

    def end() -> None:
        thread.end()
        reader.close()

    return pa.RecordBatchReader.from_batches(reader.schema, batches()), json_columns, end


def _start(
    connection: duckdb.DuckDBPyConnection, query: str, parameters: Any
) -> tuple[pa.RecordBatchReader, tuple[str, ...]]:
    relation = connection.sql(query, params=parameters or None)
    if relation is None:  # the statement has no result
        return pa.table({}).to_reader(), ()
    types = zip(relation.columns, relation.types, strict=True)
    json_columns = tuple(name for name, type_ in types if type_ == "JSON")
    read = getattr(relation, "to_arrow_reader", None) or relation.fetch_record_batch  # before DuckDB 1.5
    return read(_BATCH_ROWS), json_columns


class _QueryThread:
    """Runs the calls of one query: DuckDB does not react to signals while it fetches Arrow batches.

    Each call may use what the earlier ones left of `timeout` seconds.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, timeout: float | None) -> None:
        self._connection, self._timeout, self._used = connection, timeout, 0.0
        self._pool = ThreadPoolExecutor(1)
        self._is_stuck = False

    def run(self, call: Callable[[], Result]) -> Result:
        """What the call returns. A failure at a later row is an error of Arrow's, with DuckDB's message.

        Raises QueryFailed, and QueryStuck where DuckDB does not end the query.
        """
        started = time.monotonic()
        running = self._pool.submit(call)
        try:
            while not wait([running], timeout=0.1).done:
                if self._timeout is not None and self._used + time.monotonic() - started > self._timeout:
                    raise QueryFailed(f"the query took longer than {self._timeout:g} seconds; raise --timeout")
        except (KeyboardInterrupt, QueryFailed) as stopped:
            deadline = time.monotonic() + _LONGEST_END_SECONDS
            while not wait([running], timeout=0.05).done:
                self._connection.interrupt()  # repeated, as DuckDB drops an interrupt before the query has started
                if time.monotonic() > deadline:
                    self._is_stuck = True
                    raise QueryStuck(f"{stopped or 'interrupted'}; DuckDB does not end the query") from stopped
            raise
        self._used += time.monotonic() - started
        try:
            return running.result()
        except (duckdb.Error, pa.ArrowException, OSError) as error:
            raise QueryFailed(_reason(str(error))) from error

    def end(self) -> None:
        self._pool.shutdown(wait=not self._is_stuck)


def _reason(message: str) -> str:
    """DuckDB's message. Out of memory, it advises settings that a confined query cannot change: name the option."""
    reason, *_ = message.split("\n\nPossible solutions")
    return f"{reason}; raise --memory-limit" if "Out of Memory" in reason else message
