"""`Warehouse`: the methods that Python, notebooks and the command line call. Each calls a function of one room."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import wraps
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Concatenate, NamedTuple, ParamSpec, TypeVar

import duckdb
import pyarrow as pa

from artifact_warehouse import everyday, monitor, storage
from artifact_warehouse import lineage as nodes
from artifact_warehouse.artifacts import Redaction
from artifact_warehouse.errors import ArtifactWarehouseError, QueryFailed
from artifact_warehouse.extract import Labels, Source
from artifact_warehouse.limits import Limits
from artifact_warehouse.lineage import ColumnsReport, resolve
from artifact_warehouse.load import LoadReport, LoadSettings, Policy, Progress, load, load_source
from artifact_warehouse.report import exposure_tile, find_history, find_timeline, render_report

if TYPE_CHECKING:  # a method that few callers need imports its room itself: a load starts sooner
    from artifact_warehouse.alerts import NotifyReport
    from artifact_warehouse.retention import PruneReport
    from artifact_warehouse.sources import DbtCallback

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


class QueryBatches(NamedTuple):
    """The rows of a query, computed as they are read, and the names of its columns of type JSON."""

    reader: pa.RecordBatchReader
    json_columns: tuple[str, ...]
    close: Callable[[], None]
    """Ends a query that is not read to its end; else the file stays open."""


class QueryResult(NamedTuple):
    """All rows of a query, and the names of its columns of type JSON."""

    table: pa.Table
    json_columns: tuple[str, ...]


def _on_connection(
    function: Callable[Concatenate[duckdb.DuckDBPyConnection, Parameters], Result],
) -> Callable[Concatenate[Warehouse, Parameters], Result]:
    """Make a method of a function that takes a connection. Keywords, types and documentation are the function's."""

    @wraps(function)
    def method(self: Warehouse, /, *args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        return function(self.connection, *args, **kwargs)

    signature = inspect.signature(function)
    _, *others = signature.parameters.values()
    own = inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY)
    vars(method)["__signature__"] = signature.replace(parameters=[own, *others])
    return method


class Warehouse:
    """A warehouse file. It is opened at the first call that needs it, and closed at the end of the `with` block.

    With `read_only` the file must exist, and nothing is written or migrated. `wait` is how many seconds to wait while
    another process holds the file. Opening raises a WarehouseError: WarehouseNotFound, WarehouseLocked, NotAWarehouse,
    WarehouseTooNew or WarehouseTooOld.
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

    def __repr__(self) -> str:
        """The path, and a line for each project and environment, or why the file cannot be read."""
        try:
            if self._connection is not None:
                lines = storage.summary(self._connection)
            else:
                with self._file.open(read_only=True) as connection:
                    lines = storage.summary(connection)
        except (ArtifactWarehouseError, duckdb.Error) as error:
            lines = [str(error)]
        return "\n  ".join([f"Warehouse({str(self.path)!r})", *lines])

    def close(self) -> None:
        """Close the file.

        A relation cannot be read any more: DuckDB raises "Connection has already been closed". Read it before, with
        .df(), .pl() or .to_arrow_table(); or keep the warehouse open: `wh = Warehouse(…)` without `with`.
        """
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """The DuckDB connection. The first access opens the file and, unless `read_only`, migrates it."""
        if self._connection is None:
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
        """Load artifacts from files, folders, globs, archives and object stores. Stored artifacts stay as they are.

        `project`, `environment` and `job` label the artifacts. With `strict`, nothing is stored if any artifact cannot
        be read. `redact` hides secrets; regular expressions hide more, and False hides nothing. With `redact_code`,
        code is searched for secrets too. An artifact larger than the `limits` is quarantined. With `columns`,
        `resolve_columns` follows. `publish` names a copy for readers, which is replaced at the end. `progress` is
        called with the number of files that are done and of all files. `settings` are the sizes of batches and the
        number of processes.

        Raises InputNotFound, InvalidPattern, QuarantinedArtifacts, WorkerFailed, PrunedMeanwhile, LoadInterrupted and
        WarehouseError.
        """
        self._require_writable("load")
        inputs = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
        self.close()  # the loader opens the file itself, for each transaction
        labels = Labels(project, environment, job)
        policy = Policy(limits, Redaction.of(redact, os.environ, redact_code))
        copy = self._checked_copy(publish)
        report = load(self._file, [os.fspath(p) for p in inputs], labels, policy, settings, strict, progress)
        return self._completed(report, columns, copy, progress)

    def _checked_copy(self, publish: str | os.PathLike[str] | None) -> Path | None:
        """The copy that a load replaces at its end. Raises WarehouseError where it cannot be replaced."""
        if publish is None:
            return None
        storage.check_copy(self._file, copy := Path(publish))
        return copy

    def _completed(self, report: LoadReport, columns: bool, copy: Path | None, progress: Progress | None) -> LoadReport:
        """Does what follows a load: resolves columns, and replaces the copy."""
        if columns:
            report = replace(report, columns=resolve(self._file, progress))
        if copy:
            storage.publish(self._file, copy)
        return report

    def dbt_callback(
        self, *, project: str | None = None, environment: str | None = None, job: str | None = None
    ) -> DbtCallback:
        """A callback for `dbtRunner(callbacks=[…])`, which loads the artifacts of each command of dbt.

        `project`, `environment` and `job` label the artifacts. Without `environment`, it is the target of the profile.
        """
        from artifact_warehouse.sources import DbtCallback

        def load(files: Iterable[Path], target: str | None) -> LoadReport:
            return self.load(files, project=project, environment=environment or target, job=job)

        return DbtCallback(load)

    def fetch(
        self,
        source: Source,
        *,
        redact: bool | Iterable[str] = True,
        redact_code: bool = False,
        limits: Limits = Limits(),  # noqa: B008 (immutable)
        columns: bool = False,
        publish: str | os.PathLike[str] | None = None,
        progress: Progress | None = None,
        settings: LoadSettings = LoadSettings(),  # noqa: B008 (immutable)
    ) -> LoadReport:
        """Load the artifacts of a source, such as `sources.DbtCloud`, that are not stored yet.

        The other arguments are those of `load`; `progress` is called with numbers of runs. What was fetched before an
        error is stored.

        Raises SourceRefused, SourceUnavailable, InvalidPattern, PrunedMeanwhile, LoadInterrupted and WarehouseError.
        """
        self._require_writable("fetch")
        self.close()
        hidden = {"DBT_ENV_SECRET_SOURCE": source.secret, **os.environ}
        policy = Policy(limits, Redaction.of(redact, hidden, redact_code))
        copy = self._checked_copy(publish)
        report = load_source(self._file, source, policy, settings, progress)
        return self._completed(report, columns, copy, progress)

    def resolve_columns(self, *, progress: Progress | None = None) -> ColumnsReport:
        """Resolve the column lineage of every manifest that is new since the last call.

        Raises PrunedMeanwhile and WarehouseError.
        """
        self._require_writable("resolve columns")
        self.close()
        return resolve(self._file, progress)

    def sql(self, query: str, parameters: list[Any] | dict[str, Any] | None = None) -> duckdb.DuckDBPyRelation:
        """Run a query; returns a DuckDB relation: .df(), .pl(), .to_arrow_table(), .show(). Raises QueryFailed.

        Views of v1 need no schema. `parameters` are the values of `?`, or by name those of `$name`.
        """
        try:
            return self.connection.sql(query, params=parameters)
        except duckdb.Error as error:
            raise QueryFailed(str(error)) from error

    def view(self, name: str) -> duckdb.DuckDBPyRelation:
        """A view of v1 as a DuckDB relation; the name needs no schema. Raises UnknownView."""
        return self.sql(f"FROM {storage.public_view(name, 'view').full_name}")

    @property
    def v1(self) -> storage.PublicViews:
        """The views of v1 as attributes, and its table macros as methods: `wh.v1.flaky_tests`. Tab lists them."""
        return storage.namespace(self.connection)

    ancestors = _on_connection(nodes.ancestors)
    descendants = _on_connection(nodes.descendants)
    column_ancestors = _on_connection(nodes.column_ancestors)
    column_descendants = _on_connection(nodes.column_descendants)
    lineage = _on_connection(nodes.find)
    column_lineage = _on_connection(nodes.find_column)
    runs = _on_connection(everyday.runs)
    run = _on_connection(everyday.run)
    failures = _on_connection(everyday.failures)
    slow = _on_connection(everyday.slow)
    flaky = _on_connection(everyday.flaky)
    changes = _on_connection(everyday.changes)
    show = _on_connection(everyday.show)
    compare = _on_connection(everyday.compare)
    check = _on_connection(monitor.check)
    diagnose = _on_connection(monitor.diagnose)
    report = _on_connection(render_report)
    tile = _on_connection(exposure_tile)
    timeline = _on_connection(find_timeline)
    history = _on_connection(find_history)
    status = _on_connection(everyday.status)
    verify = _on_connection(storage.verify)
    describe_views = _on_connection(storage.describe_all)

    def query(
        self,
        query: str,
        parameters: list[Any] | dict[str, Any] | None = None,
        *,
        is_confined: bool = False,
        timeout: float | None = None,
        memory_limit: int | None = None,
    ) -> QueryResult:
        """Run a query; returns all rows as an Arrow table. `parameters` are those of `sql`.

        `is_confined` lets this process read and write no other file and change no setting, until the database is
        closed. `timeout` is in seconds; None and 0 stand for no limit. `memory_limit` is in bytes: for DuckDB, and
        again for the result; without it, both are half of DuckDB's own limit where the query is confined.

        Raises QueryFailed.
        """
        memory_limit = self._limit_query(is_confined, memory_limit)
        reader, json_columns, _ = storage.run_query(self.connection, query, parameters, timeout or None, memory_limit)
        return QueryResult(reader.read_all(), json_columns)

    def query_batches(
        self,
        query: str,
        parameters: list[Any] | dict[str, Any] | None = None,
        *,
        is_confined: bool = False,
        timeout: float | None = None,
        memory_limit: int | None = None,
    ) -> QueryBatches:
        """Run a query; returns a reader of its rows, of which some thousand are in memory at a time.

        The arguments are those of `query`. The reader, too, raises QueryFailed.
        """
        self._limit_query(is_confined, memory_limit)
        return QueryBatches(*storage.run_query(self.connection, query, parameters, timeout or None))

    def default_memory_limit(self) -> int:
        """The limit of a confined query, in bytes: half of DuckDB's own, as a result may take as much again."""
        return storage.memory_limit(self.connection) // 2

    def _limit_query(self, is_confined: bool, memory_limit: int | None) -> int | None:
        """Confine queries and limit DuckDB's memory; returns the limit of a result."""
        connection = self.connection
        if memory_limit is None and is_confined:
            memory_limit = self.default_memory_limit()
        if memory_limit is not None:
            connection.execute(f"SET memory_limit = '{memory_limit}B'")
        if is_confined:
            storage.confine(connection)
        return memory_limit

    def describe_view(self, name: str) -> tuple[storage.SqlFile, pa.Table]:
        """A view or macro of v1, and a table of its columns: name, type, comment. Raises UnknownView."""
        file = storage.public_view(name)
        return file, storage.describe(self.connection, file)

    def migrate(self) -> list[str]:
        """Migrate a file of an earlier release; returns the changes, a line each."""
        self._require_writable("migrate")
        with self._file.open() as connection:
            return storage.migrate(connection)

    def prune(self, before: datetime, *, keep_daily_rates: bool = False, dry_run: bool = True) -> PruneReport:
        """Remove runs, freshness checks, and unused manifests and catalogs older than `before`; shrink the file.

        `before` is in UTC where it has no zone. `keep_daily_rates` keeps counts by day, so that no rate changes. A dry
        run changes nothing and reports what would be removed.

        Raises WarehouseLocked where this process has another connection to the file, and WarehouseTooOld for a dry run
        on a file that must be migrated first.
        """
        from artifact_warehouse import retention

        self._require_writable("prune")
        self.close()
        return retention.prune(self._file, before, keep_daily_rates, dry_run)

    def notify(
        self,
        config: str | os.PathLike[str] | Mapping[str, Any] | None = None,
        *,
        dry_run: bool = False,
        now: datetime | None = None,
    ) -> NotifyReport:
        """Tell people what is new since the last call: see docs/alerts.md.

        `config` is a file, or its tables as a dictionary; by default the nearest artifact-warehouse.toml, in the
        working folder or above it. A dry run only returns the messages. `now` is in UTC where it has no zone, and the
        current time by default. A message that could not be sent is in `failed` of the result; the next call sends it.

        Raises InvalidConfig and WarehouseError.
        """
        from artifact_warehouse import alerts

        settings = alerts.load_settings(config)
        if not dry_run:
            self._require_writable("notify")
        self.close()
        return alerts.notify(self._file, settings, dry_run, now)

    def copy(self, target: str | os.PathLike[str]) -> Path:
        """Copy the warehouse as it is now to a new file, for readers that a load must not wait for."""
        return storage.copy(self._file, Path(target))

    def export(self, folder: str | os.PathLike[str]) -> dict[str, int]:
        """Write each table to a Parquet file in a new or empty folder. Returns the rows of each table.

        Raises WarehouseError where the folder has files or cannot be written.
        """
        return storage.export_tables(self.connection, Path(folder))

    def import_tables(self, folder: str | os.PathLike[str]) -> dict[str, int]:
        """Fill this warehouse, which must be new or without artifacts, with an export. Returns the rows of each table.

        Raises WarehouseError where the warehouse has artifacts, or the folder is not a finished export.
        """
        self._require_writable("import")
        return storage.import_tables(self._file, Path(folder))

    def pending_changes(self) -> list[str]:
        """The changes that `migrate` would make, a line each."""
        if self._connection is not None:
            return storage.pending_changes(self._connection)
        with self._file.open(read_only=True, may_be_old=True) as connection:
            return storage.pending_changes(connection)

    def _require_writable(self, verb: str) -> None:
        if self._read_only:
            raise QueryFailed(f"{self.path}: is open read-only; open it without read_only to {verb}")
