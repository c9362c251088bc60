"""Every exception of the package. The message says what happened, where, and what to do. Imports nothing."""

from __future__ import annotations

from typing import Any


class ArtifactWarehouseError(Exception):
    """The base class of all errors of this package."""


class ArtifactError(ArtifactWarehouseError):
    """An error in the input `uri`."""

    def __init__(self, uri: str, reason: str) -> None:
        super().__init__(uri, reason)
        self.uri = uri
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.uri}: {self.reason}"


class NotAnArtifact(ArtifactError):
    """The file can be read and is not an artifact of dbt's. It is skipped."""


class UnknownKind(ArtifactError):
    """The file is an artifact of dbt's, of a kind that this release does not read: the ledger keeps a row of it."""

    def __init__(self, uri: str, kind: str) -> None:
        super().__init__(uri, f"is an artifact of kind {kind}, which this release does not read")
        self.kind = kind

    def __reduce__(self) -> tuple[type, tuple[str, str]]:
        return type(self), (self.uri, self.kind)


class MalformedArtifact(ArtifactError):
    """The file cannot be read as an artifact. It is quarantined."""


class InputNotFound(ArtifactError):
    """A path, glob or folder has no files to load, or cannot be read."""


class DbtNotFound(ArtifactWarehouseError):
    """dbt cannot be started."""

    def __init__(self, program: str, reason: str) -> None:
        super().__init__(program, reason)
        self.program = program
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.program} cannot be started: {self.reason}; install dbt, or name the program with --dbt"


class InvalidPattern(ArtifactWarehouseError):
    """A pattern of secrets is not a regular expression."""


class QuarantinedArtifacts(ArtifactWarehouseError):
    """A strict load could not read some artifacts and stored nothing. `failures` are pairs of uri and reason."""

    def __init__(self, failures: tuple[tuple[str, str], ...]) -> None:
        super().__init__(failures)
        self.failures = failures

    def __str__(self) -> str:
        uri, reason = self.failures[0]
        more = f" (and {len(self.failures) - 1} more)" if len(self.failures) > 1 else ""
        return f"nothing was loaded: {uri}: {reason}{more}; repair or remove it, or load without --strict"


class SourceError(ArtifactWarehouseError):
    """A source of artifacts does not deliver them. What was fetched before is stored. The message has no secret."""

    def __init__(self, source: str, reason: str) -> None:
        super().__init__(source, reason)
        self.source = source
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.source}: {self.reason}"


class SourceRefused(SourceError):
    """The source refuses the request: the token, the account or another argument is wrong."""


class SourceUnavailable(SourceError):
    """The source cannot be reached, or fails. The same fetch may succeed later."""


class WorkerFailed(ArtifactWarehouseError):
    """A worker process of a load ended early, for example because the system ran out of memory."""

    def __str__(self) -> str:
        return "a worker process of this load ended early; what was stored before is kept; load again to continue"


class PrunedMeanwhile(ArtifactWarehouseError):
    """A prune ran between two transactions of a load. The later one may refer to rows that the prune removed."""

    def __str__(self) -> str:
        return "the warehouse was pruned meanwhile; what was stored before is kept; run this command again to continue"


class ReplacedMeanwhile(ArtifactWarehouseError):
    """The warehouse file was deleted, or replaced by another file, while a command wrote to it."""

    def __str__(self) -> str:
        return (
            "the warehouse was deleted, or replaced by another file, while this command wrote to it; "
            "the file that is there now may lack what it wrote; run it again"
        )


class LoadInterrupted(KeyboardInterrupt):
    """A load was interrupted. `report` is a LoadReport of the `kept_count` files that it stored completely."""

    def __init__(self, report: Any, kept_count: int, file_count: int) -> None:
        super().__init__(report, kept_count, file_count)
        self.report = report
        self.kept_count = kept_count
        self.file_count = file_count

    def __str__(self) -> str:
        return f"interrupted: kept {self.kept_count} of {self.file_count} files; load again to continue"


def is_interrupt(error: BaseException | None, older: BaseException | None = None) -> bool:
    """Whether an error is a KeyboardInterrupt, or was caused by one.

    DuckDB replaces a KeyboardInterrupt by an error of its own, and cleaning up after an interrupt may raise another
    error. `older` is an error that the caller was handling before.
    """
    while error is not None and error is not older:
        may_replace_one = isinstance(error, RuntimeError) or "duckdb" in type(error).__module__
        words = str(error) if may_replace_one else ""
        if isinstance(error, KeyboardInterrupt) or "Query interrupted" in words or "KeyboardInterrupt" in words:
            return True
        error = error.__cause__ or error.__context__
    return False


class WarehouseError(ArtifactWarehouseError):
    """The warehouse file at `path` cannot be used."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


class WarehouseNotFound(WarehouseError):
    """The file does not exist."""


class WarehouseLocked(WarehouseError):
    """Another process has locked the file. The reason names the process."""


class WarehouseTooNew(WarehouseError):
    """A later release wrote the file in a format that this release does not know."""


class WarehouseTooOld(WarehouseError):
    """An earlier release wrote the file. It must be migrated before it is opened read-only."""


class NotAWarehouse(WarehouseError):
    """The file is not a DuckDB database, or a database of something else."""


class QueryFailed(ArtifactWarehouseError):
    """DuckDB refused a query. The message is DuckDB's."""


class QueryStuck(QueryFailed):
    """A query was stopped, and DuckDB does not end it. The connection cannot be closed before."""


class UnknownView(ArtifactWarehouseError, AttributeError):
    """No view of v1 has this name."""

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        super().__init__(name, known)
        self.name = name
        self.known = known

    def __str__(self) -> str:
        return f"there is no view {self.name!r}; the views are {', '.join(self.known)}"


class _NotOne(ArtifactWarehouseError):
    """A name stands for nothing, or for several things. `candidates` are the ids that it may stand for."""

    def __init__(self, name: str, candidates: tuple[str, ...]) -> None:
        super().__init__(name, candidates)
        self.name = name
        self.candidates = candidates


class UnknownNode(_NotOne):
    """No node or several nodes have this name. `candidates` are the unique_ids that it may stand for."""

    def __str__(self) -> str:
        if self.candidates:
            return f"{self.name!r} does not name one node; did you mean one of: {', '.join(self.candidates)}"
        return f"no node is called {self.name!r}; `query WH 'select unique_id from v1.nodes'` lists them"


class UnknownColumn(ArtifactWarehouseError):
    """A node has no column of this name. `candidates` are columns with similar names."""

    def __init__(self, unique_id: str, name: str, candidates: tuple[str, ...]) -> None:
        super().__init__(unique_id, name, candidates)
        self.unique_id = unique_id
        self.name = name
        self.candidates = candidates

    def __str__(self) -> str:
        near = f"; did you mean {', '.join(self.candidates)}?" if self.candidates else ""
        return f"{self.unique_id} has no known column {self.name!r}{near}"


class NoColumnLineage(ArtifactWarehouseError):
    """The column lineage of a node is not resolved yet."""

    def __init__(self, unique_id: str) -> None:
        super().__init__(unique_id)
        self.unique_id = unique_id

    def __str__(self) -> str:
        return f"the columns of {self.unique_id} are not resolved yet; run `artifact-warehouse columns WH`"


class UnknownLabel(ArtifactWarehouseError):
    """Nothing in the warehouse has this project, environment or job. `known` are those that exist."""

    def __init__(self, label: str, value: str, known: tuple[str, ...]) -> None:
        super().__init__(label, value, known)
        self.label = label
        self.value = value
        self.known = known

    def __str__(self) -> str:
        names = ", ".join(self.known) if self.known else "none has a label yet"
        return f"there is no {self.label} {self.value!r}; there is {names}"


class NothingToCheck(ArtifactWarehouseError):
    """A check has no limit, or nothing in the warehouse has its labels."""


class InvalidConfig(ArtifactWarehouseError):
    """A configuration cannot be used. `place` is the file, and where in it."""

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(place, reason)
        self.place = place
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.place}: {self.reason}"


class UnknownRun(_NotOne):
    """No run or several runs have this id. `candidates` are the invocation_ids that it may stand for."""

    def __str__(self) -> str:
        if self.candidates:
            return f"{self.name} is not one run; did you mean one of: {', '.join(self.candidates)}"
        return f"there is no {self.name}; `runs WH` lists the runs"


class InvalidSqlFile(ArtifactWarehouseError):
    """A file of sql/ breaks a rule of sql/README.md."""
