"""Earlier states of a snapshot: copies of it without the artifacts that were generated later.

Such a copy answers as a warehouse did that had loaded all artifacts up to then: rule 6, docs/rules.md, knows no other
time than the artifact's own.
"""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Generic, Protocol, TypeVar

import duckdb

from artifact_warehouse.schema import TABLES
from artifact_warehouse.storage import query, settle, transaction

KEPT = 3
"""How many earlier states are kept that no request reads."""


class _Closable(Protocol):
    def close(self) -> None: ...


State = TypeVar("State", bound=_Closable)


def forget_later(connection: duckdb.DuckDBPyConnection, until: datetime) -> None:
    """Remove the artifacts that were generated after a time, as if they had never been loaded."""
    with transaction(connection):
        connection.execute(f"CREATE TEMP TABLE later AS {query('serve/later_artifacts')}", {"until": until})
        for table in TABLES:
            if any(column.name == "artifact_key" for column in table.columns):
                connection.execute(
                    f"DELETE FROM stored.{table.name} WHERE artifact_key IN (SELECT artifact_key FROM later)"
                )
        settle(connection)


class EarlierStates(Generic[State]):
    """The earlier states of one snapshot, each made when it is first asked for."""

    def __init__(self, make: Callable[[datetime], State]) -> None:
        self._make = make
        self._states: OrderedDict[datetime, State] = OrderedDict()
        self._leases: Counter[datetime] = Counter()
        self._lock = threading.Lock()

    @contextmanager
    def at(self, until: datetime, seconds: float) -> Iterator[State]:
        """A state, which stays open until the end of the block.

        One is made at a time: raises TimeoutError after so many seconds of waiting for others.
        """
        if not self._lock.acquire(timeout=max(seconds, 0)):
            raise TimeoutError
        try:
            if until not in self._states:
                self._states[until] = self._make(until)
            self._states.move_to_end(until)
            self._leases[until] += 1
            state = self._states[until]
        finally:
            self._lock.release()
        try:
            yield state
        finally:
            with self._lock:
                self._leases[until] -= 1
                self._forget_oldest()

    def close(self) -> None:
        """Close all states. No request reads one any more."""
        with self._lock:
            for state in self._states.values():
                state.close()
            self._states.clear()

    def _forget_oldest(self) -> None:
        unread = [until for until in self._states if not self._leases[until]]
        for until in unread[: max(len(unread) - KEPT, 0)]:
            self._states.pop(until).close()
