"""Transactions, one at a time in this process."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import duckdb

ONE_WRITER = threading.Lock()
"""DuckDB keeps other processes out while one writes. This lock keeps out the other threads of this process."""


@contextmanager
def transaction(connection: duckdb.DuckDBPyConnection, keep: bool = True) -> Iterator[None]:
    """Runs the block in a transaction. An error rolls it back; so does `keep=False`, for a dry run."""
    with ONE_WRITER:
        connection.execute("BEGIN")
        try:
            yield
            connection.execute("COMMIT" if keep else "ROLLBACK")
        except BaseException:
            with suppress(duckdb.Error):  # after some errors DuckDB has rolled back already
                connection.execute("ROLLBACK")
            raise
