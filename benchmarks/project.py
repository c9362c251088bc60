"""A project of any size: models, tests and sources in a layered graph, as dbt 1.10 writes them.

Every generated node starts as a copy of a real node of the committed sample runs, so it has all keys in dbt's order.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache, cached_property
from hashlib import md5, sha256
from pathlib import Path
from random import Random
from typing import Any

Content = dict[str, Any]

PROJECT = "bench"
RUNS = Path(__file__).resolve().parents[1] / "sample_artifacts" / "runs" / "environment=prod"
BUILD = "job=nightly/2026-11-08_01_build"
DATE = "1999-12-31"
"""A date in compiled code. Compilation `dated` replaces it with the date of the run."""

LAYERS, PARENTS, SKIP_SHARE = 20, 3, 0.4
TEST_KINDS = {"not_null": 0.58, "unique": 0.275, "relationships": 0.115, "accepted_values": 0.03}
"""The graph, and the share of each generic test, of a real project of 3,000 models."""

WORDS = json.loads(Path(__file__).with_name("words.json").read_text())
NOUNS = WORDS["nouns"]


@dataclass(frozen=True)
class Options:
    """The shape of a project, by default that of the real one, and how its runs follow each other.

    `change_rate`: the share of a run's nodes whose raw code changes before it. `failure_rate`: the share of executed
    nodes that end in error or fail (or in warn, where that is their severity). `results_per_file` splits the project
    into jobs of that many nodes, which take turns within a day; 0 builds everything in each run. `compilation`:
    `same` (a node's compiled code changes only with the node), `dated` (all compiled code differs in every run), or
    `alternating` (manifests of `dbt parse`, without compiled code, and of `dbt build` take turns, parse first).
    """

    models: int = 1000
    columns: int = 11
    tests_per_model: float = 2.4
    models_per_source: int = 6
    change_rate: float = 0.01
    failure_rate: float = 0.01
    results_per_file: int = 0
    compilation: str = "same"
    seed: int = 1


@cache
def sample(run: str, kind: str) -> Content:
    """An artifact of a sample run. The object is shared: copy before you change it."""
    content: Content = json.loads((RUNS / run / f"{kind}.json").read_text())
    return content


@cache
def sample_node(prefix: str, section: str = "nodes") -> Content:
    """The first entry of the sample manifest whose unique_id has this start."""
    entries: dict[str, Content] = sample(BUILD, "manifest")[section]
    return next(entry for unique_id, entry in entries.items() if unique_id.startswith(prefix))


def _description(rng: Random, name: str) -> str:
    said = " ".join(rng.sample(WORDS["sentences"], rng.randint(0, 3)))
    return f"{name.replace('_', ' ').capitalize()}. {said}".strip()


def _refs(models: list[Model]) -> list[Content]:
    return [{"name": model.name, "package": None, "version": None} for model in models]


def _named(unique_id: str, name: str, *fqn: str) -> Content:
    return {"name": name, "package_name": PROJECT, "unique_id": unique_id, "fqn": [PROJECT, *fqn, name]}


class Node:
    """A model or a test. `revision` counts the changes of its code; `parents` are unique_ids."""

    relation: str | None = None
    path = ""

    def __init__(self, name: str, unique_id: str, parents: list[str], typical_log_seconds: float) -> None:
        self.name, self.unique_id, self.parents = name, unique_id, parents
        self.typical_log_seconds = typical_log_seconds
        self.revision = 0

    def change(self) -> None:
        """Another revision, and its content."""
        self.revision += 1
        self.__dict__.pop("content", None)

    @cached_property
    def content(self) -> Content:
        """The node as a manifest has it."""
        raise NotImplementedError


class Model(Node):
    """A model that reads other models, or a source where it has no parent models."""

    def __init__(self, rng: Random, number: int, layer: int, parents: list[Model], source: str, columns: int) -> None:
        """`columns` is the average number of columns."""
        prefix, self.folder = (
            ("stg", "staging") if layer == 0 else ("int", "intermediate") if layer < 12 else ("fct", "marts")
        )
        self.domain = rng.choice(WORDS["domains"])
        name = f"{prefix}_{self.domain}__{rng.choice(NOUNS)}_{number:05d}"
        others = range(rng.randint(max(1, columns // 2), columns * 3 // 2) - 1)
        names = ["id", *{f"{rng.choice(NOUNS)}_{rng.choice(WORDS['measures'])}": None for _ in others}]
        self.description = _description(rng, f"{self.folder}_model_of_{self.domain}")
        self.columns = {column: _description(rng, column) for column in names}
        self.parent_models, self.path = parents, f"{self.folder}/{self.domain}/{name}.sql"
        self.relation = f'"{PROJECT}"."main_{self.folder}"."{name}"'
        above = [parent.unique_id for parent in parents] or [source]
        super().__init__(name, f"model.{PROJECT}.{name}", above, rng.gauss(-0.5, 1.2))

    def _sql(self, relations: list[str], day: str) -> str:
        aliases = [f"p{i}" for i in range(len(relations))]
        selected = ",\n".join(f"    {aliases[i % len(aliases)]}.{c} as {c}" for i, c in enumerate(self.columns))
        ctes = ",\n\n".join(f"{a} as (\n    select * from {r}\n)" for a, r in zip(aliases, relations, strict=True))
        joins = "".join(f"\nleft join {alias} on {alias}.id = p0.id" for alias in aliases[1:])
        where = f"where p0.id > {self.revision} and p0.loaded_on < {day}"
        return f"with {ctes},\n\nfinal as (\nselect\n{selected}\nfrom p0{joins}\n{where}\n)\n\nselect * from final"

    @cached_property
    def content(self) -> Content:
        """The model as a manifest has it."""
        source = self.parents[0].rpartition(".")[2]
        refs = [f"{{{{ ref('{p.name}') }}}}" for p in self.parent_models] or [f"{{{{ source('raw', '{source}') }}}}"]
        relations = [str(p.relation) for p in self.parent_models] or [f'"{PROJECT}"."raw"."{source}"']
        raw_code, path = self._sql(refs, "{{ today() }}"), f"models/{self.path}"
        base = sample_node("model.harbor_cafe.stg_orders")
        column = next(iter(base["columns"].values())) | {"doc_blocks": []}
        materialized = "table" if self.folder == "marts" else "view"
        config = {"materialized": materialized, "schema": self.folder, "tags": [], "meta": {"tier": 2}}
        columns = {name: column | {"name": name, "description": said} for name, said in self.columns.items()}
        checksum = {"name": "sha256", "checksum": sha256(raw_code.encode()).hexdigest()}
        return (
            base
            | _named(self.unique_id, self.name, self.folder, self.domain)
            | {"database": PROJECT, "schema": f"main_{self.folder}", "alias": self.name, "relation_name": self.relation}
            | {"path": self.path, "original_file_path": path, "compiled_path": f"target/compiled/{PROJECT}/{path}"}
            | {"patch_path": f"{PROJECT}://models/{self.folder}/_{self.domain}.yml", "build_path": None}
            | {"description": self.description, "columns": columns, "primary_key": ["id"], "doc_blocks": []}
            | {"config": base["config"] | config | {"group": None}, "unrendered_config": config}
            | {"tags": [], "meta": {"tier": 2}, "group": None, "checksum": checksum}
            | {"refs": _refs(self.parent_models), "sources": [] if self.parent_models else [["raw", source]]}
            | {"depends_on": {"macros": ["macro.dbt.is_incremental"], "nodes": self.parents}}
            | {"raw_code": raw_code, "compiled_code": self._sql(relations, f"date '{DATE}'")}
        )


class Test(Node):
    """A generic test of one of the models."""

    def __init__(self, rng: Random, models: list[Model]) -> None:
        [self.kind] = rng.choices([*TEST_KINDS], [*TEST_KINDS.values()])
        self.model, self.other = rng.choice(models), rng.choice(models)
        self.column = rng.choice([*self.model.columns])
        suffix = {"relationships": f"__id__ref_{self.other.name}_", "accepted_values": "__a__b__unknown"}
        name = f"{self.kind}_{self.model.name}_{self.column}{suffix.get(self.kind, '')}"
        digest = md5(name.encode()).hexdigest()
        self.severity = "WARN" if rng.random() < 0.1 else "ERROR"
        self.alias = name if len(name) < 64 else f"{name[:30]}_{digest}"
        self.tested = [self.other, self.model] if self.kind == "relationships" else [self.model]
        parents = sorted({model.unique_id for model in self.tested})
        super().__init__(name, f"test.{PROJECT}.{name}.{digest[:10]}", parents, rng.gauss(-2, 0.8))

    @cached_property
    def content(self) -> Content:
        """The test as a manifest has it."""
        model, alias, where = self.model, self.alias, f"id > {self.revision}"
        config = {"severity": self.severity, "alias": alias, "where": where}
        written = ",".join(f'{key}="{value}"' for key, value in config.items())
        kwargs = {"column_name": self.column, "model": f"{{{{ get_where_subquery(ref('{model.name}')) }}}}"}
        if self.kind == "relationships":
            kwargs |= {"to": f"ref('{self.other.name}')", "field": "id"}
        base = sample_node(f"test.harbor_cafe.{self.kind}_")
        file = f"models/{model.folder}/_{model.domain}.yml"
        path, macros = f"target/compiled/{PROJECT}/{file}/{alias}.sql", [f"test_{self.kind}", "get_where_subquery"]
        raw_code = f"{{{{ test_{self.kind}(**_dbt_generic_test_kwargs) }}}}{{{{ config({written}) }}}}"
        rows = f"(select * from {model.relation} where {where} and loaded_on < date '{DATE}') dbt_subquery"
        query = WORDS["generic_tests"][self.kind].format(rows=rows, column=self.column, other=self.other.relation)
        return (
            base
            | _named(self.unique_id, self.name, model.folder, model.domain)
            | {"database": PROJECT, "schema": "main_dbt_test__audit", "alias": alias, "relation_name": None}
            | {"path": f"{alias}.sql", "original_file_path": file, "build_path": None, "compiled_path": path}
            | {"file_key_name": f"models.{model.name}"}
            | {"config": base["config"] | {"schema": "dbt_test__audit", **config}, "unrendered_config": config}
            | {"depends_on": {"macros": [f"macro.dbt.{macro}" for macro in macros], "nodes": self.parents}}
            | {"refs": _refs(self.tested), "column_name": self.column, "attached_node": model.unique_id}
            | {"test_metadata": {"name": self.kind, "kwargs": kwargs, "namespace": None}}
            | {"raw_code": raw_code, "compiled_code": f"\n    \n    \n\n{query}\n\n\n"}
        )


def _source(rng: Random, number: int) -> Content:
    name = f"{rng.choice(NOUNS)}_{number:05d}"
    return (
        sample_node("source.harbor_cafe.pos.orders", "sources")
        | _named(f"source.{PROJECT}.raw.{name}", name, "staging", "raw")
        | {"database": PROJECT, "identifier": name, "relation_name": f'"{PROJECT}"."raw"."{name}"'}
        | {"source_name": "raw", "source_description": "What the systems deliver."}
        | {"description": _description(rng, name)}
    )


class Project:
    """`nodes` is in an order in which dbt can build: each model is followed by its tests."""

    def __init__(self, options: Options) -> None:
        rng, count = Random(f"project {options.seed}"), options.models
        self.sources = [_source(rng, i) for i in range(max(1, count // options.models_per_source))]
        layers: list[list[Model]] = []
        for number in range(count):
            if number % max(1, -(-count // LAYERS)) == 0:
                layers.append([])
            above, source = _parents(rng, layers[:-1]), rng.choice(self.sources)
            layers[-1].append(Model(rng, number, len(layers) - 1, above, source["unique_id"], options.columns))
        self.models = [model for layer in layers for model in layer]
        tests: dict[str, Test] = {}
        while len(tests) < round(count * options.tests_per_model):
            test = Test(rng, self.models)
            tests.setdefault(test.unique_id, test)
        of_models: dict[str, list[Node]] = {model.unique_id: [model] for model in self.models}
        for test in tests.values():
            of_models[test.model.unique_id].append(test)
        self.nodes = [node for nodes in of_models.values() for node in nodes]

    @cached_property
    def parent_map(self) -> dict[str, list[str]]:
        """The unique_ids of the parents of everything in the graph."""
        parents = {node.unique_id: node.parents for node in self.nodes}
        return parents | {source["unique_id"]: [] for source in self.sources}

    @cached_property
    def child_map(self) -> dict[str, list[str]]:
        """The unique_ids of the children of everything in the graph."""
        children: dict[str, list[str]] = {unique_id: [] for unique_id in self.parent_map}
        for child, above in self.parent_map.items():
            for parent in above:
                children[parent].append(child)
        return children


def _parents(rng: Random, layers: list[list[Model]]) -> list[Model]:
    """Distinct models of the layer above; a share of the edges skips layers."""
    drawn = (rng.choice(rng.choice(layers) if rng.random() < SKIP_SHARE else layers[-1]) for _ in range(PARENTS))
    return [*{parent.unique_id: parent for parent in drawn}.values()] if layers else []
