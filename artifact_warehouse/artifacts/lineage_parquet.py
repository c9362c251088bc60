"""Reads the column lineage that dbt 2.0 writes as Parquet. Limits apply, as a small file can unpack to gigabytes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from artifact_warehouse.artifacts import parquet_pages
from artifact_warehouse.artifacts.parquet_pages import Footer
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
_FIRST_TIME, _LAST_TIME = -62_135_596_800_000_000, 253_402_300_799_999_999
"""The years 1 to 9999, in microseconds since 1970."""

_BATCH_ROWS = 131_072
"""Arrow copies the whole dictionary into each batch."""


def read(data: bytes, uri: str, limits: Limits) -> pa.Table:
    """The edges, with the columns LINEAGE_COLUMNS.

    Raises NotAnArtifact for another Parquet file, and MalformedArtifact for an invalid one or one beyond the limits.
    """
    import pyarrow as pa
    from pyarrow import parquet

    try:
        footer = parquet_pages.footer(data)
        names = _names(footer)
        if names is None:
            raise NotAnArtifact(uri, "is Parquet, but not dbt's column lineage")
        if reason := _too_large(data, footer, names, limits):
            raise MalformedArtifact(uri, f"{reason}; if you trust it, raise --max-entries or --max-artifact-size")
        file = parquet.ParquetFile(pa.BufferReader(data), read_dictionary=[*filter(None, names[:-1])])
        schema = pa.schema([(name, _type(name)) for name in LINEAGE_COLUMNS])
        return pa.concat_tables([schema.empty_table(), *_batches(uri, file, names, limits)])
    except (pa.ArrowException, OSError, ValueError, TypeError, OverflowError) as error:
        raise MalformedArtifact(uri, f"is not valid Parquet: {error}") from error


def _names(footer: Footer) -> list[str | None] | None:
    """The names of LINEAGE_COLUMNS in this file, None for a column that it lacks. None for a file of another kind.

    Raises ValueError for columns that are nested or repeated.
    """
    found = [column.name for column in footer.columns]
    spelling = next((names for names in _SPELLINGS if {*names[:4]} <= {*found}), None)
    if spelling is None:
        return None
    names = [name if name in found else None for name in spelling]
    nested = {column.name for column in footer.columns if column.is_nested}
    if unclear := [name for name in names if name and (name in nested or found.count(name) != 1)]:
        raise ValueError(f"column {unclear[0]} is nested or repeated")
    return names


def _too_large(data: bytes, footer: Footer, names: list[str | None], limits: Limits) -> str | None:
    """Why a file is too large; None if it is not. Counts its pages, as its footer may be false. Raises ValueError."""
    size_bytes = page_count = 0
    row_counts = dict.fromkeys(range(len(footer.columns)), 0)
    for chunk in footer.chunks:
        column = footer.columns[chunk.column]
        if column.name not in names:
            continue
        type_ = parquet_pages.PHYSICAL_TYPES.get(column.physical_type)
        if type_ not in (("BYTE_ARRAY", *_NUMBERS) if column.name == names[-1] else ("BYTE_ARRAY",)):
            raise ValueError(f"column {column.name} is of another type")
        pages = parquet_pages.pages(data, chunk)
        size_bytes += sum(page.decoded_bytes for page in pages)
        row_counts[chunk.column] += sum(page.value_count for page in pages if not page.is_dictionary)
        page_count += len(pages)
        if row_counts[chunk.column] > limits.entries:
            return f"has {row_counts[chunk.column]:,} rows"
        if size_bytes > limits.artifact_bytes or page_count > limits.entries:
            return f"unpacks to {size_bytes:,} bytes or more, in {page_count:,} pages"
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
                f"holds more than {limits.artifact_bytes:,} bytes of text; if you trust it, raise --max-artifact-size"
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
        else:  # cast through bytes, because Arrow does not check that texts of Parquet are UTF-8
            columns[name] = batch.column(found).cast(pa.binary()).cast(_type(name))
    return pa.table(columns)


def _clock(times: pa.Array) -> pa.Array:
    """The times, all within the range of Python's datetime. Raises ValueError."""
    import pyarrow as pa
    import pyarrow.compute as pc

    times = times.cast(_type("ingested_at"))
    found = pc.min_max(times.cast(pa.int64())).as_py()  # not their years, which have 16 bits in pyarrow
    if found["min"] is not None and not _FIRST_TIME <= found["min"] <= found["max"] <= _LAST_TIME:
        raise ValueError("a time that is not in the years 1 to 9999")
    return times


def _type(name: str) -> pa.DataType:
    import pyarrow as pa

    return pa.timestamp("us", tz="UTC") if name == "ingested_at" else pa.string()
