"""Notices that a file was replaced between two transactions of a command.

The file is closed between transactions. Meanwhile a restored backup or another warehouse may take its place, and
so may a pruned one. Each transaction that writes artifacts leaves a random id in stored.meta, its generation: a file
that lacks a generation that was seen before is another file, or an older copy.
"""

from __future__ import annotations

import uuid
from typing import NamedTuple

import duckdb

from artifact_warehouse.errors import PrunedMeanwhile, ReplacedMeanwhile
from artifact_warehouse.storage.format import PRUNED_AT, get_meta, set_meta
from artifact_warehouse.storage.transactions import transaction

_GENERATION = "generation:"
_KEPT_GENERATIONS = 1_000
"""More transactions than other processes write between two transactions of one command."""

_LAST = (
    "SELECT key, CAST(value AS BIGINT) FROM stored.meta WHERE starts_with(key, ?) "
    "ORDER BY CAST(value AS BIGINT) DESC LIMIT 1"
)
_FORGET = "DELETE FROM stored.meta WHERE starts_with(key, ?) AND CAST(value AS BIGINT) <= ?"


class FileState(NamedTuple):
    """The last generation of a file and its last prune. None is not compared."""

    generation: str | None = None
    last_prune: str | None = None


def file_state(connection: duckdb.DuckDBPyConnection) -> FileState:
    """The present state of the file. A file without generations gets its first one."""
    state = check_state(connection, FileState())
    if state.generation is None:
        with transaction(connection):
            add_generation(connection)
        state = check_state(connection, FileState())
    return state


def check_state(connection: duckdb.DuckDBPyConnection, before: FileState) -> FileState:
    """The present state. Raises ReplacedMeanwhile or PrunedMeanwhile if that has happened since the state `before`."""
    if before.generation is not None and get_meta(connection, before.generation) is None:
        raise ReplacedMeanwhile
    last_prune = get_meta(connection, PRUNED_AT) or "never"
    if before.last_prune not in (None, last_prune):
        raise PrunedMeanwhile
    last = _last(connection)
    return FileState(last[0] if last else None, last_prune)


def add_generation(connection: duckdb.DuckDBPyConnection) -> str:
    """Store a new generation, in the current transaction."""
    last = _last(connection)
    number = last[1] + 1 if last else 1
    generation = f"{_GENERATION}{uuid.uuid4().hex}"
    set_meta(connection, generation, str(number))
    if number % _KEPT_GENERATIONS == 0:
        connection.execute(_FORGET, [_GENERATION, number - _KEPT_GENERATIONS])
    return generation


def _last(connection: duckdb.DuckDBPyConnection) -> tuple[str, int] | None:
    rows = connection.execute(_LAST, [_GENERATION]).fetchall()
    return rows[0] if rows else None
