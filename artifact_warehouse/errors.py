"""Every exception of the package. Each one says what happened, where, and what to do; imports nothing."""

from __future__ import annotations

from typing import Any


class ArtifactWarehouseError(Exception):
    """The base of every error that this package raises on purpose."""


class ArtifactError(ArtifactWarehouseError):
    """Something is wrong with one input; `uri` says which."""

    def __init__(self, uri: str, reason: str) -> None:
        super().__init__(uri, reason)
        self.uri = uri
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.uri}: {self.reason}"


class NotAnArtifact(ArtifactError):
    """The file is sound, but it is none of dbt's artifacts: it is skipped."""


class UnknownKind(ArtifactError):
    """The file is an artifact of dbt's, of a kind that this release does not read: the ledger keeps a row of it."""

    def __init__(self, uri: str, kind: str) -> None:
        super().__init__(uri, f"is an artifact of kind {kind}, which this release does not read")
        self.kind = kind

    def __reduce__(self) -> tuple[type, tuple[str, str]]:
        return type(self), (self.uri, self.kind)


class MalformedArtifact(ArtifactError):
    """The file cannot be read as the artifact that it claims to be: it is quarantined."""


class InputNotFound(ArtifactError):
    """A path, glob or folder that was named has nothing to load, or cannot be read."""


class InvalidPattern(ArtifactWarehouseError):
    """A pattern for what is to be hidden is no regular expression."""


class QuarantinedArtifacts(ArtifactWarehouseError):
    """A strict load met artifacts that it could not read; nothing was stored. `failures` has (uri, reason)."""

    def __init__(self, failures: tuple[tuple[str, str], ...]) -> None:
        super().__init__(failures)
        self.failures = failures

    def __str__(self) -> str:
        uri, reason = self.failures[0]
        more = f" (and {len(self.failures) - 1} more)" if len(self.failures) > 1 else ""
        return f"nothing was loaded: {uri}: {reason}{more}; mend or remove it, or load without --strict"


class WorkerFailed(ArtifactWarehouseError):
    """A process that a load started ended before its work was done, for want of memory for instance."""

    def __str__(self) -> str:
        return "a process of this load ended early; what was written before is kept; load again to go on"


class PrunedMeanwhile(ArtifactWarehouseError):
    """A prune came between two batches of what was written, and may have removed what the later one refers to."""

    def __str__(self) -> str:
        return "the warehouse was pruned meanwhile; what was written before is kept; do it again to go on"


class LoadInterrupted(KeyboardInterrupt):
    """A load was interrupted. `report` is a LoadReport of what is stored of it, from `kept_count` whole files."""

    def __init__(self, report: Any, kept_count: int, file_count: int) -> None:
        super().__init__(report, kept_count, file_count)
        self.report = report
        self.kept_count = kept_count
        self.file_count = file_count

    def __str__(self) -> str:
        return f"interrupted: kept {self.kept_count} of {self.file_count} files; load again to go on"


def is_interrupt(error: BaseException | None, older: BaseException | None = None) -> bool:
    """Whether an error is an interrupt, or what one has become on its way up.

    DuckDB makes an error of its own of a KeyboardInterrupt, and what is tidied up behind one may fail in turn.
    `older` is what the caller of all this is handling already.
    """
    while error is not None and error is not older:
        is_made_of_one = isinstance(error, RuntimeError) or "duckdb" in type(error).__module__
        words = str(error) if is_made_of_one else ""
        if isinstance(error, KeyboardInterrupt) or "Query interrupted" in words or "KeyboardInterrupt" in words:
            return True
        error = error.__cause__ or error.__context__
    return False


class WarehouseError(ArtifactWarehouseError):
    """The warehouse file cannot be used; `path` says which."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


class WarehouseNotFound(WarehouseError):
    """There is no file to open."""


class WarehouseLocked(WarehouseError):
    """Another process holds the file; the reason names it."""


class WarehouseTooNew(WarehouseError):
    """A later release wrote the file in a format that this one does not know."""


class WarehouseTooOld(WarehouseError):
    """An earlier release wrote the file, and it was opened for reading only: it has to be migrated first."""


class NotAWarehouse(WarehouseError):
    """The file is not a DuckDB database, or not one that this package made."""


class QueryFailed(ArtifactWarehouseError):
    """DuckDB refused a query of the user's; the message is DuckDB's own."""


class UnknownView(ArtifactWarehouseError):
    """No public view has that name."""

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        super().__init__(name, known)
        self.name = name
        self.known = known

    def __str__(self) -> str:
        return f"there is no view {self.name!r}; the views are {', '.join(self.known)}"


class _NotOne(ArtifactWarehouseError):
    """Nothing, or more than one thing, answers to a name; `candidates` are the ids that come near."""

    def __init__(self, name: str, candidates: tuple[str, ...]) -> None:
        super().__init__(name, candidates)
        self.name = name
        self.candidates = candidates


class UnknownNode(_NotOne):
    """No node, or more than one, answers to a name; `candidates` are the unique_ids that come near."""

    def __str__(self) -> str:
        if self.candidates:
            return f"{self.name!r} is not one node; say which: {', '.join(self.candidates)}"
        return f"no node is called {self.name!r}; `query WH 'select unique_id from v1.nodes'` lists them"


class UnknownColumn(ArtifactWarehouseError):
    """A node has no column of that name; `candidates` are those that come near."""

    def __init__(self, unique_id: str, name: str, candidates: tuple[str, ...]) -> None:
        super().__init__(unique_id, name, candidates)
        self.unique_id = unique_id
        self.name = name
        self.candidates = candidates

    def __str__(self) -> str:
        near = f"; did you mean {', '.join(self.candidates)}?" if self.candidates else ""
        return f"{self.unique_id} has no column {self.name!r} that is known{near}"


class NoColumnLineage(ArtifactWarehouseError):
    """The column lineage of a node was not resolved yet."""

    def __init__(self, unique_id: str) -> None:
        super().__init__(unique_id)
        self.unique_id = unique_id

    def __str__(self) -> str:
        return f"the columns of {self.unique_id} are not resolved yet; run `artifact-warehouse columns WH`"


class NothingToCheck(ArtifactWarehouseError):
    """A check asks for nothing, or there is nothing with its labels; `str` says which."""


class UnknownRun(_NotOne):
    """No run, or more than one, answers to an id or to labels; `candidates` are the invocations that come near."""

    def __str__(self) -> str:
        if self.candidates:
            return f"{self.name} is not one run; say which: {', '.join(self.candidates)}"
        return f"there is no {self.name}; `query WH 'from v1.invocations'` lists the runs"


class InvalidSqlFile(ArtifactWarehouseError):
    """A file of sql/ breaks a rule of sql/README.md."""
