"""`Warehouse`: the facade that Python, notebooks and the command line share. It has no logic of its own."""

from __future__ import annotations

import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa

from artifact_warehouse import monitor, retention, storage
from artifact_warehouse.artifacts import Redaction
from artifact_warehouse.errors import QueryFailed
from artifact_warehouse.extract import Labels
from artifact_warehouse.limits import Limits
from artifact_warehouse.lineage import ColumnsReport, Lineage, find, find_column, resolve
from artifact_warehouse.load import LoadReport, LoadSettings, Policy, Progress, load
from artifact_warehouse.monitor import CheckReport, Criteria, Diagnosis, Scope
from artifact_warehouse.retention import PruneReport


class QueryResult(NamedTuple):
    """A whole result, and the names of its columns of type JSON."""

    table: pa.Table
    json_columns: tuple[str, ...]


class Warehouse:
    """A warehouse file. Opens it when it is first needed, and closes it at the end of the `with` block.

    `read_only` never writes or migrates, and needs the file to exist. `wait` is how many seconds to wait for
    another process that holds the file. Raises the WarehouseErrors of `storage.WarehouseFile` when it is opened.
    """

    def __init__(self, path: str | os.PathLike[str], read_only: bool = False, wait: float = 0.0) -> None:
        self.path = Path(path)
        self._file = storage.WarehouseFile(self.path, wait)
        self._read_only = read_only
        self._connection: duckdb.DuckDBPyConnection | None = None

    def __enter__(self) -> Warehouse:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; relations that were handed out end with it."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """The DuckDB connection, opened and brought up to date when it is first asked for."""
        if self._connection is None:
            if not self._read_only:
                self.migrate()
            self._connection = self._file.connect(self._read_only)
        return self._connection

    def load(
        self,
        paths: Iterable[str | os.PathLike[str]] | str | os.PathLike[str],
        *,
        project: str | None = None,
        environment: str | None = None,
        job: str | None = None,
        strict: bool = False,
        redact: bool | Iterable[str] = True,
        redact_code: bool = False,
        limits: Limits = Limits(),  # noqa: B008 (immutable)
        columns: bool = False,
        publish: str | os.PathLike[str] | None = None,
        progress: Progress | None = None,
        settings: LoadSettings = LoadSettings(),  # noqa: B008 (immutable)
    ) -> LoadReport:
        """Load artifacts from files, folders, globs, archives and object stores; what is there is left alone.

        With `strict`, one artifact that cannot be read stops the load before anything is stored. `redact` hides
        what looks like a secret; regular expressions add to that, and False stores everything as it is. With
        `redact_code`, code is searched for what looks like a secret, too. What is
        larger than the `limits` is quarantined. With `columns`, `resolve_columns` follows. `publish` names a copy
        for readers, which is replaced at the end. `settings` are the sizes that the load works in.

        Raises InputNotFound, InvalidPattern, QuarantinedArtifacts, WorkerFailed, PrunedMeanwhile, LoadInterrupted,
        and the WarehouseErrors of `storage.WarehouseFile`.
        """
        self._require_writable("load")
        inputs = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
        self.close()  # the loader opens the file for short moments of its own
        labels = Labels(project, environment, job)
        policy = Policy(limits, Redaction.of(redact, os.environ, redact_code))
        copy = Path(publish) if publish is not None else None
        if copy:
            storage.check_copy(self._file, copy)
        report = load(self._file, [os.fspath(p) for p in inputs], labels, policy, settings, strict, progress)
        if columns:
            report = replace(report, columns=resolve(self._file, progress))
        if copy:
            storage.publish(self._file, copy)
        return report

    def resolve_columns(self, *, progress: Progress | None = None) -> ColumnsReport:
        """Find out which columns come from which, for every manifest of which that is not known yet.

        Raises WarehouseNotFound, PrunedMeanwhile, and the WarehouseErrors of `storage.WarehouseFile`.
        """
        self._require_writable("resolve columns")
        self.close()
        return resolve(self._file, progress)

    def sql(self, query: str, parameters: list[Any] | None = None) -> duckdb.DuckDBPyRelation:
        """A query as a DuckDB relation: .df(), .pl(), .to_arrow_table(), .show(). Raises QueryFailed."""
        try:
            return self.connection.sql(query, params=parameters)
        except duckdb.Error as error:
            raise QueryFailed(str(error)) from error

    def view(self, name: str) -> duckdb.DuckDBPyRelation:
        """A public view, by its name without the schema. Raises UnknownView."""
        return self.sql(f"FROM {storage.public_view(name, 'view').full_name}")

    def ancestors(self, unique_id: str) -> duckdb.DuckDBPyRelation:
        """All that a node depends on, with the shortest distance: see v1.ancestors_of."""
        return self.sql("FROM v1.ancestors_of(?)", [unique_id])

    def descendants(self, unique_id: str) -> duckdb.DuckDBPyRelation:
        """All that depends on a node, with the shortest distance: see v1.descendants_of."""
        return self.sql("FROM v1.descendants_of(?)", [unique_id])

    def column_ancestors(self, unique_id: str, column_name: str) -> duckdb.DuckDBPyRelation:
        """All columns that a column comes from, with the shortest distance: see v1.column_ancestors_of."""
        return self.sql("FROM v1.column_ancestors_of(?, ?)", [unique_id, column_name])

    def column_descendants(self, unique_id: str, column_name: str) -> duckdb.DuckDBPyRelation:
        """All columns that a column flows into, with the shortest distance: see v1.column_descendants_of."""
        return self.sql("FROM v1.column_descendants_of(?, ?)", [unique_id, column_name])

    def lineage(
        self,
        node: str,
        directions: Iterable[str] = ("up", "down"),
        depth: int | None = None,
        at: datetime | None = None,
    ) -> Lineage:
        """A node's lineage, by unique_id or by a name that only one node has; now, or as it stood at a time.

        Raises UnknownNode.
        """
        return find(self.connection, node, directions, depth, at)

    def column_lineage(
        self,
        node: str,
        column: str,
        directions: Iterable[str] = ("up", "down"),
        depth: int | None = None,
        at: datetime | None = None,
    ) -> Lineage:
        """The lineage of a node's column, now, or as it stood at a time.

        Raises UnknownNode, UnknownColumn, and NoColumnLineage before `resolve_columns`.
        """
        return find_column(self.connection, node, column, directions, depth, at)

    def check(
        self,
        *,
        max_failure_rate: float | None = None,
        max_test_failure_rate: float | None = None,
        max_age: timedelta | None = None,
        max_failing: int | None = None,
        freshness: str | None = None,
        rules: str | None = None,
        ignored_rules: Iterable[str] = (),
        window: timedelta = timedelta(days=7),
        now: datetime | None = None,
        project: str | None = None,
        environment: str | None = None,
        job: str | None = None,
    ) -> CheckReport:
        """Whether the runs are as good as asked for: see `monitor.Criteria`; each project and environment by itself.

        Raises NothingToCheck where nothing is asked for, or nothing has the labels; ValueError.
        """
        criteria = Criteria(
            max_failure_rate,
            max_test_failure_rate,
            max_age,
            max_failing,
            freshness,
            rules,
            tuple(ignored_rules),
            window,
            now,
        )
        return monitor.check(self.connection, criteria, Scope(project, environment, job))

    def diagnose(
        self,
        run: str | None = None,
        *,
        project: str | None = None,
        environment: str | None = None,
        job: str | None = None,
    ) -> Diagnosis:
        """Why a run went as it did, by its invocation_id or the beginning of that; else the last run with the labels.

        Raises UnknownRun.
        """
        return monitor.diagnose(self.connection, run, Scope(project, environment, job))

    def confine(self) -> None:
        """From now on, and until this process ends, no query of this file can read or write another one."""
        self.connection.execute("SET enable_external_access = false")

    def query(self, query: str) -> QueryResult:
        """A query's whole result as an Arrow table, and which of its columns are JSON. Raises QueryFailed."""
        try:
            relation = self.sql(query)
            if relation is None:  # a statement without a result
                return QueryResult(pa.table({}), ())
            types = zip(relation.columns, relation.types, strict=True)
            return QueryResult(self._fetched(relation), tuple(name for name, type_ in types if type_ == "JSON"))
        except duckdb.Error as error:
            raise QueryFailed(str(error)) from error

    def _fetched(self, relation: duckdb.DuckDBPyRelation) -> pa.Table:
        """The whole result. DuckDB takes no notice of signals while it fetches Arrow, so this thread does."""
        with ThreadPoolExecutor(1) as pool:
            fetching = pool.submit(relation.to_arrow_table)
            try:
                while not wait([fetching], timeout=0.1).done:
                    pass
            except KeyboardInterrupt:
                while not wait([fetching], timeout=0.05).done:
                    self.connection.interrupt()  # again and again: one that comes before the query starts is lost
                raise
            return fetching.result()

    def status(self) -> dict[str, pa.Table]:
        """What is in the file: `environments`, `artifacts`, `tables` and `quarantined`, as Arrow tables."""
        return storage.status(self.connection)

    def describe_views(self) -> pa.Table:
        """The public views and macros: name, kind, grain and summary."""
        return storage.describe_all(self.connection)

    def describe_view(self, name: str) -> tuple[storage.SqlFile, pa.Table]:
        """One view or macro, and its columns: name, type and comment. Raises UnknownView."""
        file = storage.public_view(name)
        return file, storage.describe(self.connection, file)

    def migrate(self) -> list[str]:
        """Bring an older file up to date; returns what was done, a line each."""
        self._require_writable("migrate")
        with self._file.open() as connection:
            return storage.migrate(connection)

    def prune(self, before: datetime, *, keep_daily_rates: bool = False, dry_run: bool = True) -> PruneReport:
        """Take what was generated before a time (UTC where it has no zone) out of the file, and make it smaller.

        A dry run changes nothing. What goes: runs with their results, freshness checks, and the catalogs and
        manifests that nothing that stays rests on. With `keep_daily_rates` no rate changes. Raises WarehouseLocked
        too where this process has the file open elsewhere, and WarehouseTooOld for a dry run that would migrate.
        """
        self._require_writable("prune")
        self.close()
        return retention.prune(self._file, before, keep_daily_rates, dry_run)

    def pending_changes(self) -> list[str]:
        """What `migrate` would do, a line each."""
        if self._connection is not None:
            return storage.pending_changes(self._connection)
        with self._file.open(read_only=True, may_be_old=True) as connection:
            return storage.pending_changes(connection)

    def _require_writable(self, verb: str) -> None:
        if self._read_only:
            raise QueryFailed(f"{self.path}: was opened read-only; open it without read_only to {verb}")

    def verify(self) -> list[str]:
        """What is broken: contract, integrity and invariants, a line each; nothing when all is well."""
        return storage.verify(self.connection)
