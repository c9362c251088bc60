"""Whom a failure concerns: the file of a node, its owner, and the exposures that depend on it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import duckdb

from artifact_warehouse.storage import query


class Contact(NamedTuple):
    """A node, and whom a failure of it concerns."""

    unique_id: str
    original_file_path: str | None = None
    owner: str | None = None
    exposure_unique_ids: tuple[str, ...] = ()
    exposure_urls: tuple[str, ...] = ()

    def about(self) -> dict[str, Any]:
        """What is known beside the unique_id."""
        return {name: value for name, value in self._asdict().items() if name != "unique_id"}


Place = tuple[str | None, str]


def contacts(connection: duckdb.DuckDBPyConnection, unique_ids: Iterable[str]) -> dict[tuple[Place, str], Contact]:
    """The contacts of the nodes with these ids, by project and environment, and unique_id."""
    ids = [*dict.fromkeys(unique_ids)]
    if not ids:
        return {}
    rows = connection.execute(query("node_contacts"), {"unique_ids": ids}).fetchall()
    return {
        ((project, environment), unique_id): Contact(unique_id, file, owner, tuple(exposures), tuple(urls))
        for project, environment, unique_id, file, owner, exposures, urls in rows
    }
