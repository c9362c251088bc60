"""Reads the column lineage that dbt 2.0 writes as Parquet. Limits apply, as a small file can unpack to gigabytes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from artifact_warehouse.artifacts import parquet_pages
from artifact_warehouse.errors import MalformedArtifact, NotAnArtifact
from artifact_warehouse.limits import Limits

if TYPE_CHECKING:
    import pyarrow as pa
    from pyarrow import parquet

LINEAGE_COLUMNS = ("from_unique_id", "from_column", "to_unique_id", "to_column", "lineage_kind", "ingested_at")
"""The columns of dbt 2.0's column lineage, by the names that stored.dbt_column_edges uses."""

_SPELLINGS = (
    ("from_node_unique_id", "from_column_name", "to_node_unique_id", "to_column_name", "lineage_kind", "ingested_at"),
    ("parent_node_unique_id", "parent_column_name", "child_node_unique_id", "child_column_name", "evolution", None),
)
"""The names of these columns in the two files that dbt 2.0 writes: the index, and the information schema."""

_NUMBERS = ("INT64", "INT96")
_BATCH_ROWS = 131_072
"""Arrow copies the whole dictionary into each batch."""


def read(data: bytes, uri: str, limits: Limits) -> pa.Table:
    """The edges, with the columns LINEAGE_COLUMNS.

    Raises NotAnArtifact for other Parquet, MalformedArtifact for what is no sound Parquet, or larger than the limits.
    """
    import pyarrow as pa
    from pyarrow import parquet

    try:
        file = parquet.ParquetFile(pa.BufferReader(data))
        names = _names(file)
        if names is None:
            raise NotAnArtifact(uri, "is Parquet, but no column lineage of dbt's")
        if nested := {*filter(None, names)} - {file.schema.column(place).path for place in range(len(file.schema))}:
            raise ValueError(f"column {min(nested)} is nested")
        file = parquet.ParquetFile(pa.BufferReader(data), read_dictionary=[*filter(None, names[:-1])])
        if reason := _too_large(data, file, names, limits):
            raise MalformedArtifact(uri, f"{reason}; if it is sound, raise --max-entries or --max-artifact-size")
        schema = pa.schema([(name, _type(name)) for name in LINEAGE_COLUMNS])
        return pa.concat_tables([schema.empty_table(), *_batches(uri, file, names, limits)])
    except (pa.ArrowException, OSError, ValueError, TypeError, OverflowError) as error:
        raise MalformedArtifact(uri, f"is no sound Parquet: {error}") from error


def _names(file: parquet.ParquetFile) -> list[str | None] | None:
    """The columns' names in this file, None for a missing one. None alone where the file is no column lineage."""
    found = set(file.schema_arrow.names)
    spelling = next((names for names in _SPELLINGS if {*names[:4]} <= found), None)
    return [name if name in found else None for name in spelling] if spelling else None


def _too_large(data: bytes, file: parquet.ParquetFile, names: list[str | None], limits: Limits) -> str | None:
    """Why a file exceeds the limits, else None. Pages are measured, as the footer may lie. Raises ValueError."""
    metadata = file.metadata
    if metadata.num_rows > limits.entries:
        return f"has {metadata.num_rows:,} rows"
    size_bytes = 0
    for group in range(metadata.num_row_groups):
        for place in range(metadata.num_columns):
            column = metadata.row_group(group).column(place)
            if column.path_in_schema not in names:
                continue
            has_text = names.index(column.path_in_schema) < len(LINEAGE_COLUMNS) - 1
            if column.physical_type != "BYTE_ARRAY" and (has_text or column.physical_type not in _NUMBERS):
                raise ValueError(f"column {column.path_in_schema} is of type {column.physical_type}")
            start = column.dictionary_page_offset or column.data_page_offset
            found = parquet_pages.pages(data, start, start + column.total_compressed_size)
            size_bytes += sum(page.decoded_bytes for page in found)
            if size_bytes > limits.artifact_bytes:
                return f"unpacks to {size_bytes:,} bytes or more"
    return None


def _batches(uri: str, file: parquet.ParquetFile, names: list[str | None], limits: Limits) -> Iterator[pa.Table]:
    """All rows. Texts are read as dictionaries, so their full size is known before they are expanded."""
    import pyarrow as pa
    import pyarrow.compute as pc

    size_bytes = 0
    for batch in file.iter_batches(_BATCH_ROWS, columns=[name for name in names if name], use_threads=False):
        for column in batch.columns:
            if pa.types.is_dictionary(column.type):
                lengths = pc.binary_length(column.dictionary).take(column.indices)
                size_bytes += pc.sum(lengths).as_py() or 0
        if size_bytes > limits.artifact_bytes:
            reason = (
                f"holds more than {limits.artifact_bytes:,} bytes of text; if it is sound, raise --max-artifact-size"
            )
            raise MalformedArtifact(uri, reason)
        yield _table(batch, names)


def _table(batch: pa.RecordBatch, names: list[str | None]) -> pa.Table:
    """The batch with the names and types of LINEAGE_COLUMNS."""
    import pyarrow as pa

    columns: dict[str, Any] = {}
    for name, found in zip(LINEAGE_COLUMNS, names, strict=True):
        if not found:
            columns[name] = pa.nulls(batch.num_rows, _type(name))
        elif name == "ingested_at":
            columns[name] = _clock(batch.column(found))
        else:  # by way of bytes, because Arrow does not check that texts of Parquet are UTF-8
            columns[name] = batch.column(found).cast(pa.binary()).cast(_type(name))
    return pa.table(columns)


def _clock(times: pa.Array) -> pa.Array:
    """The times, all within the range of Python's datetime. Raises ValueError."""
    import pyarrow.compute as pc

    times = times.cast(_type("ingested_at"))
    years = pc.min_max(pc.year(times)).as_py()
    if years["min"] is not None and not 1 <= years["min"] <= years["max"] <= 9999:
        raise ValueError(f"a time in the year {years['min']} or {years['max']}")
    return times


def _type(name: str) -> pa.DataType:
    import pyarrow as pa

    return pa.timestamp("us", tz="UTC") if name == "ingested_at" else pa.string()
