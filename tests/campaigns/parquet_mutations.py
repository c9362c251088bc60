"""Mutants of column lineage in Parquet: written in many ways, then changed in their footers, page headers and pages."""

from __future__ import annotations

import io
from random import Random
from typing import Any

import pyarrow as pa
from pyarrow import parquet

NAMES = ("from_node_unique_id", "from_column_name", "to_node_unique_id", "to_column_name", "lineage_kind")
ENCODINGS = ("PLAIN", "DELTA_LENGTH_BYTE_ARRAY", "DELTA_BYTE_ARRAY")
COMPRESSIONS = ("none", "snappy", "gzip", "zstd", "lz4", "brotli")
NAME = "dbt.column_lineage.parquet"


def texts(rng: Random, count: int) -> pa.Array:
    some = [f"model.shop.{'x' * rng.randrange(40)}{number}" for number in range(max(1, count // 4))]
    return pa.array([rng.choice(some) if rng.random() < 0.95 else None for _ in range(count)], pa.string())


def table(rng: Random) -> pa.Table:
    count = rng.choice((0, 1, 7, 200, 2000))
    columns: dict[str, Any] = {name: texts(rng, count) for name in NAMES}
    if rng.random() < 0.7:
        times = pa.array([rng.randrange(2**50) for _ in range(count)], pa.int64())
        columns["ingested_at"] = times.cast(pa.timestamp("us", tz="UTC"))
    if rng.random() < 0.2:
        columns[rng.choice((*NAMES, "other"))] = rng.choice(
            (
                pa.array([[1]] * count, pa.list_(pa.int64())),
                pa.array([1.5] * count),
                pa.array([{"a": 1}] * count, pa.struct([("a", pa.int64())])),
                pa.array([b"\xff\x00"] * count, pa.binary()),
                pa.nulls(count, pa.string()),
            )
        )
    return pa.table(columns)


def sound(rng: Random) -> bytes:
    """A file that no mutation has touched."""
    stream = io.BytesIO()
    made = table(rng)
    has_dictionary = rng.random() < 0.5
    encodings = {name: rng.choice(ENCODINGS) for name in NAMES if made.schema.field(name).type == pa.string()}
    options: dict[str, Any] = {} if has_dictionary else {"column_encoding": encodings}
    parquet.write_table(
        made,
        stream,
        compression=rng.choice(COMPRESSIONS),
        use_dictionary=has_dictionary,
        data_page_version=rng.choice(("1.0", "2.0")),
        data_page_size=rng.choice((256, 8192, 2**20)),
        row_group_size=rng.choice((50, 1000, 100_000)),
        write_page_checksum=rng.random() < 0.2,
        write_statistics=rng.random() < 0.5,
        store_schema=rng.random() < 0.5,
        **options,
    )
    return stream.getvalue()


def footer_of(data: bytes) -> int:
    """Where the footer begins."""
    return max(4, len(data) - 8 - int.from_bytes(data[-8:-4], "little")) if len(data) > 12 else 0


def with_another_varint(data: bytes, start: int, end: int, rng: Random) -> bytes:
    """One number as Thrift writes it becomes another of the same length, a large one often."""
    places = [at for at in range(start, end) if data[at] > 127] or [start]
    at = rng.choice(places)
    length = 1
    while at + length < end and data[at + length - 1] > 127 and length < 10:
        length += 1
    top = rng.choice((0, 1, 64, 127))
    number = [rng.choice((255, 128, 128 | rng.randrange(128))) for _ in range(length - 1)]
    return data[:at] + bytes([*number, top]) + data[at + length :]


def with_longer_varint(data: bytes, rng: Random) -> bytes:
    """A byte of the footer becomes a number of many bytes, and the footer's length follows."""
    start = footer_of(data)
    at = rng.randrange(start, max(start + 1, len(data) - 8))
    number = rng.choice(
        (b"\xff\xff\xff\xff\x0f", b"\xfe\xff\xff\xff\x0f", b"\xff" * 9 + b"\x01", b"\x80\x80\x80\x80\x04")
    )
    footer = data[start:at] + number + data[at + 1 : -8]
    return data[:start] + footer + len(footer).to_bytes(4, "little") + data[-4:]


def mutant(rng: Random) -> tuple[str, bytes]:
    """The name and the bytes of a mutant."""
    data = sound(rng)
    for _ in range(rng.choice((1, 1, 2, 4))):
        data = _changed(data, rng)
    return NAME, data


def _changed(data: bytes, rng: Random) -> bytes:
    if len(data) < 16:
        return data
    footer = footer_of(data)
    match rng.randrange(9):
        case 0 | 1:
            return with_another_varint(data, footer, len(data) - 8, rng)
        case 2:
            return with_another_varint(data, 4, min(footer, 4 + 200) or 8, rng)
        case 3:
            return with_longer_varint(data, rng)
        case 4 | 5:
            start, end = rng.choice(((footer, len(data) - 8), (4, max(5, footer)), (0, len(data))))
            flipped = bytearray(data)
            for _ in range(rng.choice((1, 1, 2, 8))):
                flipped[rng.randrange(start, max(start + 1, end))] = rng.choice((0, 255, 127, 128, rng.randrange(256)))
            return bytes(flipped)
        case 6:
            at = rng.randrange(4, len(data))
            return data[:at] + data[at + rng.choice((1, 8, 100)) :]
        case 7:
            at = rng.randrange(4, max(5, footer))
            return data[:at] + data[at : at + rng.choice((1, 8, 100))] + data[at:]
        case _:
            return (
                data[: rng.randrange(len(data))]
                if rng.random() < 0.3
                else data[:-8] + bytes(rng.randrange(256) for _ in range(4)) + data[-4:]
            )
