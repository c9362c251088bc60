"""What a manifest of dbt 1.10 says of a model, a test, a source or an exposure, from the real ones of the samples."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from random import Random
from typing import Any

from templates import DOMAINS, NOUNS, column_names, description, sample_node

PROJECT = "bench"
TEST_KINDS = {"not_null": 0.58, "unique": 0.275, "relationships": 0.115, "accepted_values": 0.03}
"""How often each generic test occurs in a real project of 3,000 models."""

DATE = "1999-12-31"
"""Stands in compiled code for a date; where the compilation is to differ in every run, the run's date replaces it."""

_FOLDERS = {"stg": ("staging", "view"), "int": ("intermediate", "view"), "fct": ("marts", "table")}


@dataclass
class Node:
    """A model or a test. `details` is what its text is made of, `revision` how often its code was changed."""

    kind: str
    name: str
    unique_id: str
    parents: list[str]
    relation: str | None
    typical_log_seconds: float
    details: dict[str, Any]
    revision: int = 0
    _rendering: Rendering | None = field(default=None, repr=False)

    @property
    def rendering(self) -> Rendering:
        """The texts of this revision, made when they are first asked for."""
        if self._rendering is None or self._rendering.revision != self.revision:
            content = _model_content(self) if self.kind == "model" else _test_content(self)
            self._rendering = Rendering(
                self.revision,
                template(content),
                json.dumps(content["compiled_code"]),
                content["compiled_path"],
                json.dumps(content["depends_on"]["macros"]),
                json.dumps(content["depends_on"]["macros"][:1]),
            )
        return self._rendering


@dataclass(frozen=True)
class Rendering:
    """A node's JSON, with what every manifest says anew left open (see `template`), and what goes there."""

    revision: int
    text: str
    compiled_code: str
    compiled_path: str
    macros: str
    parsed_macros: str


def template(content: dict[str, Any]) -> str:
    """A node's JSON with `created_at`, `depends_on.macros` and what compiling adds left open for the % operator."""
    text = json.dumps({**content, "created_at": 0}).replace("%", "%%")
    text = text.replace('"created_at": 0', '"created_at": %(created_at)s')
    if "compiled" not in content:
        return text
    text = text.replace('"macros": ' + json.dumps(content["depends_on"]["macros"]), '"macros": %(macros)s')
    start, end = text.index('"compiled_path": '), text.index('"contract": ', text.index('"compiled_code": '))
    return text[:start] + "%(compilation)s" + text[end:]


def new_model(rng: Random, number: int, layer: int, parents: list[Node], source: str, columns: int) -> Node:
    """A model below others, or below a source where it has no parents; `columns` is how many it has on average."""
    domain = rng.choice(DOMAINS)
    prefix = "stg" if layer == 0 else "int" if layer < 12 else "fct"
    folder, materialized = _FOLDERS[prefix]
    name = f"{prefix}_{domain}__{rng.choice(NOUNS)}_{number:05d}"
    names = column_names(rng, rng.randint(max(1, columns // 2), columns * 3 // 2))
    details = {
        "folder": folder,
        "domain": domain,
        "materialized": materialized,
        "description": description(rng, f"{folder}_model_of_{domain}"),
        "columns": {column: description(rng, column) for column in names},
        "parents": parents,
        "path": f"{folder}/{domain}/{name}.sql",
    }
    above = [parent.unique_id for parent in parents] or [source]
    relation = f'"{PROJECT}"."main_{folder}"."{name}"'
    return Node("model", name, f"model.{PROJECT}.{name}", above, relation, rng.gauss(-0.5, 1.2), details)


def new_test(rng: Random, models: list[Node]) -> Node:
    """A generic test of one of the models."""
    [kind] = rng.choices([*TEST_KINDS], [*TEST_KINDS.values()])
    model, other = rng.choice(models), rng.choice(models)
    column = rng.choice([*model.details["columns"]])
    suffix = {"relationships": f"__id__ref_{other.name}_", "accepted_values": "__a__b__unknown"}.get(kind, "")
    name = f"{kind}_{model.name}_{column}{suffix}"
    digest = hashlib.md5(name.encode()).hexdigest()
    details = {
        "kind": kind,
        "model": model,
        "other": other,
        "column": column,
        "severity": "WARN" if rng.random() < 0.1 else "ERROR",
        "alias": name if len(name) < 64 else f"{name[:30]}_{digest}",
    }
    above = sorted({model.unique_id, other.unique_id}) if kind == "relationships" else [model.unique_id]
    return Node("test", name, f"test.{PROJECT}.{name}.{digest[:10]}", above, None, rng.gauss(-2, 0.8), details)


def _model_sql(node: Node, relations: list[str], day: str) -> str:
    aliases = [f"p{i}" for i in range(len(relations))]
    selected = ",\n".join(
        f"    {aliases[i % len(aliases)]}.{column} as {column}" for i, column in enumerate(node.details["columns"])
    )
    ctes = ",\n\n".join(f"{a} as (\n    select * from {r}\n)" for a, r in zip(aliases, relations, strict=True))
    joins = "".join(f"\nleft join {alias} on {alias}.id = p0.id" for alias in aliases[1:])
    where = f"where p0.id > {node.revision} and p0.loaded_on < {day}"
    return f"with {ctes},\n\nfinal as (\nselect\n{selected}\nfrom p0{joins}\n{where}\n)\n\nselect * from final"


def _model_content(node: Node) -> dict[str, Any]:
    details = node.details
    parents: list[Node] = details["parents"]
    source = node.parents[0].rpartition(".")[2]
    refs = [f"{{{{ ref('{parent.name}') }}}}" for parent in parents] or [f"{{{{ source('raw', '{source}') }}}}"]
    relations = [str(parent.relation) for parent in parents] or [f'"{PROJECT}"."raw"."{source}"']
    raw_code = _model_sql(node, refs, "{{ today() }}")
    base = sample_node("model.stg_orders")
    column = next(iter(base["columns"].values()))
    config = {"materialized": details["materialized"], "schema": details["folder"], "tags": [], "meta": {"tier": 2}}
    return base | {
        "database": PROJECT,
        "schema": f"main_{details['folder']}",
        "name": node.name,
        "package_name": PROJECT,
        "path": details["path"],
        "original_file_path": f"models/{details['path']}",
        "unique_id": node.unique_id,
        "fqn": [PROJECT, details["folder"], details["domain"], node.name],
        "alias": node.name,
        "checksum": {"name": "sha256", "checksum": hashlib.sha256(raw_code.encode()).hexdigest()},
        "config": base["config"] | config | {"group": None},
        "tags": [],
        "description": details["description"],
        "columns": {
            name: column | {"name": name, "description": said, "doc_blocks": []}
            for name, said in details["columns"].items()
        },
        "meta": {"tier": 2},
        "group": None,
        "patch_path": f"{PROJECT}://models/{details['folder']}/_{details['domain']}.yml",
        "build_path": None,
        "unrendered_config": config,
        "relation_name": node.relation,
        "raw_code": raw_code,
        "doc_blocks": [],
        "refs": [{"name": parent.name, "package": None, "version": None} for parent in parents],
        "sources": [] if parents else [["raw", source]],
        "depends_on": {"macros": ["macro.dbt.is_incremental"], "nodes": node.parents},
        "compiled_path": f"target/compiled/{PROJECT}/models/{details['path']}",
        "compiled_code": _model_sql(node, relations, f"date '{DATE}'"),
        "primary_key": ["id"],
    }


def _test_sql(node: Node) -> str:
    column = node.details["column"]
    rows = (
        f"(select * from {node.details['model'].relation} "
        f"where id > {node.revision} and loaded_on < date '{DATE}') dbt_subquery"
    )
    queries = {
        "not_null": f"select *\nfrom {rows}\nwhere {column} is null",
        "unique": f"select\n    {column} as unique_field,\n    count(*) as n_records\n\nfrom {rows}\n"
        f"where {column} is not null\ngroup by {column}\nhaving count(*) > 1",
        "relationships": f"with child as (\n    select {column} as from_field\n    from {rows}\n),\n\n"
        f"parent as (\n    select id as to_field\n    from {node.details['other'].relation}\n)\n\n"
        "select\n    from_field\n\nfrom child\nleft join parent\n    on child.from_field = parent.to_field\n\n"
        "where parent.to_field is null",
        "accepted_values": f"with all_values as (\n    select\n        {column} as value_field,\n"
        f"        count(*) as n_records\n    from {rows}\n    group by {column}\n)\n\nselect *\nfrom all_values\n"
        "where value_field not in ('a', 'b', 'unknown')",
    }
    return f"\n    \n    \n\n{queries[node.details['kind']]}\n\n\n"


def _test_content(node: Node) -> dict[str, Any]:
    kind, model, alias = node.details["kind"], node.details["model"], node.details["alias"]
    config = {"severity": node.details["severity"], "alias": alias, "where": f"id > {node.revision}"}
    written = ",".join(f'{key}="{value}"' for key, value in config.items())
    refs = [node.details["other"], model] if kind == "relationships" else [model]
    kwargs = {"column_name": node.details["column"], "model": f"{{{{ get_where_subquery(ref('{model.name}')) }}}}"}
    if kind == "relationships":
        kwargs |= {"to": f"ref('{node.details['other'].name}')", "field": "id"}
    base = sample_node(f"test.{kind}_")
    file = f"models/{model.details['folder']}/_{model.details['domain']}.yml"
    return base | {
        "database": PROJECT,
        "schema": "main_dbt_test__audit",
        "name": node.name,
        "package_name": PROJECT,
        "path": f"{alias}.sql",
        "original_file_path": file,
        "unique_id": node.unique_id,
        "fqn": [PROJECT, model.details["folder"], model.details["domain"], node.name],
        "alias": alias,
        "config": base["config"] | {"schema": "dbt_test__audit", **config},
        "build_path": None,
        "unrendered_config": config,
        "relation_name": None,
        "raw_code": f"{{{{ test_{kind}(**_dbt_generic_test_kwargs) }}}}{{{{ config({written}) }}}}",
        "refs": [{"name": ref.name, "package": None, "version": None} for ref in refs],
        "depends_on": {"macros": [f"macro.dbt.test_{kind}", "macro.dbt.get_where_subquery"], "nodes": node.parents},
        "compiled_path": f"target/compiled/{PROJECT}/{file}/{alias}.sql",
        "compiled_code": _test_sql(node),
        "column_name": node.details["column"],
        "file_key_name": f"models.{model.name}",
        "attached_node": model.unique_id,
        "test_metadata": {"name": kind, "kwargs": kwargs, "namespace": None},
    }


def source_content(rng: Random, number: int) -> dict[str, Any]:
    """A source as a manifest has it."""
    name = f"{rng.choice(NOUNS)}_{number:05d}"
    return sample_node("source.pos.orders") | {
        "database": PROJECT,
        "name": name,
        "package_name": PROJECT,
        "unique_id": f"source.{PROJECT}.raw.{name}",
        "fqn": [PROJECT, "staging", "raw", name],
        "source_name": "raw",
        "source_description": "What the systems deliver.",
        "identifier": name,
        "description": description(rng, name),
        "relation_name": f'"{PROJECT}"."raw"."{name}"',
    }


def exposure_content(number: int, models: list[Node]) -> dict[str, Any]:
    """An exposure as a manifest has it."""
    name = f"dashboard_{number:04d}"
    return sample_node("exposure.harbour_dashboard") | {
        "name": name,
        "package_name": PROJECT,
        "unique_id": f"exposure.{PROJECT}.{name}",
        "fqn": [PROJECT, "groups", name],
        "label": name,
        "depends_on": {"macros": [], "nodes": [model.unique_id for model in models]},
        "refs": [{"name": model.name, "package": None, "version": None} for model in models],
    }
