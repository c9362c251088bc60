"""Rows that are fetched together. What one of them is asked for is fetched for all of them, by one statement.

So the number of statements of a request depends on its document only, however many nodes it selects.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from typing import Any

import duckdb
import msgspec
import pyarrow as pa
from graphql import GraphQLError

from artifact_warehouse.serve.limits import RequestLimits
from artifact_warehouse.serve.snapshots import Snapshot
from artifact_warehouse.storage import query

MOST_MOMENTS = 2
"""How many times one request asks about: each is a copy of the warehouse."""


class Budget:
    """What is left of the limits of one request, whatever states it reads."""

    def __init__(self, limits: RequestLimits) -> None:
        self.limits = limits
        self.statement_count = 0
        self._rows = 0
        self._deadline = time.monotonic() + limits.seconds

    @property
    def seconds(self) -> float:
        """How long the request may still take."""
        return self._deadline - time.monotonic()

    def start_statement(self) -> None:
        """Count a statement. Raises GraphQLError where the time is over."""
        self.statement_count += 1
        if self.seconds < 0:
            raise self.too_long()

    def take_rows(self, count: int) -> None:
        """Count rows that the answer is made of. Raises GraphQLError where they are too many."""
        self._rows += count
        if self._rows > self.limits.rows:
            raise GraphQLError(f"the answer has more than {self.limits.rows} rows; ask for fewer nodes at once")

    def too_long(self) -> GraphQLError:
        """What is said where a request takes too long."""
        return GraphQLError(f"the request takes longer than {self.limits.seconds:g} seconds; ask for fewer nodes")


class Request:
    """What the resolvers of one request share: a connection to one state, and what is left of the limits."""

    def __init__(self, snapshot: Snapshot, budget: Budget, open_until_end: ExitStack) -> None:
        self.snapshot = snapshot
        self.budget = budget
        self.limits = budget.limits
        self._open_until_end = open_until_end
        self._connection = open_until_end.enter_context(snapshot.cursor())
        self._earlier: dict[datetime, Request] = {}
        timer = threading.Timer(max(budget.seconds, 0), self._connection.interrupt)
        timer.start()
        open_until_end.callback(timer.cancel)

    @classmethod
    @contextmanager
    def running(cls, snapshot: Snapshot, limits: RequestLimits) -> Iterator[Request]:
        """A block in which a statement that runs beyond the limit of time is interrupted."""
        with ExitStack() as open_until_end:
            yield cls(snapshot, Budget(limits), open_until_end)

    def at(self, moment: datetime | None) -> Request:
        """The same request about the state as it stood at a time; without a time, itself."""
        if moment is None:
            return self
        if moment not in self._earlier:
            if len(self._earlier) == MOST_MOMENTS:
                raise GraphQLError(f"one request asks about {MOST_MOMENTS} times at most")
            try:
                state = self._open_until_end.enter_context(self.snapshot.at(moment, self.budget.seconds))
            except TimeoutError as error:
                raise self.budget.too_long() from error
            self._earlier[moment] = Request(state, self.budget, self._open_until_end)
        return self._earlier[moment]

    def fetch(self, statement: str, parameters: dict[str, Any] | None = None, *tables: str, **literals: str) -> Table:
        """The rows of sql/queries/serve/<statement>.sql, which reads these tables of the snapshot."""
        self.budget.start_statement()
        sql = query(f"serve/{statement}", **literals)
        key = (sql, msgspec.json.encode(parameters))
        found: Table | None = self.snapshot.recent.get(key)
        if found is None:
            found = self._run(sql, parameters or {}, tables)
            self.snapshot.recent.keep(key, found)
        self.budget.take_rows(len(found))
        return found

    def rows(self, statement: str, parameters: dict[str, Any]) -> list[dict[str, Any]]:
        """The rows of a statement as dictionaries."""
        table = self.fetch(statement, parameters)
        return [dict(zip(table.names, row, strict=True)) for row in zip(*map(table.column, table.names), strict=True)]

    def _run(self, sql: str, parameters: dict[str, Any], tables: tuple[str, ...]) -> Table:
        try:
            self.snapshot.require(*tables)
            relation = self._connection.sql(sql, params=parameters)
            return Table(
                relation.to_arrow_table(),
                {name for name, type_ in zip(relation.columns, relation.types, strict=True) if type_ == "JSON"},
            )
        except duckdb.InterruptException as error:
            raise self.budget.too_long() from error
        except duckdb.OutOfMemoryException as error:
            raise GraphQLError("the request needs more memory than it may; ask for fewer nodes or fields") from error


class Table:
    """An Arrow table whose columns become lists of Python's values when they are first read."""

    def __init__(self, table: pa.Table, json_columns: set[str]) -> None:
        self._table = table
        self._json_columns = json_columns
        self.names: list[str] = table.column_names
        self._lists: dict[str, list[Any]] = {}

    def __len__(self) -> int:
        return int(self._table.num_rows)

    @property
    def nbytes(self) -> int:
        """The size of the table, without the lists that were made of it."""
        return int(self._table.nbytes)

    def column(self, name: str) -> list[Any]:
        """All values of a column; of one that the table does not have, None."""
        if name not in self._lists:
            self._lists[name] = self._read(name) if name in self.names else [None] * len(self)
        return self._lists[name]

    def _read(self, name: str) -> list[Any]:
        values: list[Any] = self._table.column(name).to_pylist()
        if name in self._json_columns:
            return [None if value is None else msgspec.json.decode(value) for value in values]
        return values


Loader = Callable[["Cohort"], Any]


class Cohort:
    """The rows of one statement, and what was fetched for all of them."""

    def __init__(self, request: Request, table: Table) -> None:
        self.request = request
        self.table = table
        self.rows = [Row(self, index) for index in range(len(table))]
        self._loaded: dict[Any, Any] = {}

    def loaded(self, key: Any, load: Loader) -> Any:
        """What `load` fetches for all rows; it is called once for each key."""
        if key not in self._loaded:
            self._loaded[key] = load(self)
        return self._loaded[key]

    def distinct(self, name: str) -> list[Any]:
        """The distinct values of a column."""
        return list(dict.fromkeys(self.table.column(name)))

    def grouped(self, *names: str) -> dict[Any, list[Row]]:
        """The rows by the values of a column, or of several."""
        groups: dict[Any, list[Row]] = {}
        keys: Iterable[Any] = (
            self.table.column(names[0])
            if len(names) == 1
            else zip(*(self.table.column(name) for name in names), strict=True)
        )
        for key, row in zip(keys, self.rows, strict=True):
            groups.setdefault(key, []).append(row)
        return groups


class Row:
    """One row of a cohort. It answers `get` as the dictionaries of JSON do."""

    __slots__ = ("cohort", "index")

    def __init__(self, cohort: Cohort, index: int) -> None:
        self.cohort = cohort
        self.index = index

    def get(self, name: str) -> Any:
        """The value of a column; None where there is no such column."""
        return self.cohort.table.column(name)[self.index]
