"""An empty warehouse: made once for each release of this package and of DuckDB, then copied from the user's cache.

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
    """Write an empty warehouse to a new file: a copy from the cache, else one that is made now and then cached."""
    folder, name = _cache()
    if any(_copied(cached, new) for cached in folder.glob(f"{name}-*.duckdb")):
        return
    new.unlink(missing_ok=True)
    make(new)
    with suppress(OSError):  # without a cache, only time is lost
        folder.mkdir(parents=True, exist_ok=True)
        cached = folder / f"{name}-{_digest(new)}.duckdb"
        atomic_file.create(cached, lambda copy: shutil.copyfile(new, copy))


def make(new: Path) -> None:
    """Create the tables and views in a new file."""
    # This connection is closed, so that the one that opens the file for use can have another configuration.
    config = {**CONFIG, "storage_compatibility_version": STORAGE_VERSION}
    with duckdb.connect(str(new.absolute()), config=config) as connection:
        migrate(connection)
        connection.execute("CHECKPOINT")


def _copied(cached: Path, new: Path) -> bool:
    """Copy the cached file to `new`. True where its content has the hash in its name."""
    try:
        shutil.copyfile(cached, new)
        return cached.stem.endswith(f"-{_digest(new)}")
    except OSError:
        return False


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()[:32]


def _cache() -> tuple[Path, str]:
    """The folder of the cache, and the beginning of the name of this release's file."""
    from platformdirs import user_cache_path

    tables = repr((FORMAT_VERSION, TABLES))
    parts = (duckdb.__version__, STORAGE_VERSION, tables, views.fingerprint())
    key = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]
    return user_cache_path("artifact-warehouse"), f"empty-{key}"
