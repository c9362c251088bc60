"""What objects show of themselves at the end of a notebook's cell, and the views as attributes."""

from __future__ import annotations

import json
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path

import duckdb
import pytest
from testdata import SAMPLES

from artifact_warehouse import Warehouse, errors

pytestmark = pytest.mark.slow

NIGHT = SAMPLES / "environment=prod" / "job=nightly" / "2026-11-06_01_build"
ID = json.loads((NIGHT / "run_results.json").read_bytes())["metadata"]["invocation_id"]


def test_reports_say_in_short_what_they_have(sample_warehouse: Warehouse) -> None:
    diagnosis = sample_warehouse.diagnose(ID)
    first, *parts = repr(diagnosis).splitlines()
    assert first == f"Diagnosis: build of harbor_cafe, prod, nightly, {ID[:8]}, failed"
    assert parts[0].startswith(f"  {len(diagnosis.failures)} failures, with ")
    assert diagnosis.failures[0]["unique_id"] in parts[0]
    check = sample_warehouse.check(max_failing=0)
    assert repr(check).splitlines() == [
        "CheckReport: 1 of 2 checks failed",
        *(f"  FAILED {sentence}" for sentence in check.reasons),
        *(f"  ok     {f.sentence}" for f in check.findings if f.is_passed),
    ]
    lineage = repr(sample_warehouse.lineage("fct_orders"))
    assert "fct_orders depends on\n  1 step: model int_order_totals, model stg_orders\n" in lineage


def test_loads_and_prunes_say_in_short_what_they_did(tmp_path: Path) -> None:
    wh = Warehouse(tmp_path / "wh.duckdb")
    broken = tmp_path / "manifest.json"
    broken.write_text("{")
    report = wh.load([NIGHT, broken])
    loaded, quarantined = repr(report).splitlines()
    assert loaded == f"LoadReport: {report}"
    assert quarantined.startswith(f"  quarantined {broken}: ")
    pruned = wh.prune(datetime(2027, 1, 1))
    assert repr(pruned).startswith(f"PruneReport: would remove {sum(pruned.artifacts.values())} artifacts and ")


def test_reports_are_html_with_all_that_they_have(sample_warehouse: Warehouse) -> None:
    diagnosis = sample_warehouse.diagnose(ID)
    page = words_of(diagnosis)
    assert f"invocation {ID}" in page
    for rows in (diagnosis.failures, diagnosis.warnings, diagnosis.slow, diagnosis.critical_path):
        for row in rows:
            assert row["unique_id"] in page
    for row in diagnosis.failures:
        for line in filter(None, map(str.strip, (row["message"] or "").splitlines())):
            assert line in page
        assert (row["original_file_path"] or "") in page
    check = sample_warehouse.check(max_failing=0, rules="warn")
    page = words_of(check)
    for finding in check.findings:
        assert f"{'passed' if finding.is_passed else 'failed'}: {finding.without_names}" in page
        assert all(name.split(" ")[0] in page for name in finding.names)
    for lineage in (sample_warehouse.lineage("fct_orders"), sample_warehouse.column_lineage("fct_orders", "total_eur")):
        page = words_of(lineage)
        assert f"Lineage of {lineage.unique_id}" in page
        assert all(row["unique_id"] in page for row in lineage.rows.to_pylist())


def test_loads_and_prunes_are_html_with_what_was_not_stored(tmp_path: Path) -> None:
    wh = Warehouse(tmp_path / "wh.duckdb")
    broken = tmp_path / "<script>alert(1)</script>" / "manifest.json"
    broken.parent.mkdir(parents=True)
    broken.write_text("{")
    report = wh.load([NIGHT, broken])
    page = words_of(report)
    assert str(report) in page
    assert str(broken) in page and report.quarantined[0].reason in page
    pruned = wh.prune(datetime(2027, 1, 1))
    page = words_of(pruned)
    assert all(f"stored.{table.table}" in page for table in pruned.tables if table.pruned_rows)


def words_of(shown: object) -> str:
    """The words that a notebook shows, in one line. There is no script in it."""
    page = shown._repr_html_()  # type: ignore[attr-defined]
    texts: list[str] = []
    parser = HTMLParser()
    parser.handle_data = texts.append  # type: ignore[method-assign]
    parser.feed(page)
    assert "<script" not in page
    return " ".join("".join(texts).split())


def test_a_relation_is_read_while_the_warehouse_is_open(sample_warehouse: Warehouse) -> None:
    """DuckDB's relations end with their connection; the docstring says what to do instead."""
    with Warehouse(sample_warehouse.path, read_only=True) as wh:
        slow = wh.slow(limit=2)
        kept = wh.slow(limit=2).to_arrow_table()
    assert kept.num_rows == 2
    with pytest.raises(duckdb.ConnectionException, match="Connection has already been closed"):
        slow.fetchall()
    assert "Connection has already been closed" in (Warehouse.close.__doc__ or "")


def test_views_are_attributes(sample_warehouse: Warehouse) -> None:
    views = sample_warehouse.v1
    described = {row["name"].removeprefix("v1."): row for row in sample_warehouse.describe_views().to_pylist()}
    assert {name for name in dir(views) if not name.startswith("_")} == {*described}
    assert views.seeds.fetchall() == sample_warehouse.view("seeds").fetchall()
    node = "model.harbor_cafe.fct_orders"
    assert sorted(views.ancestors_of(node).fetchall()) == sorted(sample_warehouse.ancestors(node).fetchall())
    assert views.ancestors_of(node, across=True).fetchall()
    for name, row in described.items():
        assert (getattr(type(views), name).__doc__ or "").startswith(row["summary"])
        assert name in repr(views)
    assert not hasattr(views, "no_such_view")
    with pytest.raises(errors.UnknownView):
        _ = views.no_such_view
