"""Where flattened rows gather: by table, and each content-addressed content only once."""

from __future__ import annotations

import hashlib
from collections.abc import Container, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from typing import Any

import pyarrow as pa

from artifact_warehouse import jsontext
from artifact_warehouse.tables import BY_NAME, TABLES


def hash_text(text: str) -> str:
    """The id of a text: BLAKE2b-128, in hex."""
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


_ARTIFACT_TABLES = [table.name for table in TABLES if table.content_key is None]


class Rows:
    """The rows of a batch of artifacts, as tuples in the order of their table's columns.

    `stored` holds the content ids that the warehouse is known to have: their rows are left out. It only
    saves work, as the store drops what it has.
    """

    def __init__(self, stored: Container[str] = frozenset()) -> None:
        self.loaded_at = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        self.by_table: dict[str, list[tuple[Any, ...]]] = {table.name: [] for table in TABLES}
        self.new_ids: set[str] = set()
        self._stored = stored

    def add(self, table: str, **values: Any) -> None:
        """Add a row; columns that are not named are NULL."""
        row = tuple(values.pop(column.name, None) for column in BY_NAME[table].columns)
        if values:
            raise KeyError(f"stored.{table} has no column {', '.join(values)}")
        self.by_table[table].append(row)

    @contextmanager
    def all_or_nothing(self) -> Iterator[None]:
        """Take an artifact's rows out again when it fails; contents that were read well may stay."""
        before = {name: len(self.by_table[name]) for name in _ARTIFACT_TABLES}
        try:
            yield
        except BaseException:
            for name, length in before.items():
                del self.by_table[name][length:]
            raise

    def is_new(self, content_id: str) -> bool:
        """Whether a content still has to be added; from now on it counts as added."""
        if content_id in self.new_ids or content_id in self._stored:
            return False
        self.new_ids.add(content_id)
        return True

    def add_text(self, text: str | None) -> str | None:
        """Add a text; returns its id, None for no text."""
        if not text:
            return None
        text_id = hash_text(text)
        if self.is_new(text_id):
            self.by_table["texts"].append((text_id, text))
        return text_id

    def add_content(self, table: str, content: dict[str, Any]) -> str:
        """Add a content-addressed row; returns its id."""
        key = BY_NAME[table].content_key
        assert key is not None
        content_id = hash_text(f"{table}:{jsontext.encode(_without_nulls(content))}")
        if self.is_new(content_id):
            self.add(table, **{key: content_id}, **content)
        return content_id

    def add_set(self, member_ids: Iterable[str]) -> str:
        """Add a set of content ids; returns the set's id."""
        members = sorted(set(member_ids))
        set_id = hash_text("set:" + ",".join(members))
        if self.is_new(set_id):
            self.by_table["set_members"].extend((set_id, member) for member in members)
        return set_id

    def to_arrow(self) -> dict[str, pa.Table]:
        """The tables that have rows, by name."""
        return {name: BY_NAME[name].to_arrow(rows) for name, rows in self.by_table.items() if rows}


def _without_nulls(content: dict[str, Any]) -> dict[str, Any]:
    """Identity must survive a column that a later release adds: NULL is as good as absent."""
    return {key: value for key, value in content.items() if value is not None}
