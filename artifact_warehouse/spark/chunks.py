"""Chunks: rows of many tables in one Spark DataFrame, each chunk some rows of one table as a stream of Arrow's IPC."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pyarrow as pa
import pyarrow.compute as pc

CHUNK_BYTES = 8 * 1024 * 1024
"""More rows become several chunks: a value in Spark has at most 2 GB, and is copied as a whole."""


def packed(table: pa.Table) -> Iterator[bytes]:
    """The rows of a table as streams of about CHUNK_BYTES. A table without rows has none."""
    step = max(1, int(table.num_rows * CHUNK_BYTES / max(table.nbytes, 1)))
    for start in range(0, table.num_rows, step):
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, table.schema) as stream:
            stream.write_table(table.slice(start, step))
        yield sink.getvalue().to_pybytes()


def opened(chunks: Iterable[bytes]) -> pa.Table:
    """The rows of one or more chunks of one table."""
    return pa.concat_tables(pa.ipc.open_stream(chunk).read_all() for chunk in chunks)


def by_value(batch: pa.RecordBatch, column: str) -> Iterator[tuple[str, pa.Table]]:
    """The rows of a batch for each value of a column, without that column."""
    table = pa.Table.from_batches([batch])
    for value in pc.unique(table[column]).to_pylist():
        yield value, table.filter(pc.equal(table[column], value)).drop_columns([column])
