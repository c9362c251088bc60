"""The file of a warehouse: creates it, waits for its lock, opens and closes it."""

from __future__ import annotations

import os
import random
import stat
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb

from artifact_warehouse.errors import (
    NotAWarehouse,
    ReplacedMeanwhile,
    WarehouseError,
    WarehouseLocked,
    WarehouseNotFound,
    WarehouseTooNew,
    WarehouseTooOld,
)
from artifact_warehouse.storage import atomic_file, duckdb_errors, empty_file, file_lock, sql_files
from artifact_warehouse.storage.duckdb_config import CONFIG, loses_matches
from artifact_warehouse.storage.format import SCHEMA, check_format, migrate, missing_tables_and_columns
from artifact_warehouse.storage.transactions import ONE_WRITER

_SETTINGS = (
    "SET TimeZone = 'UTC'",
    "SET python_enable_replacements = false",  # else the name of a missing table finds a Python variable of the caller
)

_PUBLIC_FIRST = "SET search_path = 'v1,main'"
"""Lets `FROM flaky_tests` find the public view, and `SHOW TABLES` list the public views."""

_OTHERWISE_OPEN = "is open in this process for writing or with another configuration; close that connection first"
_ATTEMPTS = 5
_BETWEEN_ATTEMPTS_SECONDS = 0.02
"""The pause grows by this much with every attempt."""

_SHORTEST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.05, 0.5
"""Between two attempts to open a file that another process holds."""

_OPENING = threading.RLock()
"""Held while a file is opened, and while one is replaced: the connection would write to the file that is deleted."""


class WarehouseFile:
    """The file of a warehouse, and for how many seconds to wait while another process holds it.

    Opening raises WarehouseLocked, WarehouseTooNew, NotAWarehouse, or WarehouseError where the file cannot be opened
    for another reason.
    """

    def __init__(self, path: Path, wait: float = 0.0) -> None:
        self.path = path
        self._wait = wait

    def exists(self) -> bool:
        return self.path.exists()

    def require(self) -> None:
        """Raises WarehouseNotFound where there is no file, and WarehouseError for a link that leads to itself."""
        if not _followed(self.path).exists():
            raise WarehouseNotFound(str(self.path), "there is no such warehouse; `load` makes one")

    def connect(self, read_only: bool = False) -> duckdb.DuckDBPyConnection:
        """Open the file, and unless `read_only` create or migrate it first where that is needed.

        A read-only connection raises WarehouseNotFound too, and WarehouseTooOld where the file must be migrated.
        """
        if read_only:
            self.require()
        connection, _ = self._connect(read_only, may_be_old=False)
        if not read_only:
            try:
                with self._interrupted_writes():
                    migrate(connection)
            except BaseException:
                connection.close()
                raise
        connection.execute(_PUBLIC_FIRST)
        return connection

    def _connect(
        self, read_only: bool, may_be_old: bool, must_exist: bool = False
    ) -> tuple[duckdb.DuckDBPyConnection, _Identity]:
        """A connection, and the device and inode of its file."""
        target = check_place(self.path)
        if not read_only:
            _check_links(target)
        connection, identity = self._connect_patiently(target, read_only, must_exist)
        try:
            check_format(connection, self.path, must_have_tables=read_only and not may_be_old)
            if read_only and not may_be_old and missing_tables_and_columns(connection):
                raise WarehouseTooOld(str(self.path), "an earlier release wrote it; bring it up to date with `migrate`")
            for setting in _SETTINGS:
                connection.execute(setting)
            if loses_matches(duckdb.__version__):
                _disable_optimizer(connection, "common_subplan")
        except BaseException:
            connection.close()
            raise
        return connection, identity

    @contextmanager
    def open(
        self, read_only: bool = False, may_be_old: bool = False, must_exist: bool = False, replaces: bool = False
    ) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection, closed at the end of the block. An interrupted write, on a full disk, is a WarehouseError.

        Raises ReplacedMeanwhile where the file that was written to is no longer in its place at the end, unless the
        block itself `replaces` it; and, with `must_exist`, where there is none at the beginning.
        """
        if read_only:
            self.require()
        connection, identity = self._connect(read_only, may_be_old, must_exist)
        try:
            with self._interrupted_writes():
                yield connection
            if not (read_only or replaces) and _identity(self.path) != identity:
                raise ReplacedMeanwhile
        finally:
            connection.close()

    @contextmanager
    def writing(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection to the file, which is created or migrated first where that is needed."""
        with self.open() as connection:
            migrate(connection)
            yield connection

    @contextmanager
    def at_rest(self) -> Iterator[None]:
        """During the block nobody writes to the file, and it has all committed data: its log is empty."""
        with self.open() as connection, ONE_WRITER:
            connection.execute("CHECKPOINT")
            yield

    @contextmanager
    def alone(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """The only connection of this process to the file; raises WarehouseLocked where there is another one."""
        with _OPENING, self.open(replaces=True) as connection:
            if connection.execute("FROM duckdb_connection_count()").fetchall() != [(1,)]:
                raise WarehouseLocked(str(self.path), "is open elsewhere in this process; close that first")
            yield connection

    @contextmanager
    def _interrupted_writes(self) -> Iterator[None]:
        """Raises a WarehouseError where DuckDB could not write, for example on a full disk."""
        try:
            yield
        except duckdb_errors.INTERRUPTED_WRITE as error:
            raise duckdb_errors.interrupted_write(self.path, str(error)) from error

    def _connect_patiently(
        self, path: Path, read_only: bool, must_exist: bool
    ) -> tuple[duckdb.DuckDBPyConnection, _Identity]:
        """Try again while another process holds the file, the more often the closer the deadline is.

        So of several processes that wait, mostly the one with the least time left is the next to open the file.
        """
        start = time.monotonic()
        while True:
            waited = time.monotonic() - start
            try:
                before = _identity(path)
                if must_exist and atomic_file.is_missing(path):
                    raise ReplacedMeanwhile
                with _OPENING:
                    connection = _connect_once(path, read_only, is_last=waited >= self._wait)
                if before in (None, now := _identity(path)):
                    return connection, now
                connection.close()  # a prune replaced the file between its opening and its locking
            except WarehouseLocked:
                if waited >= self._wait:
                    raise
                pause = _pause(waited / self._wait) * random.uniform(0.5, 1.5)
                time.sleep(min(pause, max(0.0, start + self._wait - time.monotonic())))


def _pause(share: float) -> float:
    """The seconds between two attempts, after a share of the time for which a process waits."""
    return _SHORTEST_PAUSE_SECONDS + _LONGEST_PAUSE_SECONDS * float((1 - min(share, 1.0)) ** 2)


def check_place(path: Path) -> Path:
    """The file that a path means: where it is a link, the target. DuckDB looks for the log beside the target.

    Raises WarehouseError for a name that a warehouse cannot have, for a folder that does not exist, and for a link
    that another user may have planted.
    """
    target = _followed(path)
    schemas = {SCHEMA, *sql_files.schemas()}
    if (name := target.name.split(".")[0].lower()) in schemas:  # names in DuckDB are case-insensitive
        reason = f"DuckDB would take the file's name for the schema {name}; give it another name"
        raise WarehouseError(str(path), reason)
    if "?" in str(target.absolute()):
        raise WarehouseError(str(path), "DuckDB would take what follows the ? for parameters; give it another name")
    if not target.parent.is_dir():
        raise WarehouseError(str(path), f"the folder {target.parent} does not exist; create it first")
    return target


def _followed(path: Path) -> Path:
    """The target of a link. Links are trusted by the rule of Linux's `protected_symlinks`, in all shared folders.

    See https://docs.kernel.org/admin-guide/sysctl/fs.html#protected-symlinks
    """
    if not path.is_symlink():
        return path
    link, folder = path.lstat(), path.parent.stat()
    is_shared = folder.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    if is_shared and hasattr(os, "geteuid") and link.st_uid not in (os.geteuid(), folder.st_uid):
        raise WarehouseError(str(path), "is a link of another user, in a folder that others write to; remove it")
    try:
        return path.resolve()
    except (OSError, RuntimeError) as error:  # Python up to 3.12 raises RuntimeError for a circle
        raise WarehouseError(str(path), "is a link that leads to itself; remove it") from error


def _check_links(path: Path) -> None:
    """Raises WarehouseError for a file with several names: DuckDB finds its log under one of them only."""
    with suppress(FileNotFoundError):
        if (count := path.stat().st_nlink) > 1:
            reason = f"has {count} names (hard links), and would be changed under each; make a copy instead"
            raise WarehouseError(str(path), reason)


_Identity = tuple[int, int] | None


def _identity(path: Path) -> _Identity:
    """The device and the inode of the file at a path."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def _connect_once(path: Path, read_only: bool, is_last: bool) -> duckdb.DuckDBPyConnection:
    if atomic_file.is_missing(path):
        if read_only:
            raise NotAWarehouse(str(path), "is empty; `load` makes a warehouse of it")
        _create(path)
    for attempt in range(_ATTEMPTS):
        try:
            # DuckDB takes `md:x` for a service, and loads its extension; an absolute path is always one of a file.
            return _checked(path, duckdb.connect(str(path.absolute()), read_only=read_only))
        except duckdb.ConnectionException as error:
            raise WarehouseLocked(str(path), _OTHERWISE_OPEN) from error
        except duckdb.Error as error:
            if not is_last and duckdb_errors.is_locked(str(error)):  # who holds it matters at the end only
                raise duckdb_errors.cannot_open(path, str(error)) from error
            reason = _cannot_open(path, read_only, str(error))
            if reason is not None or attempt == _ATTEMPTS - 1:
                raise reason or duckdb_errors.cannot_open(path, str(error)) from error
            time.sleep(_BETWEEN_ATTEMPTS_SECONDS * attempt)
    raise AssertionError("unreachable")


def _checked(path: Path, connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """Keep DuckDB from installing extensions, unless other connections of this process share the database.

    Uses SET, because DuckDB refuses a second connection of a process with another configuration.
    """
    database = "SELECT path FROM duckdb_databases() WHERE database_name = current_database()"
    if connection.execute(database).fetchall() == [(None,)]:
        connection.close()
        raise duckdb_errors.cannot_open(path, duckdb_errors.IN_MEMORY)
    if connection.execute("FROM duckdb_connection_count()").fetchall() == [(1,)]:
        for name, value in CONFIG.items():
            connection.execute(f"SET {name} = {value}")
    return connection


def _disable_optimizer(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Switch one more optimizer off. All connections of the process share the setting, and a query may lock it."""
    [(disabled,)] = connection.execute("SELECT current_setting('disabled_optimizers')").fetchall()
    if name not in (names := [*filter(None, disabled.split(","))]):
        connection.execute(f"SET disabled_optimizers = '{','.join([*names, name])}'")


def _cannot_open(path: Path, read_only: bool, message: str) -> WarehouseError | None:
    """Why DuckDB did not open a file; None where another process may have held it then, and does not hold it now."""
    reason = duckdb_errors.cannot_open(path, message)
    if isinstance(reason, WarehouseTooNew | NotAWarehouse):
        return reason
    try:
        holder = file_lock.holder(path, read_only)
    except file_lock.LockUnknown:
        return reason
    return duckdb_errors.locked(path, holder) if holder else None


def _create(path: Path) -> None:
    """Create a warehouse without artifacts. No process ever sees the file without its tables."""
    if (log := path.with_name(f"{path.name}.wal")).exists():
        reason = f"is missing, but its log {log.name} exists; restore the file, or remove the log"
        raise WarehouseError(str(path), reason)
    try:
        atomic_file.create(path, empty_file.write)
    except BlockingIOError as error:
        raise WarehouseLocked(str(path), "is being made by another process; wait for it (--wait SECONDS)") from error
    except (*duckdb_errors.INTERRUPTED_WRITE, OSError) as error:
        raise duckdb_errors.cannot_create(path, str(error)) from error
