"""Rules of good practice and coverage: counted again in plain Python over manifests, and broken one by one."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from hashlib import md5
from pathlib import Path
from typing import Any

import builders
import pytest
from testdata import SAMPLES, Loaded

from artifact_warehouse import Warehouse

pytestmark = pytest.mark.slow

KEY_TESTS = {"unique_combination_of_columns", "expect_compound_columns_to_be_unique", "primary_key"}
VIEWS = {"view", "ephemeral"}


def relational(manifest: dict) -> dict[str, dict]:
    """Sources, models, seeds, snapshots and exposures, by id."""
    found = {**manifest["nodes"], **manifest["sources"], **manifest.get("exposures", {})}
    wanted = {"source", "model", "seed", "snapshot", "exposure"}
    return {
        i: n for i, n in found.items() if i.split(".")[0] in wanted and (n.get("config") or {}).get("enabled", True)
    }


def layer(node: dict) -> str | None:
    path = "/" + node["original_file_path"].replace("\\", "/").lower()
    by_folder = next((name for name in ("staging", "intermediate", "marts") if f"/{name}/" in path), None)
    prefixes = {"stg_": "staging", "base_": "staging", "int_": "intermediate", "fct_": "marts", "dim_": "marts"}
    by_prefix = next((name for prefix, name in prefixes.items() if node["name"].startswith(prefix)), None)
    return by_folder or by_prefix


def chain_of_views(node: str, parents: dict[str, set[str]], nodes: dict[str, dict]) -> int:
    """How many views and ephemeral models follow each other above a node, at most."""
    above = [p for p in parents[node] if p.startswith("model.") and nodes[p]["config"]["materialized"] in VIEWS]
    return max((1 + chain_of_views(p, parents, nodes) for p in above), default=0)


def own_package(manifest: dict) -> str:
    metadata = manifest["metadata"]
    names = {node["package_name"] for node in manifest["nodes"].values()}
    by_id = (n for n in names if md5(n.encode(), usedforsecurity=False).hexdigest() == metadata.get("project_id"))
    return metadata.get("project_name") or next(by_id)


class Graph:
    """A manifest's nodes, who depends on whom, and what is tested."""

    def __init__(self, manifest: dict) -> None:
        self.nodes = relational(manifest)
        depends_on = {i: n.get("depends_on", {}).get("nodes", []) for i, n in self.nodes.items()}
        self.parents = {i: {p for p in above if p in self.nodes} for i, above in depends_on.items()}
        self.children: dict[str, set[str]] = defaultdict(set)
        for child, above in self.parents.items():
            for parent in above:
                self.children[parent].add(child)
        self.tested = {p for u in manifest.get("unit_tests", {}).values() for p in u["depends_on"]["nodes"][:1]}
        self.keyed: set[str] = set()
        self._read_tests(n for n in manifest["nodes"].values() if n["resource_type"] == "test")

    def _read_tests(self, tests: Iterable[dict]) -> None:
        on_columns: dict[tuple[str, str], set[str]] = defaultdict(set)
        for test in tests:
            metadata, above = test.get("test_metadata") or {}, test["depends_on"]["nodes"]
            node = test.get("attached_node") or (above[0] if len(above) == 1 else None)
            if node is not None:
                self.tested.add(node)
                if test.get("column_name"):
                    on_columns[node, test["column_name"].lower()].add(metadata.get("name"))
                if metadata.get("name") in KEY_TESTS:
                    self.keyed.add(node)
        self.keyed |= {node for (node, _), kinds in on_columns.items() if {"unique", "not_null"} <= kinds}

    def models_below(self, node: str) -> set[str]:
        return {child for child in self.children[node] if child.startswith("model.")}

    def is_rejoining(self, node: str) -> bool:
        """Whether it reads a node also by way of a model that nothing else reads."""
        detours = (p for p in self.parents[node] if p.startswith("model.") and self.models_below(p) == {node})
        return any(self.parents[detour] & self.parents[node] for detour in detours)

    def of_model(self, i: str) -> dict[str, object]:
        node, above = self.nodes[i], self.parents[i]
        sources = {p for p in above if p.startswith("source.")}
        layers = {layer(self.nodes[p]) for p in above if p.startswith("model.")} if layer(node) == "staging" else set()
        constraints = json.dumps([node.get("constraints"), [c.get("constraints") for c in node["columns"].values()]])
        enforced = (node.get("contract") or node["config"].get("contract") or {}).get("enforced")
        return {
            "root_models": not above,
            "direct_join_to_source": sources and above - sources,
            "multiple_sources_joined": len(sources) > 1,
            "too_many_joins": len(above) >= 7,
            "model_fanout": len({m for m in self.models_below(i) if not self.models_below(m)}) >= 3,
            "marts_or_intermediate_dependent_on_source": sources and layer(node) in ("intermediate", "marts"),
            "staging_dependent_on_staging": "staging" in layers,
            "staging_dependent_on_marts_or_intermediate": layers & {"intermediate", "marts"},
            "rejoining_of_upstream_concepts": self.is_rejoining(i),
            "chained_views_dependencies": chain_of_views(i, self.parents, self.nodes) >= 5,
            "untested_models": i not in self.tested,
            "missing_primary_key_tests": i not in self.keyed and '"primary_key"' not in constraints,
            "undocumented_models": not (node.get("description") or "").strip(),
            "public_models_without_contract": node.get("access") == "public" and not enforced,
        }

    def of_source(self, i: str) -> dict[str, object]:
        node = self.nodes[i]
        freshness = node.get("freshness") or node["config"].get("freshness") or {}
        criteria = [freshness.get(name) or {} for name in ("warn_after", "error_after")]
        return {
            "source_fanout": len(self.models_below(i)) > 1,
            "unused_sources": not self.children[i],
            "undocumented_source_tables": not (node.get("description") or "").strip(),
            "undocumented_sources": not (node.get("source_description") or "").strip(),
            "sources_without_freshness": all(c.get("count") is None for c in criteria),
        }

    def of_exposure(self, i: str) -> dict[str, object]:
        models = [self.nodes[p] for p in self.parents[i] if p.startswith("model.")]
        return {
            "exposures_dependent_on_sources": any(p.startswith("source.") for p in self.parents[i]),
            "exposures_dependent_on_private_models": any(m.get("access") == "private" for m in models),
            "exposure_parents_materializations": any(m["config"]["materialized"] in VIEWS for m in models),
        }


def broken_rules(manifest: dict) -> set[tuple[str, str]]:
    """(rule, unique_id), of the rules that need no catalog and no code."""
    graph, own = Graph(manifest), own_package(manifest)
    rules = {"model": graph.of_model, "source": graph.of_source, "exposure": graph.of_exposure}
    found = {
        i: rules[i.split(".")[0]](i)
        for i, node in graph.nodes.items()
        if node["package_name"] == own and i.split(".")[0] in rules
    }
    return {(rule, i) for i, said in found.items() for rule, is_broken in said.items() if is_broken}


COUNTED = {
    *("root_models", "direct_join_to_source", "multiple_sources_joined", "too_many_joins", "model_fanout"),
    *("marts_or_intermediate_dependent_on_source", "staging_dependent_on_staging", "undocumented_models"),
    *("staging_dependent_on_marts_or_intermediate", "rejoining_of_upstream_concepts", "untested_models"),
    *("chained_views_dependencies", "missing_primary_key_tests", "public_models_without_contract", "source_fanout"),
    *("unused_sources", "undocumented_source_tables", "undocumented_sources", "sources_without_freshness"),
    *("exposures_dependent_on_sources", "exposures_dependent_on_private_models", "exposure_parents_materializations"),
}


def found_rules(wh: Warehouse, environment: str | None = None) -> set[tuple[str, str]]:
    where = f"WHERE environment = '{environment}'" if environment else ""
    return set(wh.sql(f"SELECT rule, unique_id FROM v1.project_rules {where}").fetchall())


def last_manifest(environment: str) -> dict:
    found = [json.loads(p.read_bytes()) for p in (SAMPLES / f"environment={environment}").rglob("manifest.json")]
    return max(found, key=lambda manifest: manifest["metadata"]["generated_at"])


@pytest.mark.parametrize("environment", ["prod", "dev"])
def test_the_rules_of_the_samples_are_those_that_python_counts(sample_warehouse: Warehouse, environment: str) -> None:
    found = {row for row in found_rules(sample_warehouse, environment) if row[0] in COUNTED}
    assert found == broken_rules(last_manifest(environment))
    assert len(found) > 10


@pytest.mark.corpus
@pytest.mark.parametrize("run", ["1.10/018_build_failing", "1.7/016_build_failing", "1.5/011_build"])
def test_the_rules_of_real_runs_are_those_that_python_counts(real_runs: Path, tmp_path: Path, run: str) -> None:
    file = real_runs / run / "manifest.json"
    if not file.exists():
        pytest.skip(f"{run} wrote no manifest")
    with Warehouse(tmp_path / "wh.duckdb") as wh:
        wh.load(file)
        found = {row for row in found_rules(wh) if row[0] in COUNTED}
    assert found == broken_rules(json.loads(file.read_bytes()))


@pytest.mark.release
@pytest.mark.corpus
def test_the_rules_of_public_projects_are_those_that_python_counts(corpus: Path, tmp_path: Path) -> None:
    compared, rules = 0, set()
    for file in sorted(corpus.rglob("*manifest@*.json"))[::12]:
        manifest = json.loads(file.read_bytes())
        try:
            expected = broken_rules(manifest)
        except (KeyError, StopIteration, TypeError, AttributeError):
            continue  # another version's shape
        if not manifest["metadata"].get("project_name") or not all(
            "attached_node" in t for t in generic_tests(manifest)
        ):
            continue
        with Warehouse(tmp_path / f"{compared}.duckdb") as wh:
            wh.load(file)
            found = {row for row in found_rules(wh) if row[0] in COUNTED}
        assert found == expected, file.name
        compared, rules = compared + 1, rules | {rule for rule, _ in expected}
    assert compared >= 5
    assert len(rules) >= 10


def generic_tests(manifest: dict) -> list[dict]:
    return [n for n in manifest["nodes"].values() if n["resource_type"] == "test" and n.get("test_metadata")]


def node(kind: str, name: str, parents: tuple[str, ...] = (), **more: Any) -> tuple[str, dict]:
    config = {"materialized": more.pop("materialized", "table"), "enabled": True, "access": more.get("access")}
    entry = {
        "unique_id": f"{kind}.shop.{name}",
        "resource_type": kind,
        "package_name": "shop",
        "name": name.rsplit(".", maxsplit=1)[-1],
        "original_file_path": more.pop("path", f"models/{name}.sql"),
        "description": "Something.",
        "columns": {},
        "config": config,
        "raw_code": more.pop("raw_code", "select 1"),
        "language": "sql",
        "depends_on": {"nodes": list(parents)},
    }
    return entry["unique_id"], {**entry, **more}


def source(name: str, **more: Any) -> tuple[str, dict]:
    more = {"identifier": name, "schema": "raw", "database": "db", "source_name": "raw", **more}
    freshness = {"warn_after": {"count": 1, "period": "day"}}
    return node("source", f"raw.{name}", source_description="A source.", freshness=freshness, **more)


def loaded_manifest(path: Path, *entries: tuple[str, dict], generated_at: str = "2026-11-01T00:00:00Z") -> Warehouse:
    fields = {"generated_at": generated_at, "invocation_id": generated_at, "project_name": "shop"}
    wh = Warehouse(path / "wh.duckdb")
    wh.load(builders.write(path, "manifest", builders.manifest(dict(entries), fields)))
    return wh


CODES = {
    "select * from raw.orders": {"raw.orders"},
    "select * from {{ ref('a') }} join db.raw.orders on true": {"db.raw.orders"},
    'select * from "db"."raw"."orders"': {"db.raw.orders"},
    "select * from `my-project.raw.orders` join `my-project`.raw.guests using (id)": {
        "my-project.raw.guests, my-project.raw.orders"
    },
    "select * from my-project.raw.orders": {"my-project.raw.orders"},
    "select * from [my-db].[raw].[orders]": {"my-db.raw.orders"},
    "select * from db..orders": {"db..orders"},
    'select * from "raw"."our orders (old)"': {"raw.our orders (old)"},
    "select * from \"{{ target.database }}\".raw.orders join raw.`{{ var('name') }}`": set(),
    "select * from {{ ref('a') }} as o cross join o.items": set(),
    "select extract(day from o.created_at) from {{ ref('a') }} o": set(),
    "select * from {{ source('raw', 'orders') }} where a is distinct from b.c": set(),
    "select 'from raw.orders' -- from raw.orders\n/* join raw.orders */ {# from raw.orders #}": set(),
    "select * from {{ target.schema }}.orders": set(),
    "with o as (select 1) select * from o": set(),
}


@pytest.mark.parametrize("code, names", CODES.items())
def test_names_in_code_are_told_from_what_looks_like_them(code: str, names: set[str], tmp_path: Path) -> None:
    with loaded_manifest(tmp_path, node("model", "m", raw_code=code)) as wh:
        [*found] = wh.sql("SELECT sentence FROM v1.project_rules WHERE rule = 'hard_coded_references'").fetchall()
    assert [name for name in names if not any(f"({name})" in row[0] for row in found)] == []
    assert len(found) == len(names)


def test_what_a_parser_found_in_compiled_code_counts_more_than_a_pattern(tmp_path: Path) -> None:
    compiled = {"compiled": True, "compiled_code": "select id from db.raw.orders"}
    catalog_free = node("model", "m", raw_code="select id from {{ var('raw') }}", **compiled)
    with loaded_manifest(tmp_path, catalog_free) as wh:
        hard_coded = "SELECT unique_id FROM v1.project_rules WHERE rule = 'hard_coded_references'"
        assert wh.sql(hard_coded).fetchall() == []
        wh.resolve_columns()
        assert wh.sql(hard_coded).fetchall() == [("model.shop.m",)]


def test_each_rule_about_names_and_relations_is_broken_by_what_breaks_it(tmp_path: Path) -> None:
    entries = [
        source("orders"),
        source("orders_again", identifier="ORDERS"),
        node("model", "orders", path="models/staging/orders.sql"),
        node("model", "stg_guests", path="models/stg_guests.sql"),
        node("model", "int_x", path="models/intermediate/int_x.sql"),
        node("model", "open", access="public"),
    ]
    with loaded_manifest(tmp_path, *entries) as wh:
        found = found_rules(wh)
    wanted = {"duplicate_sources", "model_naming_conventions", "model_directories", "undocumented_public_models"}
    assert {row for row in found if row[0] in wanted} == {
        ("duplicate_sources", "source.shop.raw.orders"),
        ("duplicate_sources", "source.shop.raw.orders_again"),
        ("model_naming_conventions", "model.shop.orders"),
        ("model_directories", "model.shop.stg_guests"),
        ("undocumented_public_models", "model.shop.open"),
    }


def test_what_is_no_description_no_key_and_no_test_counts_as_none(tmp_path: Path) -> None:
    named_like_a_key = {"id": {"name": "id", "constraints": [{"type": "check", "name": "primary_key"}]}}
    blank = {"id": {"name": "id", "description": " \n"}}
    entries = [
        node("model", "blank", description="\n", columns=blank),
        node("model", "named", columns=named_like_a_key),
        node("model", "keyed", columns={"id": {"name": "id", "constraints": [{"type": "primary_key"}]}}),
        node("model", "calls", ("function.shop.f",)),
        node("test", "reads_one", ("model.shop.named",)),
        node("test", "reads_two", ("model.shop.calls", "model.shop.keyed")),
    ]
    with loaded_manifest(tmp_path, *entries) as wh:
        found = found_rules(wh)
        [(tested,)] = wh.sql("SELECT tested_model_count FROM v1.coverage_history").fetchall()
        counts = dict(wh.sql("SELECT name, test_count FROM v1.models").fetchall())
    rules = (
        "undocumented_models",
        "undocumented_columns",
        "missing_primary_key_tests",
        "root_models",
        "untested_models",
    )
    names = {rule: sorted(i.split(".")[2] for found_rule, i in found if found_rule == rule) for rule in rules}
    assert names == {
        "undocumented_models": ["blank"],
        "undocumented_columns": ["blank", "keyed", "named"],
        "missing_primary_key_tests": ["blank", "calls", "named"],
        "root_models": ["blank", "keyed", "named"],
        "untested_models": ["blank", "calls", "keyed"],
    }
    assert tested == 1
    assert counts == {"blank": 0, "named": 1, "keyed": 0, "calls": 0}


def test_what_packages_bring_breaks_no_rule(tmp_path: Path) -> None:
    theirs = node("model", "theirs", package_name="utils", description="")
    with loaded_manifest(tmp_path, theirs, node("model", "ours")) as wh:
        assert {unique_id for _, unique_id in found_rules(wh)} == {"model.shop.ours"}
        [(models,)] = wh.sql("SELECT model_count FROM v1.coverage_history").fetchall()
    assert models == 1


def test_every_broken_rule_has_a_severity_and_a_sentence(loaded: Loaded) -> None:
    rows = loaded.warehouse.sql("SELECT severity, category, sentence FROM v1.project_rules").fetchall()
    assert rows
    assert {row[0] for row in rows} <= {"error", "warn", "info"}
    assert all(row[1] and row[2].endswith(".") for row in rows)
    internal = "SELECT (SELECT count(*) FROM internal.graph_rules) + (SELECT count(*) FROM internal.node_rules) + "
    internal += "(SELECT count(DISTINCT (project_name, environment, unique_id)) FROM internal.hard_coded_references)"
    assert loaded.warehouse.sql(internal).fetchall() == [(len(rows),)]


def coverage(manifest: dict) -> tuple[int, ...]:
    """Models, tested, described, under contract; sources, described, with freshness."""
    own = own_package(manifest)
    nodes = {i: n for i, n in relational(manifest).items() if n["package_name"] == own}
    models = {i: n for i, n in nodes.items() if i.startswith("model.")}
    sources = [n for i, n in nodes.items() if i.startswith("source.")]
    tests = [t for t in manifest["nodes"].values() if t["resource_type"] == "test"]
    tested = {t.get("attached_node") for t in tests}
    tested |= {p for t in tests for p in t["depends_on"]["nodes"] if len(t["depends_on"]["nodes"]) == 1}
    tested |= {p for u in manifest.get("unit_tests", {}).values() for p in u["depends_on"]["nodes"][:1]}
    return (
        len(models),
        len(models.keys() & tested),
        sum(bool(n["description"]) for n in models.values()),
        sum(bool(n["contract"]["enforced"]) for n in models.values()),
        len(sources),
        sum(bool(n["description"]) for n in sources),
        sum(
            any((n.get("freshness") or {}).get(k, {}).get("count") for k in ("warn_after", "error_after"))
            for n in sources
        ),
    )


@pytest.mark.parametrize("environment", ["prod", "dev"])
def test_the_coverage_of_every_day_is_that_of_its_last_manifest(sample_warehouse: Warehouse, environment: str) -> None:
    last: dict[date, dict] = {}
    files = (SAMPLES / f"environment={environment}").rglob("manifest.json")
    for manifest in sorted((json.loads(p.read_bytes()) for p in files), key=lambda m: m["metadata"]["generated_at"]):
        last[date.fromisoformat(manifest["metadata"]["generated_at"][:10])] = manifest
    rows = sample_warehouse.sql(
        "SELECT coverage_date, model_count, tested_model_count, described_model_count, contract_model_count, "
        "source_count, described_source_count, freshness_source_count FROM v1.coverage_history WHERE environment = ?",
        [environment],
    ).fetchall()
    assert {row[0]: row[1:] for row in rows} == {day: coverage(manifest) for day, manifest in last.items()}
    assert len({row[1:] for row in rows}) > 1


def test_a_rate_of_nothing_is_null(tmp_path: Path) -> None:
    with loaded_manifest(tmp_path, source("orders")) as wh:
        rates = wh.sql("SELECT tested_model_rate, freshness_source_rate FROM v1.coverage_history").fetchall()
    assert rates == [(None, 1.0)]
