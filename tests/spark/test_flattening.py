"""What a task of a load in Spark gives, without a Spark: chunks with the rows of the file's loader."""

from __future__ import annotations

import pickle
from collections import Counter

import pyarrow as pa
from testdata import SAMPLES

from artifact_warehouse import Warehouse
from artifact_warehouse.extract import expand
from artifact_warehouse.load import Policy
from artifact_warehouse.schema import TABLES
from artifact_warehouse.spark import loading
from artifact_warehouse.spark.chunks import opened, packed

FOLDER = SAMPLES / "environment=dev"


def rows(table: pa.Table) -> Counter[str]:
    return Counter(map(repr, table.select(sorted({*table.column_names} - {"loaded_at"})).to_pylist()))


def test_two_tasks_together_give_the_rows_of_a_file(warehouse: Warehouse) -> None:
    report = warehouse.load(FOLDER)
    files = expand([FOLDER])
    parts = [files[0::2], files[1::2]]
    flatten = loading._flatten(Policy(), frozenset())
    given = [
        pa.Table.from_batches(flatten(iter([pa.RecordBatch.from_pydict({"files": [pickle.dumps(numbered)]})])))
        for numbered in enumerate(parts)
    ]
    chunks = pa.concat_tables(given).to_pylist()
    outcomes = [(row["part"], pickle.loads(row["rows"])) for row in chunks if row["table"] == "outcomes"]
    winners, found = loading._without_repeated(outcomes)
    assert str(found) == str(report)
    for table in TABLES:
        kept = [
            row["rows"]
            for row in chunks
            if row["table"] == table.name and (table.content_key or winners[row["artifact_key"]] == row["part"])
        ]
        if kept:
            expected = rows(warehouse.sql(f"FROM stored.{table.name}").to_arrow_table())
            of_table = rows(opened(kept))
            assert (expected == of_table) if not table.content_key else (set(expected) == set(of_table)), table.name


def test_many_rows_become_several_chunks() -> None:
    table = pa.table({"text": ["x" * 1_000_000] * 20})
    chunks = [*packed(table)]
    assert 2 <= len(chunks) <= 4 and max(map(len, chunks)) < 12_000_000
    assert opened(chunks) == table
    assert [*packed(table.slice(0, 0))] == []
