"""Writes a file anew, without the space of deleted rows. DuckDB reuses that space, but never shrinks a file."""

from __future__ import annotations

from pathlib import Path

import duckdb

from artifact_warehouse.errors import WarehouseError
from artifact_warehouse.storage.atomic_file import replacement
from artifact_warehouse.storage.duckdb_config import STORAGE_VERSION


def compact(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Write all rows of an open warehouse to a new file, and replace the old one by it.

    Users' own tables in the file are kept. Raises WarehouseError where the new file cannot be written.
    """
    [(name,)] = connection.execute("SELECT current_database()").fetchall()
    try:
        connection.execute("CHECKPOINT")
        with replacement(path) as new:
            old, rewritten = _quoted(name, '"'), _quoted(f"{name} rewritten", '"')
            place = _quoted(str(new.absolute()), "'")
            connection.execute(f"ATTACH {place} AS {rewritten} (STORAGE_VERSION '{STORAGE_VERSION}')")
            try:
                connection.execute(f"COPY FROM DATABASE {old} TO {rewritten}")
                connection.execute(f"CHECKPOINT {rewritten}")  # in 1.4 DETACH hides that its own checkpoint failed
            finally:
                connection.execute(f"DETACH {rewritten}")
    except (duckdb.Error, OSError) as error:
        reason = f"is pruned, but keeps its size, as it could not be written anew: {error}"
        raise WarehouseError(str(path), reason) from error


def _quoted(text: str, quote: str) -> str:
    """A name or a text, quoted for SQL."""
    return f"{quote}{text.replace(quote, quote * 2)}{quote}"
