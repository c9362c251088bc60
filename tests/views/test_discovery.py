"""What exists, how it stands and how it came about: the discovery views against the JSON files themselves.

The expected answers are counted here, with plain ``json``; the oracle only says which artifact is the current one.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import builders
import pytest
from comparison import NODE, differences, rows_by
from oracle import EARLIEST, Artifact, Oracle, as_dict, find_files, number, parse_time
from testdata import SAMPLES, Loaded, release_only

from artifact_warehouse import Warehouse

Entry = dict[str, Any]
Rows = dict[tuple, dict[str, Any]]

SECTIONS = {
    **{"nodes": None, "sources": "source", "exposures": "exposure", "reports": "exposure", "metrics": "metric"},
    **{"semantic_models": "semantic_model", "saved_queries": "saved_query", "unit_tests": "unit_test"},
    **{"functions": "function", "macros": "macro", "docs": "doc", "groups": "group"},
}
SECONDS = {"minute": 60, "hour": 3600, "day": 86400}
ROW_COUNTS = ("row_count", "num_rows", "rows")
SIZES = ("bytes", "num_bytes", "size")


# ---------------------------------------------------------------- reading the files


def read_json(path: Path) -> tuple[str, Any]:
    """The sha256 of a file's content, and the content."""
    content = path.read_bytes()
    content = gzip.decompress(content) if path.suffix == ".gz" else content
    return hashlib.sha256(content).hexdigest(), content


def current_files(folder: Path, oracle: Oracle) -> Iterator[tuple[Artifact, Any]]:
    """Every current artifact below the folder with its decoded content, each once."""
    seen = set()
    for path in find_files([folder]):
        sha256, content = read_json(path)
        artifact = oracle.by_sha.get(sha256)
        if artifact and artifact.is_current and sha256 not in seen:
            seen.add(sha256)
            yield artifact, json.loads(content)


def group_of(artifact: Artifact) -> tuple[str | None, str | None]:
    return artifact.project, artifact.environment


def blank(value: Any) -> Any:
    """None for every way to say nothing."""
    return None if value in ("", [], {}) else value


def as_text(value: Any) -> str | None:
    """A value of JSON as a text column shows it."""
    return blank(value) if value is None or isinstance(value, str) else json.dumps(value)


def plain_time(value: Any) -> datetime | None:
    """A time of JSON as a TIMESTAMP column shows it; dbt writes year 1 for none."""
    moment = parse_time(value)
    return moment.astimezone(timezone.utc).replace(tzinfo=None) if moment and moment.year > 1700 else None


def entries(manifest: dict) -> Iterator[tuple[str, str | None, Entry, bool]]:
    """(unique_id, resource_type, entry, is_enabled) of all that a manifest has; an id once, the live one first."""
    seen = set()
    for section, resource_type in SECTIONS.items():
        for unique_id, entry in as_dict(manifest.get(section)).items():
            seen.add(unique_id)
            yield unique_id, resource_type or entry.get("resource_type"), entry, True
    disabled = manifest.get("disabled") or []
    for items in disabled.values() if isinstance(disabled, dict) else [disabled]:
        for entry in items if isinstance(items, list) else [items]:
            unique_id = entry["unique_id"]
            if unique_id not in seen:
                seen.add(unique_id)
                yield unique_id, entry.get("resource_type") or unique_id.split(".")[0], entry, False


# ---------------------------------------------------------------- what the views should say


def config(entry: Entry) -> dict:
    return as_dict(entry.get("config"))


def parents(entry: Entry) -> list[str] | None:
    return blank(sorted({p for p in as_dict(entry.get("depends_on")).get("nodes") or [] if isinstance(p, str)}))


def threshold(criteria: Any, name: str) -> float | None:
    """{count, period} in seconds."""
    limit = as_dict(as_dict(criteria).get(name))
    count, period = limit.get("count"), limit.get("period")
    return float(count * SECONDS[period]) if count is not None and period in SECONDS else None


def names(items: Any) -> list[str] | None:
    return blank([item.get("name") for item in items or []])


def common(entry: Entry) -> dict[str, Any]:
    return {
        "name": entry.get("name"),
        "description": blank(entry.get("description")),
        "original_file_path": blank(entry.get("original_file_path")),
    }


def relation(entry: Entry) -> dict[str, Any]:
    return {
        "materialized": config(entry).get("materialized"),
        "raw_code": blank(entry.get("raw_code", entry.get("raw_sql"))),
        "tags": blank(sorted(set(entry.get("tags") or config(entry).get("tags") or []))),
        "schema_name": blank(entry.get("schema")),
        "alias": blank(entry.get("alias")),
        "depends_on_nodes": parents(entry),
        "meta": blank(entry.get("meta") or config(entry).get("meta")),
        "fqn": blank(entry.get("fqn")),
    }


def model(entry: Entry) -> dict[str, Any]:
    contract = entry.get("contract")
    return {
        **relation(entry),
        "group_name": entry.get("group"),
        "access": entry.get("access") or config(entry).get("access") or "protected",
        "version": as_text(entry.get("version")),
        "latest_version": as_text(entry.get("latest_version")),
        "is_contract_enforced": bool(contract.get("enforced") if isinstance(contract, dict) else contract),
    }


def source(entry: Entry) -> dict[str, Any]:
    freshness = entry.get("freshness") or config(entry).get("freshness")
    return {
        "source_name": entry.get("source_name"),
        "source_description": blank(entry.get("source_description")),
        "identifier": blank(entry.get("identifier")),
        "loader": blank(entry.get("loader")),
        "loaded_at_field": blank(entry.get("loaded_at_field")) or blank(config(entry).get("loaded_at_field")),
        "warn_after_seconds": threshold(freshness, "warn_after"),
        "error_after_seconds": threshold(freshness, "error_after"),
        "freshness_filter": blank(as_dict(freshness).get("filter")),
    }


def exposure(entry: Entry) -> dict[str, Any]:
    return {
        "exposure_type": entry.get("type"),
        "label": blank(entry.get("label")),
        "maturity": blank(entry.get("maturity")),
        "url": blank(entry.get("url")),
        "owner_name": blank(as_dict(entry.get("owner")).get("name")),
        "owner_email": blank(as_dict(entry.get("owner")).get("email")),
        "depends_on_nodes": parents(entry),
    }


def metric(entry: Entry, manifest: dict) -> dict[str, Any]:
    """Up to v6 `type` and `sql`, in v7 to v9 `calculation_method` and `expression`, since then MetricFlow's."""
    params = as_dict(entry.get("type_params"))
    is_old = "type_params" not in entry
    method = entry.get("calculation_method", entry.get("type")) if is_old else None
    semantics = [
        found
        for parent in parents(entry) or []
        if (found := as_dict(manifest.get("semantic_models")).get(parent)) is not None
    ]
    models = {p for p in parents(entry) or [] if p.startswith("model.")}
    models = models or {(as_dict(s.get("depends_on")).get("nodes") or [None])[0] for s in semantics}
    inputs = [m.get("name") for m in params.get("metrics") or []] + [ref[-1] for ref in entry.get("metrics") or []]
    inputs += [as_dict(params.get(part)).get("name") for part in ("numerator", "denominator")]
    dimensions = sorted({d["name"] for s in semantics for d in s.get("dimensions") or []})
    return {
        "label": blank(entry.get("label")),
        "calculation_method": blank(method),
        "metric_type": method if is_old else entry.get("type"),
        "expression": blank(entry.get("expression", entry.get("sql")))
        if is_old
        else blank(params.get("expr")) or as_dict(params.get("measure")).get("name"),
        "timestamp": blank(entry.get("timestamp")),
        "time_grains": blank(entry.get("time_grains")),
        "dimensions": blank(entry.get("dimensions")) or blank(dimensions),
        "model_unique_id": entry.get("model_unique_id") or (models.pop() if len(models) == 1 else None),
        "input_metric_names": blank(sorted({name for name in inputs if name})),
        "depends_on_nodes": parents(entry),
    }


def semantic_model(entry: Entry) -> dict[str, Any]:
    return {
        "model_unique_id": (as_dict(entry.get("depends_on")).get("nodes") or [None])[0],
        "primary_entity": blank(entry.get("primary_entity")),
        "entities": names(entry.get("entities")),
        "dimensions": names(entry.get("dimensions")),
        "measures": names(entry.get("measures")),
    }


def saved_query(entry: Entry) -> dict[str, Any]:
    return {
        "label": blank(entry.get("label")),
        "metrics": blank(as_dict(entry.get("query_params")).get("metrics")),
        "exports": names(entry.get("exports")),
        "depends_on_nodes": parents(entry),
    }


def unit_test(entry: Entry) -> dict[str, Any]:
    return {
        "model": entry.get("model"),
        "given_count": len(entry.get("given") or []),
        "depends_on_nodes": parents(entry),
    }


def macro(entry: Entry) -> dict[str, Any]:
    used = as_dict(entry.get("depends_on")).get("macros") or []
    return {
        "macro_sql": blank(entry.get("macro_sql", entry.get("raw_sql"))),
        "arguments": names(entry.get("arguments")),
        "depends_on_macros": blank(sorted(set(used))),
    }


def group(entry: Entry) -> dict[str, Any]:
    owner = as_dict(entry.get("owner"))
    return {"owner_name": blank(owner.get("name")), "owner_email": blank(owner.get("email"))}


VIEWS: dict[str, tuple[str, Callable[..., dict[str, Any]]]] = {
    "models": ("model", model),
    "seeds": ("seed", relation),
    "snapshots": ("snapshot", relation),
    "sources": ("source", source),
    "exposures": ("exposure", exposure),
    "metrics": ("metric", metric),
    "semantic_models": ("semantic_model", semantic_model),
    "saved_queries": ("saved_query", saved_query),
    "unit_tests": ("unit_test", unit_test),
    "macros": ("macro", macro),
    "groups": ("group", group),
    "docs": ("doc", lambda entry: {"block_contents": blank(entry.get("block_contents"))}),
    "functions": ("function", lambda entry: {"depends_on_nodes": parents(entry)}),
}


def expected_row(view: str, entry: Entry, manifest: dict, is_enabled: bool) -> dict[str, Any]:
    row = VIEWS[view][1](entry, manifest) if view == "metrics" else VIEWS[view][1](entry)
    if view == "docs":
        return {"name": entry.get("name"), **row}
    return {**common(entry), **row, "is_enabled": is_enabled}


def shown(view: str, row: dict[str, Any]) -> dict[str, Any]:
    """A view's row in the terms of `expected_row`."""
    row = {key: blank(value) for key, value in row.items()}
    for key in ("depends_on_nodes", "depends_on_macros", "tags"):
        if row.get(key) and not (view == "metrics" and key == "tags"):
            row[key] = sorted(set(row[key]))
    for key in ("entities", "measures", "exports", "arguments", "dimensions"):
        if isinstance(row.get(key), str):
            row[key] = names(json.loads(row[key]))
    if isinstance(row.get("meta"), str):
        row["meta"] = json.loads(row["meta"])
    if view == "saved_queries":
        row["metrics"] = blank(json.loads(row["query_params"] or "{}").get("metrics"))
    if view == "unit_tests":
        row["given_count"] = len(json.loads(row["given"] or "[]"))
    return row


class Facts:
    """What the files of a folder say, by view."""

    def __init__(self, folder: Path, oracle: Oracle) -> None:
        self.views: dict[str, Rows] = {view: {} for view in VIEWS}
        self.nodes: set[tuple] = set()
        self.declared: dict[tuple, dict[str, Entry]] = {}
        self.catalogued: dict[tuple, tuple[Any, Entry]] = {}
        self.stat_history: Rows = {}
        self.checks: Rows = {}
        current = {artifact.sha256: key for key, artifact in oracle.current_manifests().items()}
        for artifact, content in current_files(folder, oracle):
            if artifact.sha256 in current:
                self._add_manifest(current[artifact.sha256], content)
            elif artifact.kind == "catalog":
                self._add_catalog(artifact, content)
            elif artifact.kind == "sources":
                self._add_sources(artifact, content)

    def _add_manifest(self, key: tuple, manifest: dict) -> None:
        by_type = {resource_type: view for view, (resource_type, _) in VIEWS.items()}
        for unique_id, resource_type, entry, is_enabled in entries(manifest):
            self.nodes.add((*key, unique_id))
            columns = entry.get("columns") or {}
            columns = list(columns.values()) if isinstance(columns, dict) else columns
            self.declared[(*key, unique_id)] = {column["name"]: column for column in columns}
            if view := by_type.get(resource_type):
                row = expected_row(view, entry, manifest, is_enabled)
                self.views[view][(*key, unique_id)] = row

    def _add_catalog(self, artifact: Artifact, catalog: dict) -> None:
        clock = (artifact.generated_at or EARLIEST, -int(artifact.sha256, 16))
        for section in ("nodes", "sources"):
            for unique_id, entry in as_dict(catalog.get(section)).items():
                key = (*group_of(artifact), unique_id)
                known = self.catalogued.get(key)
                if known is None or clock > known[0]:
                    self.catalogued[key] = (clock, entry)

    def _add_sources(self, artifact: Artifact, content: dict) -> None:
        listed = [
            (r.get("unique_id") or as_dict(r.get("node")).get("unique_id"), r) for r in content.get("results") or []
        ]
        for unique_id, check in [*as_dict(content.get("sources")).items(), *listed]:
            criteria = check.get("criteria") or as_dict(check.get("node")).get("freshness")
            newest = plain_time(check.get("max_loaded_at"))
            age = number(check.get("max_loaded_at_time_ago_in_s", check.get("age")))
            self.checks[artifact.invocation_id, unique_id] = {
                "project_name": artifact.project,
                "environment": artifact.environment,
                "status": check.get("status") or check.get("state"),
                "max_loaded_at": newest,
                "snapshotted_at": plain_time(check.get("snapshotted_at")),
                "max_loaded_at_age_seconds": age if newest else None,
                "warn_after_seconds": threshold(criteria, "warn_after"),
                "error_after_seconds": threshold(criteria, "error_after"),
                "error": as_text(check.get("error")),
                "execution_seconds": number(check.get("execution_time")),
                "generated_at": artifact.generated_at.replace(tzinfo=None) if artifact.generated_at else None,
            }

    def columns(self) -> Rows:
        """The union of what is declared and what is catalogued; names match without regard to case."""
        found: Rows = {}
        for key in self.nodes:
            declared = self.declared.get(key, {})
            catalogued = as_dict(self.catalogued.get(key, (None, {}))[1].get("columns"))
            in_database = {column.get("name") or name: column for name, column in catalogued.items()}
            folded = {name.lower() for name in in_database}
            for name, column in in_database.items():
                same = [other for other in sorted(declared) if other.lower() == name.lower()]
                mine = declared[name if name in declared else same[0]] if same else {}
                found[(*key, name)] = self._column(mine, column)
            for name, column in declared.items():
                if name.lower() not in folded:
                    found[(*key, name)] = self._column(column, {})
        return found

    @staticmethod
    def _column(declared: Entry, catalogued: Entry) -> dict[str, Any]:
        return {
            "description": blank(declared.get("description")),
            "declared_data_type": blank(declared.get("data_type")),
            "data_type": blank(catalogued.get("type")) or blank(declared.get("data_type")),
            "comment": blank(catalogued.get("comment")),
        }

    def stats(self) -> Rows:
        found: Rows = {}
        for key in self.nodes & self.catalogued.keys():
            for stat_id, stat in as_dict(self.catalogued[key][1].get("stats")).items():
                if stat_id != "has_stats":
                    found[(*key, stat.get("id") or stat_id)] = {
                        "label": blank(stat.get("label")),
                        "description": blank(stat.get("description")),
                        "value": as_text(stat.get("value")),
                        "value_double": number(stat.get("value")),
                    }
        return found

    def relations(self) -> Rows:
        """Type, owner, rows and bytes of every node that a catalog has."""
        found: Rows = {}
        for key in self.nodes & self.catalogued.keys():
            entry = self.catalogued[key][1]
            values = {name: number(as_dict(stat).get("value")) for name, stat in as_dict(entry.get("stats")).items()}
            found[key] = {
                "catalog_type": blank(as_dict(entry.get("metadata")).get("type")),
                "catalog_owner": blank(as_dict(entry.get("metadata")).get("owner")),
                "row_count": next((int(values[n]) for n in ROW_COUNTS if values.get(n) is not None), None),
                "size_bytes": next((int(values[n]) for n in SIZES if values.get(n) is not None), None),
            }
        return found

    def last_checks(self) -> Rows:
        """The last check of every source of a current manifest, in the words of v1.sources."""
        latest: dict[tuple, tuple[Any, dict]] = {}
        for (invocation_id, unique_id), check in self.checks.items():
            key = (check["project_name"], check["environment"], unique_id)
            earliest = datetime.min
            clock = (
                check["snapshotted_at"] or check["generated_at"] or earliest,
                check["generated_at"] or earliest,
                invocation_id,
            )
            if key not in latest or clock > latest[key][0]:
                latest[key] = (clock, check)
        return {
            key: {
                "is_freshness_checked": key in latest,
                "freshness_status": latest[key][1]["status"] if key in latest else None,
                **{
                    name: latest[key][1][name] if key in latest else None
                    for name in ("max_loaded_at", "snapshotted_at", "max_loaded_at_age_seconds")
                },
            }
            for key in self.views["sources"]
        }


@pytest.fixture(scope="session")
def facts(loaded: Loaded) -> Facts:
    return Facts(loaded.folder, loaded.oracle)


# ---------------------------------------------------------------- what exists


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_has_the_entries_of_the_current_manifests(loaded: Loaded, facts: Facts, view: str) -> None:
    expected = facts.views[view]
    actual = {key: shown(view, row) for key, row in rows_by(loaded.warehouse, f"FROM v1.{view}", NODE).items()}
    columns = tuple(next(iter(expected.values()))) if expected else ()
    assert differences(expected, actual, columns) == []


def test_nodes_are_all_that_the_current_manifests_list(loaded: Loaded, facts: Facts) -> None:
    found = loaded.warehouse.sql("SELECT project_name, environment, unique_id FROM v1.nodes").fetchall()
    assert len(found) == len(set(found))
    assert set(found) == facts.nodes


def test_the_samples_have_what_their_project_has(sample_warehouse: Warehouse) -> None:
    """Counted by hand in sample_artifacts/project and project_changes."""
    counts = {
        view: len(sample_warehouse.sql(f"SELECT unique_id FROM v1.{view} WHERE environment = 'prod'").fetchall())
        for view in ("seeds", "snapshots", "sources", "exposures", "metrics", "semantic_models", "saved_queries")
    }
    assert counts == {
        **{"seeds": 2, "snapshots": 2, "sources": 5, "exposures": 2},
        **{"metrics": 3, "semantic_models": 1, "saved_queries": 1},
    }


def old_metrics_manifest(version: int, metrics: list[dict]) -> dict:
    """A manifest of before MetricFlow; the metrics' words are those of its schema version."""
    orders = {"unique_id": "model.shop.orders", "resource_type": "model", "package_name": "shop", "name": "orders"}
    ids = {"generated_at": "2023-01-01T00:00:00Z", "invocation_id": "old", "project_id": "x"}
    return {
        "metadata": builders.metadata("manifest", version, **ids),
        "nodes": {"model.shop.orders": {**orders, "depends_on": {"nodes": []}}},
        "metrics": {
            f"metric.shop.{entry['name']}": {
                **{"unique_id": f"metric.shop.{entry['name']}", "package_name": "shop", "resource_type": "metric"},
                **{"time_grains": ["day", "week"], "dimensions": ["channel"], "timestamp": "ordered_at", **entry},
            }
            for entry in metrics
        },
    }


SUM = {
    **{"name": "revenue", "calculation_method": "sum", "expression": "amount", "metrics": []},
    "depends_on": {"nodes": ["model.shop.orders"]},
}
OLD_SUM = {"name": "revenue", "type": "sum", "sql": "amount", "depends_on": {"nodes": ["model.shop.orders"]}}
RATIO = {
    **{"name": "average", "calculation_method": "derived", "expression": "{{metric('revenue')}} / 2"},
    **{"metrics": [["revenue"]], "depends_on": {"nodes": ["metric.shop.revenue"]}, "model": None},
}
ELSEWHERE = {**RATIO, "name": "elsewhere", "metrics": [["other_package", "revenue"]]}


@pytest.mark.parametrize(
    "version, metrics",
    [(4, [OLD_SUM]), (6, [OLD_SUM]), (7, [SUM, RATIO, ELSEWHERE]), (9, [SUM, RATIO, ELSEWHERE])],
)
def test_metrics_of_before_metricflow(tmp_path: Path, warehouse: Warehouse, version: int, metrics: list[dict]) -> None:
    warehouse.load(builders.write(tmp_path, "manifest", old_metrics_manifest(version, metrics)))
    columns = (
        "metric_type, calculation_method, expression, time_grains, dimensions, model_unique_id, input_metric_names"
    )
    found = {row[0]: row[1:] for row in warehouse.sql(f"SELECT name, {columns} FROM v1.metrics").fetchall()}
    grains, dimensions, derived = ["day", "week"], ["channel"], "{{metric('revenue')}} / 2"
    expected = {
        "revenue": ("sum", "sum", "amount", grains, dimensions, "model.shop.orders", None),
        "average": ("derived", "derived", derived, grains, dimensions, None, ["revenue"]),
        "elsewhere": ("derived", "derived", derived, grains, dimensions, None, ["revenue"]),
    }
    assert found == {entry["name"]: expected[entry["name"]] for entry in metrics}


# ---------------------------------------------------------------- catalogs


def test_columns_are_those_declared_and_those_catalogued(loaded: Loaded, facts: Facts) -> None:
    actual = rows_by(loaded.warehouse, "FROM v1.columns", (*NODE, "column_name"))
    columns = ("description", "declared_data_type", "data_type", "comment")
    assert differences(facts.columns(), actual, columns) == []


def test_relations_are_as_the_latest_catalog_has_them(loaded: Loaded, facts: Facts) -> None:
    columns = ("catalog_type", "catalog_owner", "row_count", "size_bytes")
    nothing = dict.fromkeys(columns)
    for view in ("models", "seeds", "snapshots", "sources"):
        relations = facts.relations()
        expected = {key: relations.get(key, nothing) for key in facts.views[view]}
        assert differences(expected, rows_by(loaded.warehouse, f"FROM v1.{view}", NODE), columns) == []


def test_statistics_are_those_of_the_latest_catalog(loaded: Loaded, facts: Facts) -> None:
    actual = rows_by(loaded.warehouse, "FROM v1.relation_stats", (*NODE, "stat_id"))
    for row in actual.values():
        row["value"] = as_text(row["value"])
    assert differences(facts.stats(), actual, ("label", "description", "value", "value_double")) == []


# ---------------------------------------------------------------- freshness


def test_every_freshness_check_is_there(loaded: Loaded, facts: Facts) -> None:
    actual = rows_by(loaded.warehouse, "FROM v1.source_freshness", ("invocation_id", "unique_id"))
    columns = tuple(next(iter(facts.checks.values()))) if facts.checks else ()
    assert differences(facts.checks, actual, columns) == []


def test_sources_have_their_last_check(loaded: Loaded, facts: Facts) -> None:
    expected = facts.last_checks()
    columns = tuple(next(iter(expected.values()))) if expected else ()
    assert differences(expected, rows_by(loaded.warehouse, "FROM v1.sources", NODE), columns) == []


# ---------------------------------------------------------------- definitions over time


AT_EVERY_MANIFEST = """
WITH moments AS (
    SELECT project_name, environment, graph_id, valid_from AS moment FROM internal.manifest_periods
),
then_valid AS (
    SELECT moments.project_name, moments.environment, moment, unique_id, definition_id
    FROM moments
    JOIN v1.definitions AS d
        ON d.project_name IS NOT DISTINCT FROM moments.project_name AND d.environment = moments.environment
        AND d.valid_from <= moment AND (d.valid_to IS NULL OR moment < d.valid_to)
),
then_listed AS (
    SELECT project_name, environment, moment, unique_id, definition_id
    FROM moments
    JOIN internal.graph_nodes USING (graph_id)
)
SELECT count(*), (SELECT count(*) FROM then_valid), (SELECT count(*) FROM then_listed)
FROM ((FROM then_valid EXCEPT FROM then_listed) UNION ALL (FROM then_listed EXCEPT FROM then_valid))
"""


def test_the_definitions_at_every_manifests_time_are_its_own(loaded: Loaded) -> None:
    [(wrong, valid, listed)] = loaded.warehouse.sql(AT_EVERY_MANIFEST).fetchall()
    assert (wrong, valid) == (0, listed)
    assert listed > 0


def test_the_periods_of_a_node_follow_each_other(loaded: Loaded) -> None:
    """They never overlap, only the last may be open, and each says what came before."""
    wrong = """
        SELECT unique_id FROM (
            SELECT
                unique_id, definition_id, previous_definition_id, valid_from, valid_to, changed_fields,
                lead(valid_from) OVER versions AS next_from, lag(definition_id) OVER versions AS before
            FROM v1.definitions
            WINDOW versions AS (PARTITION BY project_name, environment, unique_id ORDER BY valid_from)
        )
        WHERE valid_from >= valid_to OR valid_to > next_from OR (valid_to IS NULL AND next_from IS NOT NULL)
            OR previous_definition_id IS DISTINCT FROM before
            OR (before <> definition_id AND coalesce(len(changed_fields), 0) = 0)
            OR (before IS NOT DISTINCT FROM definition_id AND changed_fields IS NOT NULL)
            OR (before = definition_id AND valid_from IS NOT DISTINCT FROM next_from)
            OR (before IS NULL AND changed_fields IS NOT NULL)
    """
    assert loaded.warehouse.sql(wrong).fetchall() == []


def test_what_is_open_is_what_is_current(loaded: Loaded, facts: Facts) -> None:
    query = "SELECT project_name, environment, unique_id FROM v1.definitions WHERE valid_to IS NULL"
    assert set(loaded.warehouse.sql(query).fetchall()) == facts.nodes


def timeline(oracle: Oracle) -> dict[tuple, list[Artifact]]:
    """The current manifests of every project and environment by time; of several of one time, the fullest."""
    found: dict[tuple, dict[Any, Artifact]] = defaultdict(dict)
    for artifact in oracle.by_sha.values():
        if artifact.kind == "manifest" and artifact.is_current and artifact.generated_at:
            moments = found[group_of(artifact)]
            known = moments.get(artifact.generated_at, artifact)
            moments[artifact.generated_at] = max(artifact, known, key=lambda a: a.recency)
    return {key: [moments[at] for at in sorted(moments)] for key, moments in found.items()}


def distances(edges: set[tuple[str, str]], start: str) -> dict[str, int]:
    """Breadth first along (from, to)."""
    following = defaultdict(set)
    for one, other in edges:
        following[one].add(other)
    found, here = {start: 0}, [start]
    while here:
        here = [
            other
            for one in here
            for other in following[one]
            if other not in found and not found.update({other: found[one] + 1})
        ]
    return {node: distance for node, distance in found.items() if distance}


def assert_lineage_as_of(wh: Warehouse, artifact: Artifact, nodes: list[str]) -> None:
    at = artifact.generated_at.replace(tzinfo=None)
    upwards = {(child, parent) for parent, child in artifact.edges}
    for macro_name, edges in (("ancestors_at", upwards), ("descendants_at", artifact.edges)):
        for node in nodes:
            query = (
                f"SELECT project_name, environment, unique_id, distance FROM v1.{macro_name}(?, CAST(? AS TIMESTAMP))"
            )
            rows = wh.sql(query, [node, at]).fetchall()
            found = {row[2]: row[3] for row in rows if row[:2] == group_of(artifact)}
            assert found == distances(edges, node), (macro_name, node, at)


def some_nodes(artifact: Artifact, count: int) -> list[str]:
    """A few of the nodes that have an edge, the same ones each time."""
    nodes = sorted({node for edge in artifact.edges for node in edge})
    return nodes[:: max(1, len(nodes) // count)][:count]


def test_lineage_as_of_a_time_is_that_of_the_manifest_of_that_time(sample_warehouse: Warehouse, samples: Path) -> None:
    for manifests in timeline(Oracle.read([samples])).values():
        for artifact in manifests[::2]:
            assert_lineage_as_of(sample_warehouse, artifact, some_nodes(artifact, 3))


def test_before_the_first_manifest_there_is_no_lineage(sample_warehouse: Warehouse) -> None:
    for macro_name in ("ancestors_at", "descendants_at"):
        query = f"FROM v1.{macro_name}('model.harbor_cafe.fct_orders', TIMESTAMP '2000-01-01')"
        assert sample_warehouse.sql(query).fetchall() == []


@pytest.fixture(scope="module")
def datadex(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loaded]:
    """A project whose manifests go from v4 to v11 over three years."""
    found = Loaded(corpus / "Elolewis__datadex", tmp_path_factory.mktemp("datadex") / "datadex.duckdb")
    yield found
    found.warehouse.close()


@pytest.mark.release
@pytest.mark.corpus
def test_a_project_over_seven_schema_versions_has_one_history(datadex: Loaded) -> None:
    manifests = datadex.warehouse.sql(
        "SELECT DISTINCT project_name, schema_version FROM v1.artifacts WHERE kind = 'manifest' AND status = 'loaded'"
    ).fetchall()
    assert len({project for project, _ in manifests}) == 1
    assert {4, 7, 8, 9, 10, 11} <= {version for _, version in manifests}


@pytest.mark.release
@pytest.mark.corpus
def test_the_history_of_a_project_has_the_ids_of_every_manifest(datadex: Loaded) -> None:
    """At every manifest's time the nodes that are valid are those in the file, counted from its JSON."""
    chosen = {a.sha256 for manifests in timeline(datadex.oracle).values() for a in manifests}
    query = """
        SELECT unique_id FROM v1.definitions
        WHERE project_name = ? AND environment = ? AND valid_from <= ? AND (valid_to IS NULL OR ? < valid_to)
    """
    for artifact, content in current_files(datadex.folder, datadex.oracle):
        if artifact.sha256 in chosen:
            at = artifact.generated_at.replace(tzinfo=None)
            found = [row[0] for row in datadex.warehouse.sql(query, [*group_of(artifact), at, at]).fetchall()]
            assert sorted(found) == sorted(unique_id for unique_id, *_ in entries(content))


@pytest.mark.release
@pytest.mark.corpus
def test_lineage_over_seven_schema_versions_is_each_manifests_own(datadex: Loaded) -> None:
    for manifests in timeline(datadex.oracle).values():
        for artifact in manifests[::4]:
            assert_lineage_as_of(datadex.warehouse, artifact, some_nodes(artifact, 2))


# ---------------------------------------------------------------- projects and environments beside each other


NIGHTS = {
    ("harbor", "prod"): "2026-11-01_01_build",
    ("harbor", "dev"): "2026-11-05_01_build",
    ("island", "prod"): "2026-11-03_01_build",
    ("island", "dev"): "2026-11-08_01_build",
}


@pytest.fixture(scope="module")
def beside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Warehouse, dict[tuple, Warehouse]]]:
    """Two projects with two environments in one file, same names in all four; and each in a file of its own."""
    folder = tmp_path_factory.mktemp("beside")
    paths = {key: folder / f"{'_'.join(key)}.duckdb" for key in NIGHTS}
    for (project, environment), night in NIGHTS.items():
        target = SAMPLES / "environment=prod" / "job=nightly" / night
        for path in (folder / "all.duckdb", paths[project, environment]):
            Warehouse(path).load(target, project=project, environment=environment)
    alone = {key: Warehouse(path, read_only=True) for key, path in paths.items()}
    with Warehouse(folder / "all.duckdb", read_only=True) as together:
        yield together, alone
    for wh in alone.values():
        wh.close()


def labelled_views(wh: Warehouse) -> list[str]:
    query = """
        SELECT table_name FROM duckdb_columns() WHERE schema_name = 'v1' AND NOT internal
        GROUP BY table_name HAVING count(*) FILTER (WHERE column_name IN ('project_name', 'environment')) = 2
        ORDER BY table_name
    """
    return [row[0] for row in wh.sql(query).fetchall()]


def rows_by_label(wh: Warehouse, view: str) -> dict[tuple, list[str]]:
    """The rows of a view; without when and whence, and without what has the same content in all."""
    found = defaultdict(list)
    for row in wh.view(view).to_arrow_table().to_pylist():
        if row.get("kind") != "semantic_manifest":
            label = (row["project_name"], row["environment"])
            found[label].append(repr({k: v for k, v in row.items() if k not in ("loaded_at", "uri")}))
    return {label: sorted(rows) for label, rows in found.items()}


@pytest.mark.parametrize("step", [16, *release_only(1)])
def test_nothing_leaks_between_projects_and_environments(
    beside: tuple[Warehouse, dict[tuple, Warehouse]], step: int
) -> None:
    together, alone = beside
    views = labelled_views(together)[::step]
    assert len(views) > 25 // step
    for view in views:
        found = rows_by_label(together, view)
        for key, wh in alone.items():
            assert found.pop(key, []) == rows_by_label(wh, view).get(key, []), (view, key)
        assert not found, view


@pytest.mark.parametrize("name", ["ancestors_of", "descendants_of", "ancestors_at", "descendants_at"])
def test_one_nodes_lineage_does_not_leak_either(beside: tuple[Warehouse, dict[tuple, Warehouse]], name: str) -> None:
    together, alone = beside
    at = ", TIMESTAMP '2026-12-01'" if name.endswith("_at") else ""
    query = f"FROM v1.{name}('model.harbor_cafe.int_order_totals'{at}) ORDER BY ALL"
    expected = sorted(row for wh in alone.values() for row in wh.sql(query).fetchall())
    assert together.sql(query).fetchall() == expected
    assert {row[:2] for row in expected} == set(NIGHTS)


def test_names_may_repeat_and_need_no_filter_where_there_is_only_one(
    beside: tuple[Warehouse, dict[tuple, Warehouse]],
) -> None:
    together, alone = beside
    query = "SELECT count(*) FROM v1.models WHERE unique_id = 'model.harbor_cafe.fct_orders'"
    assert together.sql(query).fetchall() == [(4,)]
    assert [wh.sql(query).fetchall() for wh in alone.values()] == [[(1,)]] * 4
