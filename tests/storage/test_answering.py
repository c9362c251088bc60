"""What other engines ask of DuckDB: the answers of views over rows that they pass in, and the ledger after a load."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pyarrow as pa
import pytest
from testdata import SAMPLES

from artifact_warehouse import Warehouse
from artifact_warehouse.storage import LEDGER, answers, deployed_files, ledger_after, tables_read

pytestmark = pytest.mark.slow

NOT_PORTABLE = [file.full_name for file in deployed_files() if file.kind == "view" and not file.is_portable]


def counted(table: pa.Table) -> Counter[str]:
    return Counter(map(repr, table.select(sorted({*table.column_names} - {"loaded_at"})).to_pylist()))


def stored(wh: Warehouse, names: frozenset[str] | tuple[str, ...]) -> dict[str, pa.Table]:
    return {name: wh.sql(f"FROM stored.{name}").to_arrow_table() for name in names}


def test_views_answer_in_memory_as_in_the_file(sample_warehouse: Warehouse) -> None:
    views = ["internal.current_runs", "v1.skips", "v1.test_recoveries", "v1.artifacts", "internal.defined_nodes"]
    found = answers(stored(sample_warehouse, tables_read(views)), views)
    for view, table in found.items():
        assert table.num_rows
        assert counted(table) == counted(sample_warehouse.sql(f"FROM {view}").to_arrow_table()), view


def test_views_of_no_rows_have_their_columns() -> None:
    found = answers({}, NOT_PORTABLE)
    assert {name for name, table in found.items() if table.num_rows} == set()
    assert found["v1.skips"].column_names[:3] == ["invocation_id", "command", "unique_id"]


@pytest.mark.release
def test_the_ledger_after_a_load_is_that_of_a_file(sample_warehouse: Warehouse, tmp_path: Path) -> None:
    with Warehouse(tmp_path / "half.duckdb") as half:
        half.load(SAMPLES / "environment=dev")
        before = stored(half, LEDGER)
        [others] = half.sql("SELECT list(artifact_key) FROM stored.artifacts").fetchall()
    all_rows = stored(sample_warehouse, (*LEDGER, "node_executions", "source_freshness"))
    new = sample_warehouse.sql("FROM stored.artifacts WHERE NOT list_contains($1, artifact_key)", [others[0]])
    rows = before | {name: all_rows[name] for name in ("node_executions", "source_freshness")}
    found = ledger_after(rows, {"artifacts": new.to_arrow_table()}, all_rows["artifact_uris"])
    for name in LEDGER:
        assert counted(found[name]) == counted(all_rows[name]), name
