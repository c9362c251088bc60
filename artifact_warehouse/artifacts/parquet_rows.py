"""Reads chosen columns of a Parquet file as rows. Limits apply, as a small file can unpack to gigabytes."""

from __future__ import annotations

from collections.abc import Container, Iterator
from typing import Any

from artifact_warehouse.artifacts import parquet_pages
from artifact_warehouse.errors import MalformedArtifact
from artifact_warehouse.limits import Limits

_BATCH_ROWS = 16_384


def column_names(data: bytes) -> set[str]:
    """The names of a file's columns, of nested ones the outermost. Raises ValueError."""
    return {column.name for column in parquet_pages.footer(data).columns}


def rows(
    data: bytes, uri: str, names: Container[str], limits: Limits, structs: Container[str] = ()
) -> Iterator[dict[str, Any]]:
    """The rows of a file without NULLs, of the columns `names`; those in `structs` may be structs of plain columns.

    Times are as `_plain` says. Texts are read as dictionaries, to know their size before it is allocated. Raises
    MalformedArtifact for an invalid file and for one beyond the limits.
    """
    import pyarrow as pa

    try:
        yield from _rows(data, uri, names, limits, structs)
    except (pa.ArrowException, OSError, ValueError, TypeError, OverflowError) as error:
        raise MalformedArtifact(uri, f"is not valid Parquet: {error}") from error


def _rows(
    data: bytes, uri: str, names: Container[str], limits: Limits, structs: Container[str]
) -> Iterator[dict[str, Any]]:
    import pyarrow as pa
    from pyarrow import parquet

    footer = parquet_pages.footer(data)
    chosen = {place: column for place, column in enumerate(footer.columns) if column.name in names}
    flat = [column.name for column in chosen.values() if column.name not in structs]
    if len({*flat}) != len(flat) or any(c.is_nested for c in chosen.values() if c.name not in structs):
        raise ValueError("a column is nested, or there twice")
    pages = [page for chunk in footer.chunks if chunk.column in chosen for page in parquet_pages.pages(data, chunk)]
    if len(pages) > limits.entries or sum(page.decoded_bytes for page in pages) > limits.artifact_bytes:
        raise MalformedArtifact(uri, "unpacks to too many bytes; if it is sound, raise --max-artifact-size")
    schema = parquet.ParquetFile(pa.BufferReader(data)).schema
    paths = {place: schema.column(place).path for place in chosen}
    if any(path.count(".") > 1 for place, path in paths.items() if chosen[place].name in structs):
        raise ValueError("a struct has a nested column")
    texts = [path for place, path in paths.items() if schema.column(place).physical_type == "BYTE_ARRAY"]
    file = parquet.ParquetFile(pa.BufferReader(data), read_dictionary=texts)
    size_bytes = row_count = 0
    for batch in file.iter_batches(_BATCH_ROWS, columns=[*paths.values()], use_threads=False):
        row_count += batch.num_rows
        size_bytes += sum(map(_text_bytes, batch.columns))
        if size_bytes > limits.artifact_bytes or row_count > limits.entries:
            raise MalformedArtifact(uri, "has too many rows or too long texts; if it is sound, raise the limits")
        columns = {name: _plain(column) for name, column in zip(batch.schema.names, batch.columns, strict=True)}
        for row in pa.table(columns).to_pylist():
            yield _without_nulls(row)


def _text_bytes(column: Any) -> int:
    """The bytes of the texts in a column, once the dictionary is expanded."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_struct(column.type):
        return sum(map(_text_bytes, column.flatten()))
    if not pa.types.is_dictionary(column.type):
        return 0
    return pc.sum(pc.binary_length(column.dictionary).take(column.indices)).as_py() or 0


def _plain(column: Any) -> Any:
    """A column as texts, numbers and booleans. A time is a text to the second; one in nanoseconds is their number."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_struct(column.type):
        names = [column.type.field(place).name for place in range(column.type.num_fields)]
        return pa.StructArray.from_arrays([*map(_plain, column.flatten())], names)
    if pa.types.is_dictionary(column.type):
        return column.cast(pa.string())
    if pa.types.is_timestamp(column.type):
        if column.type.unit == "ns":
            return column.cast(pa.int64())
        return pc.strftime(column.cast(pa.timestamp("us")), "%Y-%m-%dT%H:%M:%SZ")
    return column


def _without_nulls(row: dict[str, Any]) -> dict[str, Any]:
    return {
        name: _without_nulls(value) if isinstance(value, dict) else value
        for name, value in row.items()
        if value is not None
    }
