"""Parquet in which few bytes stand for gigabytes, or that its reader does not expect: quarantined, and cheap."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet
from testdata import SAMPLES, release_only

pytestmark = pytest.mark.slow

NAMES = ("from_node_unique_id", "from_column_name", "to_node_unique_id", "to_column_name", "lineage_kind")
RUN = SAMPLES / "environment=prod" / "job=nightly" / "2026-11-05_01_build" / "run_results.json"
MB = 1024 * 1024

LOAD = """
import json, resource, sys
from artifact_warehouse import Warehouse
from artifact_warehouse.limits import Limits
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
wh = Warehouse(sys.argv[1])
wh.load(sys.argv[2])
before = peak()
report = wh.load(sys.argv[3], limits=Limits(artifact_bytes=16 * 1024 * 1024))
print(json.dumps([peak() - before, [(o.uri, o.status, o.reason) for o in report.outcomes]]))
"""
MOST_BYTES = 120 * MB

Writer = Callable[[Path], object]


def written(columns: dict[str, Any] | None = None, **options: Any) -> Writer:
    """Writes a column lineage of one edge, with some columns replaced."""

    def write(path: Path) -> None:
        count = next((len(values) for values in (columns or {}).values()), 1)
        whole = {name: pa.array(["model.a.b"] * count) for name in NAMES} | (columns or {})
        parquet.write_table(pa.table(whole), path, **options)

    return write


def with_lies_about_sizes(path: Path) -> None:
    """A page of 150 MB, and a footer that says that it is small."""
    written({NAMES[0]: pa.array(["x" * 150 * MB])}, compression="zstd", use_dictionary=False)(path)
    data = path.read_bytes()
    size = parquet.ParquetFile(path).metadata.row_group(0).column(0).total_uncompressed_size
    footer = len(data) - 8 - int.from_bytes(data[-8:-4], "little")
    changed = data[footer:].replace(varint(2 * size), varint(2 * 100, len(varint(2 * size))))
    assert len(changed) == len(data) - footer and changed != data[footer:]
    path.write_bytes(data[:footer] + changed)


def varint(value: int, length: int = 0) -> bytes:
    found = bytearray()
    while value > 127 or len(found) + 1 < length:
        found.append(value & 127 | 128)
        value >>= 7
    return bytes([*found, value])


def with_a_name_that_is_no_text(path: Path) -> None:
    written()(path)
    path.write_bytes(path.read_bytes().replace(b"lineage_kind", b"\x80ineage_kind"))


def footer_replaced(made: Writer, old: bytes, new: bytes, skipped: int = 0) -> Writer:
    """Writes a file whose footer has other bytes of the same length, after the first `skipped` of them."""

    def write(path: Path) -> None:
        made(path)
        data = path.read_bytes()
        place = len(data) - 8 - int.from_bytes(data[-8:-4], "little")
        for _ in range(skipped):
            place = data.index(old, place) + len(old)
        assert old in data[place:] and len(old) == len(new)
        path.write_bytes(data[:place] + data[place:].replace(old, new))

    return write


OPTIONAL, REQUIRED = b"\x25\x02", b"\x25\x00"


def with_a_large_footer(path: Path) -> None:
    """A footer of 8 MB with a million columns: pyarrow makes 1.3 GB of it."""
    leaves = [NAMES[number] if number < len(NAMES) else "a" for number in range(990_000)]
    schema = b"".join(b"\x15\x0c\x25\x02\x18" + varint(len(leaf)) + leaf.encode() + b"\x00" for leaf in leaves)
    root = b"\x48\x01r\x15" + varint(2 * len(leaves)) + b"\x00"
    footer = b"\x15\x04\x19\xfc" + varint(len(leaves) + 1) + root + schema + b"\x16\x00\x19\x0c\x00"
    path.write_bytes(b"PAR1" + footer + len(footer).to_bytes(4, "little") + b"PAR1")


def cut_off(path: Path) -> None:
    written()(path)
    path.write_bytes(path.read_bytes()[:-30])


TIMES = {
    "a time that Python has not": pa.array([2**62], pa.timestamp("us", tz="UTC")),
    "a time of the year -64218": pa.array([-(2**60 * 9 // 5)], pa.timestamp("us", tz="UTC")),
    "times that are numbers with a fraction": pa.array([0.5]),
}


def bombs() -> Iterator[tuple[str, Writer]]:
    """Names, and what writes each file. A file's values are made, and freed, as it is its turn: some have 150 MB."""
    zeros = {NAMES[1]: pa.array(["x" * 150 * MB])}
    page_of_zeros, length = written(zeros, compression="zstd", use_dictionary=False), len(NAMES[1])
    yield "a page of zeros", page_of_zeros
    other_name = footer_replaced(page_of_zeros, NAMES[1].encode(), b"x" * length, 1)
    yield "a page of zeros under another name", other_name
    yield "a dictionary of zeros", written(zeros, compression="zstd")
    del zeros, page_of_zeros, other_name
    yield "one text in many rows", written({NAMES[0]: pa.array(["x" * 10_000] * 100_000)})
    yield "one text in all columns", written({name: pa.array(["x" * 3_000] * 20_000) for name in NAMES})
    yield "lies about sizes", with_lies_about_sizes
    beginnings = {name: pa.array(["x" * length for length in range(10_000)]) for name in NAMES}
    delta = {"use_dictionary": False, "column_encoding": "DELTA_BYTE_ARRAY"}
    yield "values that share their beginnings", written(beginnings, **delta)
    del beginnings
    yield "many rows", written({NAMES[0]: pa.nulls(2_000_000, pa.string())})
    many_rows = written({name: pa.nulls(2_000_000, pa.string()) for name in NAMES}, row_group_size=10_000_000)
    count = varint(2 * 2_000_000)
    yield "many rows in one row", footer_replaced(many_rows, count, varint(2, len(count)))


def oddities() -> Iterator[tuple[str, Writer]]:
    """Names, and what writes each file."""
    yield "statistics that do not suit the schema", footer_replaced(written(), OPTIONAL, REQUIRED)
    yield "a large footer", with_a_large_footer
    yield "a name that is no text", with_a_name_that_is_no_text
    yield "values that are no text", written({NAMES[2]: pa.array([b"\x80\xff"])})
    yield "values that say they are text", written({NAMES[2]: pa.array([b"\x80\xff"]).view(pa.string())})
    yield "lists", written({NAMES[3]: pa.array([["a"]])})
    yield "numbers", written({NAMES[3]: pa.array([1])})
    for name, times in TIMES.items():
        yield name, written({"ingested_at": times})
    yield "cut off", cut_off
    yield "nothing", lambda path: path.write_bytes(b"")


@pytest.mark.skipif(sys.platform == "win32", reason="measures memory as POSIX does")
@pytest.mark.parametrize("hostile_files", [oddities, *release_only(bombs)])
def test_hostile_parquet_is_quarantined_and_costs_little(
    tmp_path: Path, hostile_files: Callable[[], Iterator[tuple[str, Writer]]]
) -> None:
    names = []
    for name, write in hostile_files():
        names.append(name)
        folder = tmp_path / "in" / name
        folder.mkdir(parents=True)
        write(folder / "dbt.column_lineage.parquet")
    good = tmp_path / "in" / "z good"
    good.mkdir()
    written()(good / "dbt.column_lineage.parquet")
    call = [sys.executable, "-c", LOAD, tmp_path / "wh.duckdb", RUN, tmp_path / "in"]
    done = subprocess.run([*map(str, call)], capture_output=True, text=True, timeout=600, check=True)
    peak, outcomes = json.loads(done.stdout)
    found = {Path(uri).parent.name: (status, reason) for uri, status, reason in outcomes}
    assert {name: status for name, (status, _) in found.items()} == {
        **dict.fromkeys(names, "quarantined"),
        "z good": "loaded",
    }
    assert not any("a fault of" in (reason or "") for _, reason in found.values())
    assert peak < MOST_BYTES
