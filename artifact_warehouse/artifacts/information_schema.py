"""Reads the runs in dbt 2's information schema, and in the index of its previews, which are Parquet files.

One file has several invocations. Each becomes an artifact of its own, once for each of the two files that tell of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from artifact_warehouse.artifacts import json_text, parquet_pages
from artifact_warehouse.errors import MalformedArtifact
from artifact_warehouse.limits import Limits

INFORMATION_SCHEMA = "information_schema/v1"
"""`metadata.artifact_warehouse_schema` of an invocation in the information schema."""

INVOCATIONS = (
    *("invocation_id", "command", "selector", "dbt_version", "generated_at", "elapsed_time", "args", "target_name"),
    *("target_threads", "vars_override", "git_sha", "git_branch"),
)
RESULTS = (
    *("invocation_id", "unique_id", "status", "execution_time", "thread_id", "message", "failures", "relation_name"),
    *("adapter_response", "timing", "batch_results", "rows_affected", "created_at"),
)
_NEEDED = {
    "invocations": {"invocation_id", "command", "generated_at"},
    "results": {"invocation_id", "unique_id", "status"},
}
_COLUMNS = {"invocations": INVOCATIONS, "results": RESULTS}
_BATCH_ROWS = 16_384
_BYTE_ARRAY = 6
"""The type of texts: see parquet_pages.PHYSICAL_TYPES."""


def table_of(data: bytes) -> str | None:
    """Which table of runs a Parquet file has; None for another file. Raises ValueError."""
    names = {column.name for column in parquet_pages.footer(data).columns}
    return next((table for table, needed in _NEEDED.items() if needed <= names), None)


def documents(data: bytes, uri: str, limits: Limits) -> Iterator[tuple[str, bytes]]:
    """The invocations in a file: the id and the document of each, equal for equal rows. Raises MalformedArtifact."""
    import pyarrow as pa

    try:
        table = table_of(data)
        assert table is not None
        by_id: dict[str, list[dict[str, Any]]] = {}
        for row in _rows(data, uri, _COLUMNS[table], limits):
            if isinstance(row.get("invocation_id"), str):
                by_id.setdefault(row["invocation_id"], []).append(row)
    except (pa.ArrowException, OSError, ValueError, TypeError, OverflowError) as error:
        raise MalformedArtifact(uri, f"is not valid Parquet: {error}") from error
    for invocation_id, rows in by_id.items():
        metadata = {"artifact_warehouse_schema": INFORMATION_SCHEMA, "invocation_id": invocation_id}
        rows.sort(key=json_text.encode)
        yield invocation_id, json_text.encode({"metadata": metadata, table: rows}).encode()


def _rows(data: bytes, uri: str, names: tuple[str, ...], limits: Limits) -> Iterator[dict[str, Any]]:
    """The rows of a file, without NULLs. Texts are read as dictionaries, to know their size before it is allocated."""
    import pyarrow as pa
    import pyarrow.compute as pc
    from pyarrow import parquet

    footer = parquet_pages.footer(data)
    chosen = {place: column.name for place, column in enumerate(footer.columns) if column.name in names}
    if len({*chosen.values()}) != len(chosen) or any(footer.columns[place].is_nested for place in chosen):
        raise ValueError("a column is nested, or there twice")
    pages = [page for chunk in footer.chunks if chunk.offset in chosen for page in parquet_pages.pages(data, chunk)]
    if len(pages) > limits.entries or sum(page.decoded_bytes for page in pages) > limits.artifact_bytes:
        raise MalformedArtifact(uri, "unpacks to too many bytes; if it is sound, raise --max-artifact-size")
    texts = [name for place, name in chosen.items() if footer.columns[place].physical_type == _BYTE_ARRAY]
    file = parquet.ParquetFile(pa.BufferReader(data), read_dictionary=texts)
    size_bytes = row_count = 0
    for batch in file.iter_batches(_BATCH_ROWS, columns=[*chosen.values()], use_threads=False):
        row_count += batch.num_rows
        for column in batch.columns:
            if pa.types.is_dictionary(column.type):
                lengths = pc.binary_length(column.dictionary).take(column.indices)
                size_bytes += pc.sum(lengths).as_py() or 0
        if size_bytes > limits.artifact_bytes or row_count > limits.entries:
            raise MalformedArtifact(uri, "has too many rows or too long texts; if it is sound, raise the limits")
        columns = {name: _plain(column) for name, column in zip(batch.schema.names, batch.columns, strict=True)}
        for row in pa.table(columns).to_pylist():
            yield {name: value for name, value in row.items() if value is not None}


def _plain(column: Any) -> Any:
    """A column as texts, numbers and booleans; times as texts."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_dictionary(column.type):
        return column.cast(pa.string())
    if pa.types.is_timestamp(column.type):
        return pc.strftime(column.cast(pa.timestamp("us")), "%Y-%m-%dT%H:%M:%SZ")
    return column
