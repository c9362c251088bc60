"""Parquet in which few bytes stand for gigabytes, or that its reader does not expect: quarantined, and cheap."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet
from testdata import SAMPLES

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


def written(columns: dict[str, Any] | None = None, **options: Any) -> Callable[[Path], None]:
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


def cut_off(path: Path) -> None:
    written()(path)
    path.write_bytes(path.read_bytes()[:-30])


HOSTILE: dict[str, Callable[[Path], None]] = {
    "one text in many rows": written({NAMES[0]: pa.array(["x" * 10_000] * 100_000)}),
    "one text in all columns": written({name: pa.array(["x" * 3_000] * 20_000) for name in NAMES}),
    "a page of zeros": written({NAMES[1]: pa.array(["x" * 150 * MB])}, compression="zstd", use_dictionary=False),
    "a dictionary of zeros": written({NAMES[1]: pa.array(["x" * 150 * MB])}, compression="zstd"),
    "lies about sizes": with_lies_about_sizes,
    "values that share their beginnings": written(
        {name: pa.array(["x" * length for length in range(10_000)]) for name in NAMES},
        use_dictionary=False,
        column_encoding="DELTA_BYTE_ARRAY",
    ),
    "many rows": written({NAMES[0]: pa.nulls(2_000_000, pa.string())}),
    "a name that is no text": with_a_name_that_is_no_text,
    "values that are no text": written({NAMES[2]: pa.array([b"\x80\xff"])}),
    "values that say they are text": written({NAMES[2]: pa.array([b"\x80\xff"]).view(pa.string())}),
    "lists": written({NAMES[3]: pa.array([["a"]])}),
    "numbers": written({NAMES[3]: pa.array([1])}),
    "a time that Python has not": written({"ingested_at": pa.array([2**62], pa.timestamp("us", tz="UTC"))}),
    "times that are numbers with a fraction": written({"ingested_at": pa.array([0.5])}),
    "cut off": cut_off,
    "nothing": lambda path: path.write_bytes(b""),
}


@pytest.mark.skipif(sys.platform == "win32", reason="measures memory as POSIX does")
def test_hostile_parquet_is_quarantined_and_costs_little(tmp_path: Path) -> None:
    for name, write in HOSTILE.items():
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
        **dict.fromkeys(HOSTILE, "quarantined"),
        "z good": "loaded",
    }
    assert not any("a fault of" in (reason or "") for _, reason in found.values())
    assert peak < MOST_BYTES
