"""docs/config_fields.md: where each version of dbt writes a field, and that it is read from there."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from builders import artifact, write
from comparison import rows_by
from testdata import ROOT, Loaded, of_samples_daily

from artifact_warehouse import Warehouse

pytestmark = pytest.mark.slow

Json = dict[str, Any]
VERSIONS = ("0.18", "0.19", "0.20", "0.21", *(f"1.{minor}" for minor in range(13)), "2.0")
SECTIONS = {
    **{"nodes": None, "sources": "source", "macros": "macro", "exposures": "exposure", "metrics": "metric"},
    **{"groups": "group", "semantic_models": "semantic_model", "saved_queries": "saved_query"},
    **{"unit_tests": "unit_test", "functions": "function"},
}


class Place(NamedTuple):
    field: str
    resource_type: str
    is_config: bool


def ranges(text: str) -> set[str]:
    """The versions of `0.18 to 0.21, 1.8, from 1.10`."""
    found: set[str] = set()
    for part in filter(None, text.split(", ")):
        first, _, last = part.removeprefix("from ").partition(" to ")
        last = VERSIONS[-1] if part.startswith("from ") else last or first
        found |= {*VERSIONS[VERSIONS.index(first) : VERSIONS.index(last) + 1]}
    return found


def table() -> tuple[dict[Place, set[str]], dict[tuple[str, str], list[str]]]:
    """The versions of each place, and the columns of each field of a resource type."""
    versions, columns = {}, {}
    for line in (ROOT / "docs" / "config_fields.md").read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| ") and cells[0] != "field":
            field, resource_type, top, config, read = cells
            columns[field, resource_type] = re.findall(r"`(\w+)`", read)
            versions[Place(field, resource_type, False)] = ranges(top)
            versions[Place(field, resource_type, True)] = ranges(config)
    return versions, columns


WRITTEN, READ = table()
FIELDS = {field for field, _ in READ}


def version_of(document: Json) -> str | None:
    """The minor version of a final release; up to 0.18 the file has none, and its clock outside of the metadata."""
    said = str(document.get("metadata", {}).get("dbt_version") or "")
    if not said:
        return "0.18" if document.get("generated_at") else None
    match = re.fullmatch(r"([01]\.\d+)\.\d+", said)
    return "2.0" if said.startswith("2.0.") else match[1] if match else None


MISLABELLED = "no_test_metadata"
"""A manifest of dbt 0.20 by its shape, edited to say 1.8: OpenLineage/OpenLineage."""


def manifests(folder: Path) -> Iterator[tuple[Path, Json]]:
    for path in folder.rglob("*manifest*.json"):
        if MISLABELLED in path.name:
            continue
        try:
            document = json.loads(path.read_bytes())
        except ValueError:
            continue
        if isinstance(document, dict) and isinstance(document.get("nodes"), dict):
            yield path, document


def entries(document: Json) -> Iterator[tuple[str, str, Json]]:
    """Every live entry and every declared column: its resource type, the unique_id, and what it says."""
    for section, resource_type in SECTIONS.items():
        content = document.get(section)
        for unique_id, entry in content.items() if isinstance(content, dict) else ():
            kind = resource_type or str(entry.get("resource_type"))
            yield kind, unique_id, entry
            columns = entry.get("columns")
            yield from (
                (f"{kind} column", unique_id, c) for c in (columns.values() if isinstance(columns, dict) else ())
            )


def config_of(entry: Json) -> Json:
    return entry["config"] if isinstance(entry.get("config"), dict) else {}


@pytest.mark.release
def test_real_manifests_write_each_field_where_the_table_says(loaded: Loaded) -> None:
    """A version writes what it is said to write, and nowhere else; users may set any key of a config before that."""
    seen: Counter[tuple[Place, str]] = Counter()
    present: dict[tuple[Place, str], Path] = {}
    for path, document in manifests(loaded.folder):
        version = version_of(document)
        for resource_type, _, entry in entries(document) if version else ():
            for field in FIELDS:
                for is_config, content in ((False, entry), (True, config_of(entry))):
                    place = Place(field, resource_type, is_config)
                    seen[place, version] += 1
                    if field in content:
                        present.setdefault((place, version), path)
    unsaid = {
        (place, version): path
        for (place, version), path in present.items()
        if version not in WRITTEN.get(place, ()) and not (place.is_config and is_before(version, WRITTEN.get(place)))
    }
    assert unsaid == {}
    if loaded.folder.name == "corpus":
        missing = {
            (place, version)
            for (place, version), count in seen.items()
            if version in WRITTEN.get(place, ()) and count > 20 and (place, version) not in present and version != "2.0"
        }
        assert missing == set()
    assert len(present) > 50


def is_before(version: str, versions: set[str] | None) -> bool:
    return bool(versions) and VERSIONS.index(version) < min(map(VERSIONS.index, versions))


VALUES: dict[str, Any] = {
    "access": "private",
    "contract": {"enforced": True},
    "docs": {"node_color": "gold", "show": False},
    "event_time": "at",
    "freshness": {
        "warn_after": {"count": 1, "period": "hour"},
        "error_after": {"count": 2, "period": "day"},
        "filter": "x",
    },
    "group": "finance",
    "loaded_at_field": "at",
    "loaded_at_query": "select 1",
    "meta": {"a": 1},
    "owner": {"name": "Ann", "email": "ann@shop.example"},
    "quoting": {"database": False},
    "tags": ["nightly"],
}
SHOWN: dict[str, Any] = {
    "access": "private",
    "is_contract_enforced": True,
    "warn_after_seconds": 3600.0,
    "error_after_seconds": 172800.0,
    "freshness_filter": "x",
    "group_name": "finance",
    "loaded_at_field": "at",
    "meta": {"a": 1},
    "owner_name": "Ann",
    "owner_email": "ann@shop.example",
    "tags": ["nightly"],
}
VIEWS = {
    **{"exposure": "exposures", "group": "groups", "metric": "metrics", "semantic_model": "semantic_models"},
    **{"saved_query": "saved_queries", "unit_test": "nodes", "source": "sources"},
}


PLACES = {
    place: f"{place.resource_type.partition(' ')[0]}.shop.it{number}"
    for number, (place, versions) in enumerate(WRITTEN.items())
    if versions
}
"""Each place where a version of dbt writes a field, and the node that has the field there alone."""


def entry_of(place: Place) -> Json:
    value = VALUES[place.field]
    said: Json = {"config": {place.field: value}} if place.is_config else {place.field: value}
    resource_type, _, is_column = place.resource_type.partition(" ")
    names = {"unique_id": PLACES[place], "name": PLACES[place].rpartition(".")[2], "package_name": "shop"}
    entry = {"columns": {"id": {"name": "id", **said}}} if is_column else said
    return {**names, "resource_type": resource_type, **entry}


def test_a_field_is_read_from_every_place_where_dbt_writes_it(tmp_path: Path, warehouse: Warehouse) -> None:
    sections: dict[str, Json] = {"nodes": {}, "macros": {}}
    for place, unique_id in PLACES.items():
        resource_type = place.resource_type.partition(" ")[0]
        section = next((name for name, kind in SECTIONS.items() if kind == resource_type), "nodes")
        sections.setdefault(section, {})[unique_id] = entry_of(place)
    metadata = {"project_name": "shop", "generated_at": "2026-10-01T06:00:00Z", "dbt_version": "1.12.0"}
    warehouse.load(write(tmp_path, "manifest", artifact("manifest", metadata, **sections)))
    views = {
        name: rows_by(warehouse, f"FROM v1.{name}", ("unique_id",)) for name in {"nodes", "columns", *VIEWS.values()}
    }
    for place, unique_id in PLACES.items():
        resource_type, _, is_column = place.resource_type.partition(" ")
        row = views["columns" if is_column else VIEWS.get(resource_type, "nodes")][unique_id,]
        for column in READ[place.field, place.resource_type]:
            is_json = column in ("config", "extra")
            other_place = "extra" if place.is_config else "config"
            if column == other_place and len(READ[place.field, place.resource_type]) > 1:
                continue
            if is_json:
                assert json.loads(row[column])[place.field] == VALUES[place.field], place
            else:
                assert (json.loads(row[column]) if column == "meta" else row[column]) == SHOWN[column], place


@of_samples_daily
def test_the_current_nodes_have_the_values_of_their_manifests(loaded: Loaded) -> None:
    """Counted from the files: what the entry says, else what its config says."""
    columns = "unique_id, tags, CAST(meta AS VARCHAR), group_name, access, is_contract_enforced"
    query = (
        f"SELECT manifest_generated_at, {columns} FROM v1.nodes WHERE is_enabled AND manifest_generated_at IS NOT NULL"
    )
    found: dict[tuple[str, str], list[tuple[Any, ...]]] = {}
    for generated_at, unique_id, *values in loaded.warehouse.sql(query).fetchall():
        found.setdefault((f"{generated_at:%Y-%m-%dT%H:%M:%S.%f}", unique_id), []).append(tuple(values))
    unlike: set[tuple[str, str]] = set()
    alike: set[tuple[str, str]] = set()  # edited copies of a manifest have its time
    for _, document in manifests(loaded.folder):
        written_at = str(document.get("metadata", {}).get("generated_at") or document.get("generated_at"))[:26].rstrip(
            "Z"
        )
        for resource_type, unique_id, entry in entries(document):
            nodes = found.get((written_at, unique_id), [])
            if not nodes or "column" in resource_type:
                continue
            config = config_of(entry)
            tags, meta, group, access, contract = (
                entry.get(field) or config.get(field) for field in ("tags", "meta", "group", "access", "contract")
            )
            enforced = bool(contract.get("enforced") if isinstance(contract, dict) else contract)
            is_model = resource_type == "model"
            expected = (
                ([tags] if isinstance(tags, str) else tags) or None,
                meta or None,
                group or None,
                access or ("protected" if is_model else None),
                enforced if is_model or enforced else None,
            )
            shown = [
                (t, m and json.loads(m), g, a if is_model or a != "protected" else None, c) for t, m, g, a, c in nodes
            ]
            (alike if expected in shown else unlike).add((written_at, unique_id))
    assert unlike - alike == set()
    assert len(alike) > 100
