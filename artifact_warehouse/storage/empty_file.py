"""A warehouse without artifacts: made once for each release of this package and of DuckDB, and copied from then on.

Deploying a hundred views takes most of a second; a copy takes milliseconds.
"""

from __future__ import annotations

import hashlib
import shutil
from contextlib import suppress
from pathlib import Path

import duckdb

from artifact_warehouse.schema import FORMAT_VERSION, TABLES
from artifact_warehouse.storage import atomic_file, views
from artifact_warehouse.storage.duckdb_config import CONFIG, STORAGE_VERSION
from artifact_warehouse.storage.format import migrate


def write(new: Path) -> None:
    """Write an empty warehouse to a new file: a copy from the user's cache, which keeps what is made here."""
    cached = _cached()
    if _copied(cached, new):
        return
    new.unlink(missing_ok=True)
    make(new)
    with suppress(OSError):  # a cache that cannot be written to costs time only
        cached.parent.mkdir(parents=True, exist_ok=True)
        atomic_file.create(cached, lambda copy: shutil.copyfile(new, copy))


def make(new: Path) -> None:
    """Create the tables and views in a new file."""
    # Closed before it is opened for use: a second connection must not need to know how it was made.
    with duckdb.connect(str(new), config={**CONFIG, "storage_compatibility_version": STORAGE_VERSION}) as connection:
        migrate(connection)
        connection.execute("CHECKPOINT")


def _copied(cached: Path, new: Path) -> bool:
    """Whether there was a cached file, whole and of this release; what else was copied is left in `new`."""
    try:
        shutil.copyfile(cached, new)
        with duckdb.connect(str(new), config=CONFIG) as connection:
            return migrate(connection) == []
    except (duckdb.Error, OSError):
        return False


def _cached() -> Path:
    """Where the cache keeps the empty warehouse of these tables and views, as this DuckDB writes it."""
    from platformdirs import user_cache_path

    tables = repr((FORMAT_VERSION, TABLES))
    parts = (duckdb.__version__, STORAGE_VERSION, tables, views.fingerprint())
    name = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]
    return user_cache_path("artifact-warehouse") / f"empty-{name}.duckdb"
