"""What objects show of themselves at the end of a notebook's cell, and the views as attributes."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest
from testdata import SAMPLES

from artifact_warehouse import Warehouse, errors

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
