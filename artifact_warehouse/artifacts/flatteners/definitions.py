"""Splits an entry of a manifest, of any version, into a definition and a rendering.

The *definition* is what the author wrote, with the keys of the newest schema. Its hash is its identity, so it has
nothing that dbt adds by itself: no defaults, empty values or times. The *rendering* has what depends on where and when
the project was compiled. Together they have everything of the entry but `created_at`, the time of parsing.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from artifact_warehouse.artifacts.flatteners.declared_columns import declared_columns
from artifact_warehouse.artifacts.flatteners.rows import Rows
from artifact_warehouse.artifacts.flatteners.values import (
    boolean,
    obj,
    package_of,
    text,
    texts,
    to_json,
    without,
    without_empty,
)
from artifact_warehouse.schema import hash_text, normalise_time

SECTION_TYPES = {
    "sources": "source",
    "macros": "macro",
    "docs": "doc",
    "exposures": "exposure",
    "reports": "exposure",
    "metrics": "metric",
    "groups": "group",
    "semantic_models": "semantic_model",
    "saved_queries": "saved_query",
    "unit_tests": "unit_test",
    "functions": "function",
}
"""The resource type of each section's entries. Entries of `nodes` and `disabled` name their own."""

_RENDERED = {
    *("injected_sql", "wrapped_sql", "deferred", "defer_relation", "state_relation", "index"),
    *("root_path", "doc_blocks", "primary_key", "file_key_name", "attached_node", "generated_sql_file"),
    *("config_call_dict", "unrendered_config_call_dict", "docrefs", "seed_file_path", "empty"),
    *("_event_status", "_pre_injected_sql", "static_analysis", "classifiers", "node_relation"),
    *("unrendered_config", "unrendered_database", "unrendered_schema"),
}
"""Fields of the rendering: dbt derives or adds them, or they depend on the machine."""

VOLATILE = {
    *("compiled", "compiled_code", "compiled_sql", "compiled_path", "build_path", "extra_ctes", "extra_ctes_injected"),
    *("created_at", "depends_on"),
}
"""Fields that may differ between two manifests of an unchanged project: see `Template`."""

_VOLATILE_EXTRA = VOLATILE - {"compiled_code", "compiled_sql", "created_at", "depends_on"}

_RENDERED_CONFIG = {"database", "schema", "target_database", "target_schema"}
"""Keys of a config that depend on the target. `unrendered_config` has them as the author wrote them."""

_CONFIG_DEFAULTS: dict[str, Any] = {
    "enabled": True,
    "on_schema_change": "ignore",
    "on_configuration_change": "apply",
    "fail_calc": "count(*)",
    "lookback": 1,
    "docs": {"show": True},
    "cache": {"enabled": False},
    "quoting": {"database": True, "identifier": True, "schema": True, "snowflake_ignore_case": False},
    "delimiter": ",",
    "access": "protected",
}
"""Values that dbt fills in. They are left out, so that a default added by a new dbt changes no definition."""

_CONFIG_COLUMNS = {"materialized", "severity", "warn_if", "error_if", "static_analysis", "schema_origin"}
"""Keys of a config with a column of their own, and keys that dbt sets."""

_ALSO_IN_CONFIG = ("meta", "tags", "contract", "access", "group", "docs")
_SOURCE_ALSO_IN_CONFIG = ("freshness", "loaded_at_field", "loaded_at_query")
"""Fields that some versions of dbt write under `config` only: docs/config_fields.md."""

_DEFAULTS = {"docs": {"show": True}, "supported_languages": ["sql"]}

_NOT_MATERIALIZED = {"group", "exposure", "metric", "semantic_model", "saved_query", "macro", "doc", "unit_test"}

KNOWN_FIELDS = {
    *("unique_id", "resource_type", "package_name", "name", "path", "original_file_path", "patch_path", "fqn"),
    *("description", "language", "tags", "meta", "config", "owner", "group", "access", "contract", "version"),
    *("latest_version", "deprecation_date", "raw_code", "raw_sql", "macro_sql", "depends_on", "columns"),
    *("database", "schema", "alias", "identifier", "relation_name", "checksum", "compiled_code"),
    *("compiled_sql", "test_metadata", "column_name", "block_contents", "file_contents"),
    *("refs", "sources", "metrics", "functions", "unrendered_config", "docs", "constraints", "time_spine"),
    *("arguments", "supported_languages", "returns", "return_type", "label", "maturity", "type", "url"),
    *("loader", "loaded_at_field", "loaded_at_query", "freshness", "external", "quoting", "source_name"),
    *("source_description", "source_meta", "unrendered_database", "unrendered_schema", "expression", "sql"),
    *("calculation_method", "dimensions", "entities", "measures", "filter", "filters", "model", "metadata"),
    *("model_unique_id", "time_grains", "time_granularity", "timestamp", "type_params", "window", "defaults"),
    *("node_relation", "primary_entity", "exports", "query_params", "given", "expect", "overrides"),
    *("versions", "tested_node_unique_id", "query_tag", "dimension", "entity"),
    *VOLATILE,
    *_RENDERED,
}
"""Every field of an entry that dbt up to 2.0 has written. Others are counted in `unknown_fields`."""


class Entry(NamedTuple):
    """The ids of the definition and the rendering of a manifest's entry."""

    unique_id: str
    definition_id: str
    rendering_id: str | None
    package_name: str | None
    is_compiled: bool


class Template(NamedTuple):
    """An entry without its VOLATILE fields. In the next manifests mostly only those fields change."""

    unique_id: str
    definition_id: str
    package_name: str | None
    rendering: dict[str, Any]
    extra: dict[str, Any]


def add_entry(
    entry: dict[str, Any],
    resource_type: str | None,
    rows: Rows,
    is_enabled: bool = True,
    is_shadowed: bool = False,
) -> Entry:
    """Add the definition and the rendering of an entry. `resource_type` is that of its section, if it has one."""
    return add_rendering(add_template(entry, resource_type, rows, is_enabled, is_shadowed), entry, rows)


def add_template(
    entry: dict[str, Any],
    resource_type: str | None,
    rows: Rows,
    is_enabled: bool = True,
    is_shadowed: bool = False,
) -> Template:
    """Add the definition of an entry. Of its VOLATILE fields only the parents in `depends_on` are read."""
    rest = _in_newest_schema(entry, resource_type)
    attached = text(rest.get("attached_node"))
    rendering, extra = _take_rendering(rest, rows)
    definition, columns = _take_definition(rest, attached, rows)
    definition["is_enabled"] = is_enabled
    definition["is_shadowed"] = is_shadowed or None
    definition["extra"] = to_json(
        {key: value for key, value in without_empty(rest).items() if _DEFAULTS.get(key) != value}
    )
    definition_id = _add_definition(definition, columns, rows)
    return Template(definition["unique_id"], definition_id, definition["package_name"], rendering, extra)


def add_rendering(template: Template, entry: dict[str, Any], rows: Rows) -> Entry:
    """Add the rendering: the part in the template, and the VOLATILE fields of the entry."""
    compiled_code = text(entry.get("compiled_code")) or text(entry.get("compiled_sql"))
    own = {
        "compiled_code_id": rows.add_text(compiled_code),
        "depends_on_macros": texts(obj(entry.get("depends_on")).get("macros")),
        "extra": to_json({**template.extra, **without_empty({key: entry.get(key) for key in _VOLATILE_EXTRA})}),
    }
    rendering = template.rendering | {key: value for key, value in own.items() if value is not None}
    return Entry(
        unique_id=template.unique_id,
        definition_id=template.definition_id,
        rendering_id=rows.add_content("renderings", {"definition_id": template.definition_id, **rendering})
        if rendering
        else None,
        package_name=template.package_name,
        is_compiled=bool(entry.get("compiled")),
    )


def _add_definition(definition: dict[str, Any], columns: list[dict[str, Any]], rows: Rows) -> str:
    """Add a definition and its columns. The columns are part of its hash, but have a table of their own."""
    definition["columns_id"] = hash_text(to_json(columns) or "") if columns else None
    content = {key: value for key, value in definition.items() if value is not None}
    definition_id = hash_text(f"definition:{to_json(content)}")
    if rows.is_new(definition_id):
        rows.add("definitions", definition_id=definition_id, **content)
        for column in columns:
            rows.add("definition_columns", definition_id=definition_id, **column)
    return definition_id


def _in_newest_schema(entry: dict[str, Any], resource_type: str | None) -> dict[str, Any]:
    """The entry with the keys and the shapes of the newest schema."""
    entry = dict(entry)
    entry["resource_type"] = resource_type or text(entry.get("resource_type"))
    if entry["resource_type"] == "data_test":  # previews of dbt 1.8
        entry["resource_type"] = "test"
    if resource_type == "macro":  # a macro's `raw_sql` is its whole file
        entry["raw_code"] = entry.pop("macro_sql", None)
    for old, new in (("raw_sql", "raw_code"), ("block_contents", "raw_code")):
        if old in entry and resource_type != "macro":
            entry.setdefault(new, entry.pop(old))
    if resource_type == "metric":
        _modernise_metric(entry)
    if "refs" in entry:
        entry["refs"] = _refs(entry["refs"])
    return entry


def _modernise_metric(entry: dict[str, Any]) -> None:
    """Rename `sql` and `type` of manifests up to v6 to the names of v7 to v9."""
    if "sql" in entry:
        entry.setdefault("expression", entry.pop("sql"))
        entry.setdefault("calculation_method", entry.pop("type", None))


def _refs(refs: Any) -> list[Any]:
    """The refs as {name, package, version}, the form since v9. Up to v8 each is [package, name] or [name]."""
    if not isinstance(refs, list):
        return []
    objects = [
        {"name": ref[-1], "package": ref[0] if len(ref) > 1 else None} if isinstance(ref, list) and ref else ref
        for ref in refs
    ]
    return [
        without_empty({**ref, "version": text(ref.get("version"))}) if isinstance(ref, dict) else ref for ref in objects
    ]


def _take_rendering(rest: dict[str, Any], rows: Rows) -> tuple[dict[str, Any], dict[str, Any]]:
    """Take the rendering out of `rest`. Returns the values that have a column, and those that have none."""
    for key in VOLATILE & rest.keys():
        if key != "depends_on":
            del rest[key]
    relation_name = text(rest.pop("relation_name", None))
    checksum = rest.pop("checksum", None)
    depends_on = rest["depends_on"] = dict(obj(rest.get("depends_on")))
    extra = {key: rest.pop(key) for key in _RENDERED & rest.keys()}
    written = {key: value for key, value in obj(extra.get("unrendered_config")).items() if key in _RENDERED_CONFIG}
    if written:
        rest["unrendered_config"] = written
    extra["nodes_with_ref_location"] = depends_on.pop("nodes_with_ref_location", None)
    extra["depends_on"] = without(depends_on, "nodes", "macros")
    extra["contract_checksum"] = obj(rest.get("contract")).get("checksum")
    extra["column_doc_blocks"] = {
        name: blocks for name, column in obj(rest.get("columns")).items() if (blocks := obj(column).get("doc_blocks"))
    }
    if rest["resource_type"] == "seed":
        rest["checksum"] = checksum  # a seed has no code, so only its checksum shows that its rows changed
    rendering = {
        "database_name": text(rest.pop("database", None)),
        "schema_name": text(rest.pop("schema", None)),
        "alias": text(rest.pop("alias", None)) or text(rest.get("identifier")),
        "relation_name": relation_name,
        "checksum": text(checksum.get("checksum")) if isinstance(checksum, dict) else text(checksum),
        "config_id": rows.add_text(to_json(rest.get("config"))),
    }
    return {key: value for key, value in rendering.items() if value is not None}, without_empty(extra)


def _take_definition(
    rest: dict[str, Any], attached: str | None, rows: Rows
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Take the values that have a column out of `rest`. Returns them, and the declared columns."""
    config = obj(rest.pop("config", None))
    unique_id = text(rest.pop("unique_id", None)) or ""
    depends_on = obj(rest.pop("depends_on", None))
    _lift_out_of_config(rest, config)
    meta, tags, contract, access = (rest.pop(key, None) for key in ("meta", "tags", "contract", "access"))
    if obj(contract).get("alias_types") is False:
        rest["alias_types"] = False
    rest["contract"] = without(obj(contract), "enforced", "alias_types", "checksum")
    definition: dict[str, Any] = {
        "unique_id": unique_id,
        "resource_type": rest.pop("resource_type") or unique_id.split(".")[0] or None,
        "package_name": text(rest.pop("package_name", None)) or package_of(unique_id),
        "name": text(rest.pop("name", None)),
        "path": text(rest.pop("path", None)),
        "original_file_path": text(rest.pop("original_file_path", None)),
        "patch_path": text(rest.pop("patch_path", None)),
        "fqn": texts(rest.pop("fqn", None)),
        "description": text(rest.pop("description", None)),
        "language": text(rest.pop("language", None)),
        "materialized": None,
        "tags": texts(tags),
        "meta": to_json(meta),
        "owner": to_json(rest.pop("owner", None)),
        "group_name": text(rest.pop("group", None)),
        "access": text(access),
        "is_contract_enforced": _is_contract_enforced(contract),
        "version": text(rest.pop("version", None)),
        "latest_version": text(rest.pop("latest_version", None)),
        "deprecation_date": normalise_time(rest.pop("deprecation_date", None)),
        "raw_code_id": rows.add_text(text(rest.pop("raw_code", None))),
        "depends_on_nodes": sorted(set(texts(depends_on.get("nodes")) or ())) or None,
    }
    if definition["resource_type"] in ("test", "unit_test"):
        definition |= _test_columns(rest, config, definition, attached)
    if definition["resource_type"] not in _NOT_MATERIALIZED:
        definition["materialized"] = text(config.get("materialized"))
    repeated = {"meta": meta, "tags": tags, "group": definition["group_name"], "access": definition["access"]}
    definition["config"] = to_json(_own_config(config, {**rest, **repeated}))
    definition["language"] = None if definition["language"] == "sql" else definition["language"]
    definition["access"] = None if definition["access"] == "protected" else definition["access"]
    return definition, declared_columns(rest.pop("columns", None))


def _lift_out_of_config(rest: dict[str, Any], config: dict[str, Any]) -> None:
    """Copy fields from the config to the entry, where the entry has no value of its own for them."""
    fields = (*_ALSO_IN_CONFIG, *(_SOURCE_ALSO_IN_CONFIG if rest["resource_type"] == "source" else ()))
    for field in fields:
        said = rest.get(field)
        if field in config and not (without_empty(said) if field == "freshness" else said):
            rest[field] = config[field]


def _is_contract_enforced(contract: Any) -> bool | None:
    """True or None. `contract` is an object since dbt 1.5, and a boolean in previews of 1.5."""
    enforced = contract.get("enforced") if isinstance(contract, dict) else contract
    return True if boolean(enforced) else None


def _own_config(config: dict[str, Any], elsewhere: dict[str, Any]) -> dict[str, Any]:
    """The config without defaults, without keys that depend on the target, and without values that `elsewhere` has."""
    own = {}
    for key, value in without_empty(config).items():
        is_default = key in _CONFIG_DEFAULTS and value == _CONFIG_DEFAULTS[key]
        is_default |= key == "contract"  # the entry has a contract of its own
        is_repeated = key in elsewhere and value == without_empty(elsewhere[key])
        if not (is_default or is_repeated or key in _RENDERED_CONFIG or key in _CONFIG_COLUMNS):
            own[key] = value
    return own


_REF = re.compile(r"\bref\(\s*['\"]([^'\"]+)['\"](?:\s*,\s*['\"]([^'\"]+)['\"])?")
_SOURCE = re.compile(r"\bsource\(\s*['\"]([^'\"]+)['\"]\s*,\s*['\"]([^'\"]+)['\"]")


def _test_columns(
    rest: dict[str, Any], config: dict[str, Any], definition: dict[str, Any], attached: str | None
) -> dict[str, Any]:
    metadata = obj(rest.pop("test_metadata", None))
    rest["test_metadata"] = without(metadata, "name", "namespace", "kwargs")
    kwargs = obj(metadata.get("kwargs"))
    parents = definition["depends_on_nodes"] or []
    if definition["resource_type"] == "unit_test":
        tested = text(rest.get("tested_node_unique_id")) or _named(text(rest.get("model")), parents)
        return {"test_type": "unit", "tested_unique_id": tested}
    is_generic = bool(metadata) or _is_schema_test(definition)
    return {
        "test_type": "generic" if is_generic else "singular",
        "test_name": text(metadata.get("name")),
        "test_namespace": text(metadata.get("namespace")),
        "kwargs": to_json(kwargs),
        "column_name": text(rest.pop("column_name", None)) or text(kwargs.get("column_name")),
        "tested_unique_id": _tested(attached, kwargs, parents) if is_generic else None,
        "severity": (text(config.get("severity")) or "error").lower(),
        "warn_if": text(config.get("warn_if")) or "!= 0",
        "error_if": text(config.get("error_if")) or "!= 0",
    }


def _is_schema_test(definition: dict[str, Any]) -> bool:
    """Whether a test without test_metadata is generic. dbt up to 0.19 marks it by its folder or its tag."""
    return (definition["path"] or "").startswith("schema_test") or "schema" in (definition["tags"] or ())


def _tested(attached: str | None, kwargs: dict[str, Any], parents: list[str]) -> str | None:
    """The node that a generic test tests: `attached_node`, else its only parent, else the node in its `model`.

    dbt may attach a test to a disabled model: https://github.com/dbt-labs/dbt-core/issues/12363
    """
    if attached in parents:
        return attached
    if len(parents) == 1:
        return parents[0]
    model = text(kwargs.get("model")) or ""
    if match := _SOURCE.search(model):
        return next((p for p in parents if p.startswith("source.") and p.split(".")[2:] == [*match.groups()]), None)
    match = _REF.search(model)
    return (_named(match[2] or match[1], parents) if match else None) or attached


def _named(name: str | None, parents: list[str]) -> str | None:
    """The parent with this name. The unique_id of a versioned model ends in its version, after the name."""
    exact = [p for p in parents if p.split(".")[-1] == name]
    return next(iter(exact or [p for p in parents if name in p.split(".")[2:]]), None)
