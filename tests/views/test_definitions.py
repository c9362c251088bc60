"""A definition is what its author wrote: it changes when they do, and with nothing else."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import builders
import pytest
from testdata import SAMPLES

from artifact_warehouse.artifacts.artifact import parse
from artifact_warehouse.artifacts.flatteners import EntryCache, Rows, flatten
from artifact_warehouse.schema.tables import BY_NAME

NIGHTLY = SAMPLES / "environment=prod" / "job=nightly"


def definitions(manifest: Path | dict[str, Any]) -> dict[str, str]:
    """The definition_id of everything in a manifest, by unique_id."""
    data = json.dumps(manifest).encode() if isinstance(manifest, dict) else manifest.read_bytes()
    rows = Rows()
    flatten(parse(data, "manifest.json"), rows)
    return {row["unique_id"]: row["definition_id"] for row in rows.of("definitions") if not row["is_shadowed"]}


def changed(before: dict[str, str], after: dict[str, str]) -> set[str]:
    return {node for node in before.keys() & after.keys() if before[node] != after[node]}


@pytest.mark.corpus
@pytest.mark.parametrize(
    "before, after",
    [
        ("1.10/014_build", "1.10/015_build_noparse"),
        ("1.10/003_parse", "1.10/014_build"),
        ("1.10/006_compile", "1.10/008_run"),
        ("1.10/014_build", "1.10/032_build_target_prod"),
        ("1.10/014_build", "1.10/034_build_vars"),
        ("1.10/014_build", "extras_1.10_otherdir/001_build_otherdir"),
        ("1.7/006_seed", "1.7/010_test"),
        ("1.0/011_build", "1.0/012_build_again"),
        ("1.2/011_build", "1.2/012_build_again"),
        ("2.0/015_build", "2.0/016_build_noparse"),
    ],
)
def test_an_unchanged_project_has_the_same_definitions(real_runs: Path, before: str, after: str) -> None:
    """Parsed afresh, by another command, for another target, with other vars, in another folder."""
    first, second = (definitions(real_runs / name / "manifest.json") for name in (before, after))
    assert first.keys() == second.keys()
    assert changed(first, second) == set()


def test_an_upgrade_of_dbt_changes_what_was_edited_and_dbts_own_macros() -> None:
    """Between these nights the project went from dbt 1.7 to 1.10, and four of its resources were edited."""
    before, after = (
        definitions(NIGHTLY / night / "manifest.json") for night in ("2026-11-03_01_build", "2026-11-04_01_build")
    )
    found = {node for node in changed(before, after) if not node.startswith(("macro.dbt.", "macro.dbt_duckdb."))}
    assert found == {
        "model.harbor_cafe.dim_guests.v1",  # gets a deprecation date, and v2 becomes the latest version
        "model.harbor_cafe.dim_guests.v2",
        "model.harbor_cafe.fct_cafe_days",  # other SQL, another description
        "model.harbor_cafe.rpt_loyalty",  # its ref without a version now means v2
        "source.harbor_cafe.pos.order_lines",  # dbt 1.10 hands the meta of a source down to its tables
        "source.harbor_cafe.pos.orders",
        "source.harbor_cafe.pos.payments",
    }


MODEL = "model.harbor_cafe.fct_orders"
TEST = "test.harbor_cafe.relationships_fct_orders_cafe_id__cafe_id__ref_cafes_"
SEED = "seed.harbor_cafe.cafes"


def node(manifest: dict[str, Any], prefix: str) -> dict[str, Any]:
    sections = (manifest["nodes"], manifest["sources"], manifest["exposures"], manifest["macros"], manifest["groups"])
    return next(entry for section in sections for key, entry in section.items() if key.startswith(prefix))


EDITS: dict[str, tuple[str, Callable[[dict[str, Any]], Any]]] = {
    "code": (MODEL, lambda n: n.update(raw_code=n["raw_code"] + " ")),
    "description": (MODEL, lambda n: n.update(description="x")),
    "tag": (MODEL, lambda n: n["tags"].append("x")),
    "meta": (MODEL, lambda n: n["meta"].update(x=None)),
    "materialization": (MODEL, lambda n: n["config"].update(materialized="view")),
    "config": (MODEL, lambda n: n["config"].update(unique_key="x")),
    "adapter's config": (MODEL, lambda n: n["config"].update(partition_by="x")),
    "custom schema": (MODEL, lambda n: n["unrendered_config"].update(schema="x")),
    "access": (MODEL, lambda n: n.update(access="private")),
    "contract": (MODEL, lambda n: n.update(contract={"enforced": True})),
    "parents": (MODEL, lambda n: n["depends_on"]["nodes"].append("model.x.x")),
    "a column": (MODEL, lambda n: n["columns"].update(x={"name": "x"})),
    "a column's description": (MODEL, lambda n: next(iter(n["columns"].values())).update(description="x")),
    "a column's type": (MODEL, lambda n: next(iter(n["columns"].values())).update(data_type="x")),
    "a test's arguments": (TEST, lambda n: n["test_metadata"]["kwargs"].update(field="x")),
    "a test's severity": (TEST, lambda n: n["config"].update(severity="warn")),
    "a test's threshold": (TEST, lambda n: n["config"].update(error_if="> 5")),
    "a test's where": (TEST, lambda n: n["config"].update(where="x")),
    "a seed's rows": (SEED, lambda n: n["checksum"].update(checksum="x")),
    "a source's freshness": ("source.", lambda n: n["freshness"]["warn_after"].update(count=77)),
    "an exposure's owner": ("exposure.", lambda n: n["owner"].update(name="x")),
    "a group's owner": ("group.", lambda n: n["owner"].update(email="x")),
    "a macro's body": ("macro.harbor_cafe.", lambda n: n.update(macro_sql="x")),
}

NO_EDITS: dict[str, tuple[str, Callable[[dict[str, Any]], Any]]] = {
    "time of parsing": (MODEL, lambda n: n.update(created_at=1.5)),
    "compilation": (MODEL, lambda n: n.update(compiled=True, compiled_code="x", compiled_path="x", build_path="x")),
    "target": (MODEL, lambda n: n.update(database="x", schema="x", relation_name="x")),
    "macros that compiling found": (MODEL, lambda n: n["depends_on"]["macros"].append("macro.dbt.x")),
    "order of keys": (MODEL, lambda n: n.update(dict(reversed([(k, n.pop(k)) for k in list(n)])))),
    "an empty value": (MODEL, lambda n: n.update(deprecation_date=None, constraints=[], doc_blocks=[])),
    "a default": (MODEL, lambda n: n["config"].update(on_configuration_change="apply", lookback=1)),
    "dbt's checksum": (MODEL, lambda n: n["checksum"].update(checksum="x")),
}


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((NIGHTLY / "2026-11-05_01_build" / "manifest.json").read_bytes())
    return found


@pytest.mark.parametrize("prefix, edit", EDITS.values(), ids=EDITS)
def test_an_edit_changes_the_definition(manifest: dict[str, Any], prefix: str, edit: Callable) -> None:
    edited = copy.deepcopy(manifest)
    edit(node(edited, prefix))
    assert changed(definitions(manifest), definitions(edited)) == {node(edited, prefix)["unique_id"]}


@pytest.mark.parametrize("prefix, edit", NO_EDITS.values(), ids=NO_EDITS)
def test_what_dbt_adds_is_no_edit(manifest: dict[str, Any], prefix: str, edit: Callable) -> None:
    other = copy.deepcopy(manifest)
    edit(node(other, prefix))
    assert changed(definitions(manifest), definitions(other)) == set()


def test_a_cache_of_entries_changes_nothing_but_the_time() -> None:
    """The next manifests of a project, read with and without what was learned from the first."""
    cache, cached, plain = EntryCache(), Rows(), Rows()
    for night in sorted(NIGHTLY.iterdir()):
        data = (night / "manifest.json").read_bytes()
        flatten(parse(data, "m"), cached, cache)
        flatten(parse(data, "m"), plain)
    for name in BY_NAME:
        assert contents(cached, name) == contents(plain, name)


def contents(rows: Rows, table: str) -> list[str]:
    return sorted(repr({**row, "loaded_at": None}) for row in rows.of(table))


def with_entries(nodes: dict[str, Any], **sections: Any) -> bytes:
    return json.dumps(builders.manifest(nodes, {"project_name": "p"}, **sections)).encode()


def test_the_cache_keeps_apart_what_differs() -> None:
    """A `created_at` of the author's own is content; ids and unknown fields are those of the entry at hand."""
    model = {"resource_type": "model", "package_name": "p", "name": "a", "created_at": 1.0, "shiny": 1}
    first = with_entries({"model.p.a": {**model, "meta": {"created_at": 1}}}, groups={"group.p.x": {"name": "g"}})
    second = with_entries({"model.p.a": {**model, "meta": {"created_at": 2}}}, groups={"group.p.y": {"name": "g"}})
    cache, rows = EntryCache(), Rows()
    for data in (first, first + b" ", second):
        flatten(parse(data, "manifest.json"), rows, cache)
    assert sorted((row["unique_id"], row["meta"]) for row in rows.of("definitions")) == [
        ("group.p.x", None),
        ("group.p.y", None),
        ("model.p.a", '{"created_at":1}'),
        ("model.p.a", '{"created_at":2}'),
    ]
    assert [row["unknown_fields"] for row in rows.of("artifacts")] == ['{"nodes.*.shiny":1}'] * 3


def test_a_test_of_a_versioned_model_names_its_version() -> None:
    test = {
        "resource_type": "test",
        "test_metadata": {
            "name": "relationships",
            "kwargs": {"model": "{{ get_where_subquery(ref('d', version=2)) }}"},
        },
        "attached_node": "model.p.d.v2",
        "depends_on": {"nodes": ["model.p.d.v1", "model.p.d.v2"]},
    }
    rows = Rows()
    flatten(parse(with_entries({"test.p.t.1": test}), "manifest.json"), rows)
    [row] = rows.of("definitions")
    assert row["tested_unique_id"] == "model.p.d.v2"
