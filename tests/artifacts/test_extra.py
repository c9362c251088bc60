"""Every value of an artifact that has no column is reachable in a view: rule 10, docs/rules.md."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from builders import artifact, manifest, write
from testdata import Loaded, of_samples_daily, release_only

from artifact_warehouse import Warehouse

pytestmark = pytest.mark.slow

Json = dict[str, Any]
ODD = {"odd": [1, {"deep": "value"}]}
"""A field that no schema has."""

RUN = {"dbt_version": "1.12.0", "generated_at": "2026-10-01T06:00:00Z", "invocation_id": "i1", "project_name": "shop"}


@pytest.fixture
def extra(tmp_path: Path, warehouse: Warehouse) -> Callable[..., list[Any]]:
    """Loads an artifact, and gives a column of JSON of a view."""

    def extra(kind: str, content: Json, query: str) -> list[Any]:
        write(tmp_path / "target", kind, content)
        report = warehouse.load(tmp_path / "target")
        assert len(report.loaded) == 1, report.outcomes
        return [text and json.loads(text) for (text,) in warehouse.sql(query).fetchall()]

    return extra


def result(**more: Any) -> Json:
    steps = [{"name": name, "started_at": "2026-10-01T05:59:00Z"} for name in ("compile", "execute")]
    return {"unique_id": "model.shop.orders", "status": "success", "timing": steps, "execution_time": 1.0, **more}


@pytest.mark.parametrize(
    "more, expected",
    [
        (ODD, ODD),
        ({"overload_results": {"failed": []}}, {"overload_results": {"failed": []}}),
        ({"adapter_response": "SELECT 1"}, {"adapter_response": "SELECT 1"}),
        ({"failures": "Test failure"}, {"failures": "Test failure"}),
        ({"execution_time": "long"}, {"execution_time": "long"}),
        ({"static_analysis_off_reason": "unsafe"}, {"static_analysis_off_reason": "unsafe"}),
        ({"timing": [{"name": "compile", **ODD}]}, {"timing": [{"name": "compile", **ODD}]}),
        ({"timing": "none"}, {"timing": "none"}),
        ({"batch_results": {"failed": [], "reused": [1]}}, {"batch_results": {"failed": [], "reused": [1]}}),
        ({"batch_results": {"failed": [["a"]]}}, {"batch_results": {"failed": [["a"]]}}),
        ({"batch_results": {"failed": [], "successful": []}}, None),
        ({"overload_results": None, "adapter_response": {}}, None),
    ],
)
def test_what_fits_no_column_of_a_result_is_its_extra(
    extra: Callable[..., list[Any]], more: Json, expected: Any
) -> None:
    content = artifact("run_results", RUN, results=[result(**more)], args={"which": "build"})
    assert extra("run_results", content, "SELECT extra FROM v1.node_executions") == [expected]


def test_known_times_stay_when_a_timing_has_an_unknown_field(
    extra: Callable[..., list[Any]], warehouse: Warehouse
) -> None:
    steps = [{"name": "execute", "started_at": "2026-10-01T05:59:00Z", "completed_at": "2026-10-01T05:59:30Z", **ODD}]
    content = artifact("run_results", RUN, results=[result(timing=steps)])
    assert extra("run_results", content, "SELECT extra FROM v1.node_executions") == [{"timing": steps}]
    assert warehouse.sql("SELECT span_seconds FROM v1.invocations").fetchall() == [(30.0,)]
    assert warehouse.sql("SELECT unknown_fields FROM v1.artifacts").fetchall() == [('{"results[].timing[].odd":1}',)]


NODE_VIEWS = {
    **{"model": "models", "seed": "seeds", "snapshot": "snapshots", "test": "tests", "source": "sources"},
    **{"exposure": "exposures", "metric": "metrics", "semantic_model": "semantic_models", "macro": "macros"},
    **{"saved_query": "saved_queries", "unit_test": "unit_tests", "group": "groups", "doc": "docs"},
    **{"function": "functions", "analysis": "nodes"},
}
SECTIONS = {"saved_query": "saved_queries", **dict.fromkeys(("model", "seed", "snapshot", "test", "analysis"), "nodes")}


@pytest.mark.parametrize("resource_type", ["model", "test", "source", "metric", *release_only(*NODE_VIEWS)])
def test_every_entry_of_a_manifest_has_an_extra(extra: Callable[..., list[Any]], resource_type: str) -> None:
    unique_id = f"{resource_type}.shop.it"
    entry = {
        "unique_id": unique_id,
        **({"resource_type": resource_type} if SECTIONS.get(resource_type) == "nodes" else {}),
        **{"name": "it", "package_name": "shop", "path": "it.sql", "build_path": "target/it.sql"},
        "owner": {"name": "Ann", "email": "ann@shop.example", "channel": "#shop"},
        "depends_on": {"nodes": [], "macros": [], **ODD},
        "contract": {"enforced": False, **ODD},
        **({"test_metadata": {"name": "unique", "kwargs": {}, **ODD}} if resource_type == "test" else {}),
        "unrendered_config": {"schema": "raw", "tags": ["x"]},
        **ODD,
    }
    section = SECTIONS.get(resource_type, f"{resource_type}s")
    content = artifact(
        "manifest", {**RUN, "adapter_type": "duckdb"}, **{"nodes": {}, "macros": {}, section: {unique_id: entry}}
    )
    expected = {
        **{"build_path": "target/it.sql", "owner": {"channel": "#shop"}, "depends_on": ODD, "contract": ODD},
        **({"test_metadata": ODD} if resource_type == "test" else {}),
        "unrendered_config": {"schema": "raw", "tags": ["x"]},
        **ODD,
    }
    [found] = extra(
        "manifest", content, f"SELECT extra FROM v1.{NODE_VIEWS[resource_type]} WHERE unique_id = '{unique_id}'"
    )
    assert found == expected


@pytest.mark.parametrize("owner", ["Ann", ["Ann", "Bob"], {"channel": "#shop"}])
def test_an_owner_of_any_shape_is_in_extra(extra: Callable[..., list[Any]], owner: Any) -> None:
    entry = {"unique_id": "exposure.shop.it", "name": "it", "package_name": "shop", "owner": owner}
    content = artifact("manifest", RUN, nodes={}, exposures={"exposure.shop.it": entry})
    assert extra("manifest", content, "SELECT extra FROM v1.exposures") == [{"owner": owner}]


def test_a_definition_and_a_column_have_an_extra(extra: Callable[..., list[Any]], warehouse: Warehouse) -> None:
    column = {"name": "id", "quote": True, "config": {"meta": {"b": 2}, "tags": ["t"]}, "meta": {"a": 1}, **ODD}
    entry = {"resource_type": "model", "name": "it", "package_name": "shop", "columns": {"id": column}, **ODD}
    content = manifest({"model.shop.it": {"unique_id": "model.shop.it", **entry}}, RUN)
    assert extra("manifest", content, "SELECT extra FROM v1.definitions") == [ODD]
    [(text, meta, tags)] = warehouse.sql("SELECT extra, meta, tags FROM v1.columns").fetchall()
    assert json.loads(text) == {"quote": True, "config": {"meta": {"b": 2}}, **ODD}
    assert (json.loads(meta), tags) == ({"a": 1}, ["t"])


def test_every_part_of_a_catalog_has_an_extra(
    extra: Callable[..., list[Any]], warehouse: Warehouse, tmp_path: Path
) -> None:
    write(
        tmp_path, "manifest", manifest({"model.shop.it": {"unique_id": "model.shop.it", "resource_type": "model"}}, RUN)
    )
    warehouse.load(tmp_path / "manifest.json")
    table = {
        "metadata": {"type": "table", "schema": "s", "name": "it", "comment": "All of it", "kind": "hybrid"},
        "columns": {"id": {"name": "id", "index": 1, "type": "int", **ODD}},
        "stats": {"rows": {"id": "rows", "label": "Rows", "value": 7, "include": True, **ODD}},
        **ODD,
    }
    content = artifact("catalog", {**RUN, "invocation_id": "i2"}, nodes={"model.shop.it": table}, sources={})
    assert extra("catalog", content, "SELECT catalog_extra FROM v1.models") == [{"kind": "hybrid", **ODD}]
    assert warehouse.sql("SELECT catalog_comment FROM v1.models").fetchall() == [("All of it",)]
    assert warehouse.sql("SELECT catalog_extra FROM v1.columns").fetchall() == [
        (json.dumps(ODD, separators=(",", ":")),)
    ]
    for view in ("relation_stats", "relation_stat_history"):
        assert warehouse.sql(f"SELECT extra FROM v1.{view}").fetchall() == [(json.dumps(ODD, separators=(",", ":")),)]


def test_sections_and_metadata_without_a_column_are_in_the_ledger(extra: Callable[..., list[Any]]) -> None:
    selectors = {"selectors": {"nightly": {"definition": "tag:nightly"}}}
    content = artifact("manifest", {**RUN, **ODD}, nodes={}, macros={}, **selectors, **ODD)
    query = "SELECT json_object('metadata', metadata -> '$.odd', 'extra', extra) FROM v1.artifacts"
    assert extra("manifest", content, query) == [{"metadata": ODD["odd"], "extra": {**selectors, **ODD}}]


def test_a_semantic_manifest_is_in_the_ledger(extra: Callable[..., list[Any]]) -> None:
    content = {"semantic_models": [{"name": "m"}], "metrics": [], "project_configuration": {"time_spines": [1]}, **ODD}
    query = "SELECT extra FROM v1.artifacts"
    expected = {"semantic_models": [{"name": "m"}], "project_configuration": {"time_spines": [1]}, **ODD}
    [found] = extra("semantic_manifest", content, query)
    assert {key: value for key, value in found.items() if value} == expected


WITH_COLUMN = {
    "v1.node_executions": {
        *("unique_id", "status", "thread_id", "execution_time", "adapter_response", "message", "failures", "compiled"),
        *("compiled_code", "relation_name", "batch_results", "timing"),
    },
    "v1.source_freshness": {
        *("unique_id", "status", "max_loaded_at", "max_loaded_at_time_ago_in_s", "snapshotted_at", "error"),
        *("execution_time", "thread_id"),
    },
}
"""The fields that the columns of a view show."""


@of_samples_daily
@pytest.mark.parametrize("view, kind", [("v1.node_executions", "run_results"), ("v1.source_freshness", "sources")])
def test_every_field_of_a_real_result_has_a_column_or_is_in_extra(loaded: Loaded, view: str, kind: str) -> None:
    """Counted from the files: fields that have a value, by name."""
    rows = loaded.warehouse.sql(f"SELECT invocation_id, unique_id, extra FROM {view}").fetchall()
    found = {(invocation_id, unique_id): json.loads(extra or "{}") for invocation_id, unique_id, extra in rows}
    unlike: set[tuple[str, str]] = set()
    alike: set[tuple[str, str]] = set()  # unrelated files share the id of a fixture
    for path in loaded.folder.rglob(f"*{kind}*.json"):
        try:
            content = json.loads(path.read_bytes())
        except ValueError:
            continue
        if not isinstance(content, dict) or f"/dbt/{kind.replace('_', '-')}/" not in str(content.get("metadata")):
            continue
        for row in content.get("results") or []:
            key = (content["metadata"].get("invocation_id"), row.get("unique_id"))
            expected = {key: value for key, value in row.items() if key not in WITH_COLUMN[view] and value is not None}
            if key in found:
                (alike if {name: found[key].get(name) for name in expected} == expected else unlike).add(key)
    assert unlike - alike == set()
    assert len(alike) > 10
