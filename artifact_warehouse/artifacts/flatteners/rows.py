"""Collects flattened rows by table. A content-addressed row is added once, however often it occurs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Set
from contextlib import contextmanager
from datetime import datetime, timezone
from typing import Any

import pyarrow as pa

from artifact_warehouse.artifacts import json_text
from artifact_warehouse.schema import BY_NAME, TABLES, hash_text


class TextIds(dict[str, str]):
    """Remembers the ids of texts, because the runs of a project have mostly the same compiled code.

    Forgets everything when the texts grow beyond `max_characters`.
    """

    def __init__(self, max_characters: int = 16_000_000) -> None:
        self._max_characters = max_characters
        self._characters = 0

    def __missing__(self, text: str) -> str:
        self._characters += len(text)
        if self._characters > self._max_characters:
            self.clear()
            self._characters = len(text)
        text_id = self[text] = hash_text(text)
        return text_id


COLUMN_NAMES = {table.name: dict.fromkeys(column.name for column in table.columns) for table in TABLES}
"""The names of each table's columns, in order. A dict, because its keys are compared as a set."""

_ARTIFACT_TABLES = {table.name for table in TABLES if table.content_key is None}

_COMPACT_ROWS = 4096


class Rows:
    """The rows of a batch of artifacts, as a list for each column of each table.

    `stored` has content ids that are in the warehouse already. Their rows are left out, to save work: the writer drops
    duplicates too. `text_ids` also saves work; several batches may share it.
    """

    def __init__(self, stored: Set[str] = frozenset(), text_ids: TextIds | None = None) -> None:
        self.loaded_at = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        self.new_ids: set[str] = set()
        self._columns: dict[str, list[list[Any]]] = {table.name: [[] for _ in table.columns] for table in TABLES}
        self._compacted: dict[str, list[pa.Table]] = {table.name: [] for table in TABLES}
        self._stored = stored
        self._text_ids = TextIds() if text_ids is None else text_ids

    def add(self, table: str, **values: Any) -> None:
        """Add a row. Columns without a value are NULL."""
        names = COLUMN_NAMES[table]
        if not values.keys() <= names.keys():
            raise KeyError(f"stored.{table} has no column {', '.join(values.keys() - names.keys())}")
        for column, value in zip(self._columns[table], map(values.get, names), strict=True):
            column.append(value)
        self._compact(table)

    def extend(self, table: str, *columns: Sequence[Any]) -> None:
        """Add rows, given as one list for each column of the table, in its order."""
        for column, values in zip(self._columns[table], columns, strict=True):
            column.extend(values)
        self._compact(table)

    def extend_with_arrow(self, table: str, rows: pa.Table) -> None:
        """Add rows that are in Arrow already. Content-addressed rows that were added before are left out."""
        if key := BY_NAME[table].content_key:
            are_new = [*map(self.is_new, rows[key].to_pylist())]
            rows = rows if all(are_new) else rows.filter(pa.array(are_new, pa.bool_()))
        self._compacted[table].append(rows)

    def _compact(self, table: str) -> None:
        """Convert many rows to Arrow, to save memory; not rows that `all_or_nothing` may remove."""
        columns = self._columns[table]
        if len(columns[0]) >= _COMPACT_ROWS and table not in _ARTIFACT_TABLES:
            self._compacted[table].append(BY_NAME[table].to_arrow(columns))
            for column in columns:
                column.clear()

    def of(self, table: str) -> list[dict[str, Any]]:
        """The rows of a table as dictionaries."""
        found = self.to_arrow().get(table)
        return found.to_pylist() if found is not None else []

    @contextmanager
    def all_or_nothing(self) -> Iterator[None]:
        """Remove the rows of an artifact that fails. Its content-addressed rows may stay."""
        before = {name: len(self._columns[name][0]) for name in _ARTIFACT_TABLES}
        try:
            yield
        except BaseException:
            for name, length in before.items():
                for column in self._columns[name]:
                    del column[length:]
            raise

    def is_new(self, content_id: str) -> bool:
        """Whether a content was not added before. From now on it counts as added."""
        if content_id in self.new_ids or content_id in self._stored:
            return False
        self.new_ids.add(content_id)
        return True

    def add_text(self, text: str | None) -> str | None:
        """Add a text. Returns its id; None for no text."""
        if not text:
            return None
        text_id = hash_text(text)
        if self.is_new(text_id):
            self.extend("texts", [text_id], [text])
        return text_id

    def add_texts(self, texts: Sequence[str | None]) -> list[str | None]:
        """Add texts, of which most are known already. Returns their ids; None for no text."""
        ids = [self._text_ids[text] if text else None for text in texts]
        new = set(filter(None, ids)).difference(self.new_ids, self._stored)
        if new:
            by_id = dict(zip(ids, texts, strict=True))
            self.new_ids |= new
            self.extend("texts", [*new], [by_id[text_id] for text_id in new])
        return ids

    def add_content(self, table: str, content: dict[str, Any]) -> str:
        """Add a content-addressed row. Returns its id."""
        key = BY_NAME[table].content_key
        assert key is not None
        content_id = hash_text(f"{table}:{json_text.encode(_without_nulls(content))}")
        if self.is_new(content_id):
            self.add(table, **{key: content_id}, **content)
        return content_id

    def add_set(self, member_ids: Iterable[str]) -> str:
        """Add a set of content ids. Returns the id of the set."""
        members = sorted(set(member_ids))
        set_id = hash_text("set:" + ",".join(members))
        if self.is_new(set_id):
            self.extend("set_members", [set_id] * len(members), members)
        return set_id

    def to_arrow(self) -> dict[str, pa.Table]:
        """The tables that have rows, by name."""
        tables = {}
        for name, columns in self._columns.items():
            parts = [*self._compacted[name], *([BY_NAME[name].to_arrow(columns)] if columns[0] else [])]
            if parts:
                tables[name] = pa.concat_tables(parts)
        return tables


def _without_nulls(content: dict[str, Any]) -> dict[str, Any]:
    """The content without NULLs. A column that a later release adds then changes no id of content without a value."""
    return {key: value for key, value in content.items() if value is not None}
