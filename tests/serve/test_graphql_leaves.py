"""Leaf by leaf, what GraphQL says about public projects and real runs is what the views say, past the resolvers."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from testdata import SOME_PROJECTS, SOME_RUNS

from artifact_warehouse import Warehouse
from artifact_warehouse.serve import RequestLimits
from artifact_warehouse.serve.graphql import answer
from artifact_warehouse.serve.snapshots import Follower, Snapshot

pytestmark = [pytest.mark.corpus, pytest.mark.release]

LIMITS = RequestLimits(seconds=3600, page=100_000)
TEXTS = {
    "name": "name",
    "alias": "alias",
    "database": "database_name",
    "schema": "schema_name",
    "packageName": "package_name",
    "filePath": "original_file_path",
    "materializedType": "materialized",
    "rawCode": "raw_code",
    "compiledCode": "compiled_code",
    "relationName": "relation_name",
    "columnCount": "column_count",
    "access": "access",
    "fqn": "fqn",
}
NEVER_NULL: dict[str, Any] = {"filePath": "", "fqn": []}
DOCUMENT = """query($id: BigInt!) { environment(id: $id) { applied {
  models { edges { node { uniqueId description tags meta config FIELDS
    executionInfo { lastRunError executionTime } catalog { type owner comment rowCountStat }
    parents { uniqueId } children { uniqueId } ancestors(types: [Model, Source]) { uniqueId } } } }
  tests { edges { node { uniqueId columnName lastKnownResult } } }
  sources { edges { node { uniqueId sourceName loader freshness { maxLoadedAtTimeAgoInS } } } }
} } }""".replace("FIELDS", " ".join(TEXTS))


def asked(snapshot: Snapshot, document: str, **variables: Any) -> Any:
    found = answer(snapshot, document, variables, limits=LIMITS)
    assert "errors" not in found, found["errors"]
    return found["data"]


def nodes(connection: dict[str, Any]) -> dict[str, Any]:
    return {edge["node"]["uniqueId"]: edge["node"] for edge in connection["edges"]}


@pytest.mark.parametrize("names", [SOME_PROJECTS[:2], SOME_RUNS], ids=["projects", "runs"])
def test_every_leaf_is_that_of_the_view(names: tuple[str, ...], request: pytest.FixtureRequest, tmp_path: Path) -> None:
    folder = request.getfixturevalue("projects" if names == SOME_PROJECTS[:2] else "real_runs")
    Warehouse(tmp_path / "wh.duckdb").load([folder / name for name in names])
    shutil.copyfile(tmp_path / "wh.duckdb", tmp_path / "asked.duckdb")
    follower = Follower(tmp_path / "wh.duckdb", 2 << 30, every=3600)
    compared = 0
    try:
        with follower.snapshot() as snapshot, Warehouse(tmp_path / "asked.duckdb", read_only=True) as warehouse:
            for place in asked(snapshot, "{ environments { id name projectName } }")["environments"]:
                found = asked(snapshot, DOCUMENT, id=place["id"])["environment"]["applied"]
                compared += compare(found, warehouse, [place["projectName"], place["name"]])
    finally:
        follower.close()
    assert compared > 20


def compare(found: Any, warehouse: Warehouse, place: list[str | None]) -> int:
    """Compare an environment's nodes with the rows of the views. Answers how many nodes were compared."""
    here = "WHERE project_name IS NOT DISTINCT FROM ? AND environment = ?"

    def rows(view: str, condition: str = "") -> list[dict[str, Any]]:
        return warehouse.sql(f"FROM v1.{view} {here} {condition}", place).to_arrow_table().to_pylist()

    models, tests, sources = (nodes(found[name]) for name in ("models", "tests", "sources"))
    edges = {(row["parent_unique_id"], row["child_unique_id"]) for row in rows("node_edges")}
    above = {
        (row["unique_id"], row["ancestor_unique_id"])
        for row in rows("node_ancestors", "AND ancestor_resource_type IN ('model', 'source')")
    }
    views = {name: {row["unique_id"]: row for row in rows(name, "AND is_enabled")} for name in ("models", "sources")}
    assert models.keys() == views["models"].keys()
    for unique_id, row in views["models"].items():
        node = models[unique_id]
        assert {field: node[field] for field in TEXTS} == {
            field: NEVER_NULL[field] if row[column] is None and field in NEVER_NULL else row[column]
            for field, column in TEXTS.items()
        }
        assert node["description"] == (row["description"] or "")
        assert (node["tags"], node["meta"]) == (row["tags"] or [], json.loads(row["meta"] or "{}"))
        assert node["config"] == (json.loads(row["config"]) if row["config"] else None)
        run, catalog = node["executionInfo"], node["catalog"] or {}
        assert (run["lastRunError"], run["executionTime"]) == (row["last_error"], row["last_execution_seconds"])
        assert [catalog.get(key) for key in ("type", "owner", "comment", "rowCountStat")] == [
            row[key] for key in ("catalog_type", "catalog_owner", "catalog_comment", "row_count")
        ]
        assert {(one["uniqueId"], unique_id) for one in node["parents"]} == {e for e in edges if e[1] == unique_id}
        assert {(unique_id, one["uniqueId"]) for one in node["ancestors"]} == {e for e in above if e[0] == unique_id}
        known = {e for e in edges if e[0] == unique_id and not e[1].startswith(("operation.", "analysis."))}
        assert {(unique_id, one["uniqueId"]) for one in node["children"]} == known
    for row in rows("tests", "AND is_enabled"):
        node = tests[row["unique_id"]]
        assert (node["columnName"], node["lastKnownResult"]) == (row["column_name"], row["last_status"])
    for unique_id, row in views["sources"].items():
        node = sources[unique_id]
        assert (node["sourceName"], node["loader"]) == (row["source_name"], row["loader"])
        assert node["freshness"]["maxLoadedAtTimeAgoInS"] == row["max_loaded_at_age_seconds"]
    return len(models) + len(tests) + len(sources)
