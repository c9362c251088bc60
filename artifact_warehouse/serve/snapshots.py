"""Private copies of the warehouse that follow it. A request reads one copy; a load waits at most while one is made."""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import duckdb

from artifact_warehouse.errors import WarehouseError
from artifact_warehouse.serve.earlier import EarlierStates, forget_later
from artifact_warehouse.serve.numbered import Keys, numbered_tables
from artifact_warehouse.storage import WarehouseFile, migrate, publish, query

SCRATCH = "scratch"
"""The database in memory beside a copy, for tables that are made of its views once."""

READS = {
    "fields": (
        *("fields_of_exposures", "fields_of_groups", "fields_of_macros", "fields_of_metrics"),
        *("fields_of_saved_queries", "fields_of_semantic_models", "fields_of_sources", "fields_of_tests"),
    ),
    "nodes": ("fields", "relations"),
    "catalogs": ("relations",),
    "group_models": ("nodes",),
    "versions": ("nodes",),
    "macro_parents": ("nodes",),
    "test_statuses": ("tests", "executions"),
    "tiles": ("exposure_issues", "exposure_states", "upstream_stats"),
}
"""Which tables are made of which others. One statement over all views would take gigabytes."""


class RecentTables:
    """The results of the last statements on a snapshot, which never change, up to a number of bytes."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._tables: OrderedDict[Any, Any] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Any) -> Any:
        """What was kept for a key; None where nothing was."""
        with self._lock:
            if (found := self._tables.get(key)) is not None:
                self._tables.move_to_end(key)
            return found

    def keep(self, key: Any, table: Any) -> None:
        """Keep a result, and forget the oldest ones where all are too large together."""
        with self._lock:
            if key not in self._tables and table.nbytes <= self._most_bytes:
                self._tables[key] = table
                self._bytes += table.nbytes
                while self._bytes > self._most_bytes:
                    self._bytes -= self._tables.popitem(last=False)[1].nbytes


class Snapshot:
    """A copy of the warehouse at one state. Its tables are made when they are first read, and kept.

    With `later`, the copy forgets what was generated after `until`; the numbers stay those of the later state.
    """

    def __init__(
        self, path: Path, memory_limit: int, until: datetime | None = None, later: Snapshot | None = None
    ) -> None:
        self.path = path
        self.taken_at = datetime.now(timezone.utc)
        self.made: list[str] = []
        self.recent = RecentTables(memory_limit // 8)
        self._memory_limit = memory_limit
        self._lock = threading.Lock()
        self._earlier = EarlierStates(self._at)
        with WarehouseFile(path).open() as connection:
            migrate(connection)
            if until:
                forget_later(connection, until)
        self._connection = WarehouseFile(path).connect(read_only=True)
        self._connection.execute(f"SET memory_limit = '{memory_limit}B'")
        self._connection.execute(f"ATTACH ':memory:' AS {SCRATCH} (READ_WRITE)")
        [(self._database,)] = self._connection.execute("SELECT current_database()").fetchall()
        with self.cursor() as cursor:
            numbered = numbered_tables(cursor, later.keys if later else Keys())
            self.keys: Keys = numbered.keys
            for name, table in (("environments", numbered.environments), ("runs", numbered.runs)):
                cursor.register("numbered", table)
                cursor.execute(f"CREATE TABLE {SCRATCH}.{name} AS FROM numbered")
                cursor.unregister("numbered")

    @contextmanager
    def at(self, moment: datetime, seconds: float) -> Iterator[Snapshot]:
        """The state as it stood at a time, open until the end of the block.

        Raises TimeoutError after waiting so many seconds for the states of others.
        """
        with self.cursor() as cursor:
            found = cursor.execute(query("serve/newest_at"), {"moment": moment}).fetchall()
        [(until, newest)] = found
        if until is not None and until == newest:
            yield self
            return
        with self._earlier.at(until or datetime.min, seconds) as state:
            yield state

    def _at(self, until: datetime) -> Snapshot:
        folder = Path(tempfile.mkdtemp(dir=self.path.parent))
        try:
            copy = Path(shutil.copyfile(self.path, folder / self.path.name))
            return Snapshot(copy, self._memory_limit, until, self)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise

    @contextmanager
    def cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection of its own for a request. It sees the views of the copy and the tables in memory."""
        with self._connection.cursor() as cursor:
            cursor.execute("SET TimeZone = 'UTC'")
            cursor.execute(f"SET search_path = '\"{self._database}\",{SCRATCH}'")
            yield cursor

    def require(self, *names: str) -> None:
        """Make the tables of these statements of sql/queries/serve/tables/, and those that they read, unless made."""
        if not {*names} <= {*self.made}:
            with self._lock, self.cursor() as cursor:
                for name in names:
                    self._make(cursor, name)

    def _make(self, cursor: duckdb.DuckDBPyConnection, name: str) -> None:
        if name in self.made:
            return
        for read in READS.get(name, ()):
            self._make(cursor, read)
        cursor.execute(f"CREATE TABLE {SCRATCH}.{name} AS {query(f'serve/tables/{name}')}")
        self.made.append(name)

    def close(self) -> None:
        """Close and remove the copy."""
        self._earlier.close()
        self._connection.close()
        shutil.rmtree(self.path.parent, ignore_errors=True)


class Follower:
    """The newest snapshot of a warehouse, and a thread that takes another one when the file has changed."""

    def __init__(self, path: Path, memory_limit: int, every: float = 1.0, wait: float = 10.0) -> None:
        self.error: str | None = None
        """Why the last attempt to take a snapshot failed; None when it succeeded."""
        self._file = WarehouseFile(path, wait)
        self._file.require()
        self._memory_limit = memory_limit
        self._every = every
        self._folder = Path(tempfile.mkdtemp(prefix="artifact-warehouse-"))
        self._lock = threading.Lock()
        self._leases: dict[Snapshot, int] = {}
        self._stopped = threading.Event()
        self._state = _state(path)
        try:
            self._newest = self._taken(self._file)
        except BaseException:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise
        self._leases[self._newest] = 1
        self._thread = threading.Thread(target=self._follow, name="artifact-warehouse-follower", daemon=True)
        self._thread.start()

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """The newest snapshot. It stays open until the end of the block, also when a newer one replaces it."""
        with self._lock:
            snapshot = self._newest
            self._leases[snapshot] += 1
        try:
            yield snapshot
        finally:
            self._release(snapshot)

    def refresh(self) -> bool:
        """Take a snapshot if the file has changed; whether it had. Raises WarehouseError where it cannot be copied."""
        if (state := _state(self._file.path)) in (self._state, None):
            return False
        new = self._taken(WarehouseFile(self._file.path))
        new.require(*self._newest.made)  # before anyone asks: no request waits for what a load changed
        with self._lock:
            old, self._newest = self._newest, new
            self._leases[new] = 1
            self._state = state
        self._release(old)
        return True

    def close(self) -> None:
        """Stop following, and remove the copies."""
        self._stopped.set()
        self._thread.join()
        self._release(self._newest)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _taken(self, file: WarehouseFile) -> Snapshot:
        folder = Path(tempfile.mkdtemp(dir=self._folder))
        try:
            copy = folder / file.path.name  # what people see is called as the warehouse is
            publish(file, copy)
            return Snapshot(copy, self._memory_limit)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise

    def _release(self, snapshot: Snapshot) -> None:
        with self._lock:
            self._leases[snapshot] -= 1
            is_last = self._leases[snapshot] == 0
            if is_last:
                del self._leases[snapshot]
        if is_last:
            snapshot.close()

    def _follow(self) -> None:
        while not self._stopped.wait(self._every):
            try:
                self.refresh()
                self.error = None
            except (
                WarehouseError,
                duckdb.Error,
                OSError,
            ) as error:  # held by a load, mostly: the next round tries again
                self.error = str(error)


def _state(path: Path) -> tuple[tuple[int, int, int] | None, ...] | None:
    """What changes with every transaction, of the file and of its log; None where there is no file."""
    target = path.resolve()  # DuckDB's log lies beside the target of a link
    file, log = _stamp(target), _stamp(target.with_name(f"{target.name}.wal"))
    return (file, log) if file else None


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
