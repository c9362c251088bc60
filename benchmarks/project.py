"""A project of any size: models, tests, sources and exposures in a layered graph, as dbt 1.10 writes them.

Every generated node starts as a copy of a real node of the committed sample runs, so it has all keys in dbt's order.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from random import Random
from typing import Any

Content = dict[str, Any]

PROJECT = "bench"
RUNS = Path(__file__).resolve().parents[1] / "sample_artifacts" / "runs" / "environment=prod"
BUILD = "job=nightly/2026-11-08_01_build"
DATE = "1999-12-31"
"""A date in compiled code. Compilation `dated` replaces it with the date of the run."""

TEST_KINDS = {"not_null": 0.58, "unique": 0.275, "relationships": 0.115, "accepted_values": 0.03}
"""The share of each generic test in a real project of 3,000 models."""

WORDS = json.loads(Path(__file__).with_name("words.json").read_text())
DOMAINS, NOUNS, MEASURES, SENTENCES = (WORDS[kind] for kind in ("domains", "nouns", "measures", "sentences"))


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
    said = " ".join(rng.sample(SENTENCES, rng.randint(0, 3)))
    return f"{name.replace('_', ' ').capitalize()}. {said}".strip()


def _column_names(rng: Random, count: int) -> list[str]:
    return ["id", *{f"{rng.choice(NOUNS)}_{rng.choice(MEASURES)}": None for _ in range(count - 1)}]


def _refs(models: list[Model]) -> list[Content]:
    return [{"name": model.name, "package": None, "version": None} for model in models]


def _named(unique_id: str, name: str, *fqn: str) -> Content:
    return {"name": name, "package_name": PROJECT, "unique_id": unique_id, "fqn": [PROJECT, *fqn, name]}


@dataclass
class Node:
    """A model or a test. `revision` counts the changes of its code."""

    name: str
    unique_id: str
    parents: list[str]
    relation: str | None
    typical_log_seconds: float
    revision: int = field(default=0, init=False)
    _content: tuple[int, Content] = field(default=(-1, {}), init=False, repr=False)

    @property
    def content(self) -> Content:
        """The node as a manifest has it, built once for each revision."""
        if self._content[0] != self.revision:
            self._content = self.revision, self._built()
        return self._content[1]

    def _built(self) -> Content:
        raise NotImplementedError


class Model(Node):
    """A model that reads other models, or a source where it has no parent models."""

    def __init__(self, rng: Random, number: int, layer: int, parents: list[Model], source: str, columns: int) -> None:
        """`columns` is the average number of columns."""
        prefix = "stg" if layer == 0 else "int" if layer < 12 else "fct"
        self.folder = {"stg": "staging", "int": "intermediate", "fct": "marts"}[prefix]
        self.domain = rng.choice(DOMAINS)
        name = f"{prefix}_{self.domain}__{rng.choice(NOUNS)}_{number:05d}"
        names = _column_names(rng, rng.randint(max(1, columns // 2), columns * 3 // 2))
        self.description = _description(rng, f"{self.folder}_model_of_{self.domain}")
        self.columns = {column: _description(rng, column) for column in names}
        self.parent_models, self.path = parents, f"{self.folder}/{self.domain}/{name}.sql"
        above = [parent.unique_id for parent in parents] or [source]
        relation = f'"{PROJECT}"."main_{self.folder}"."{name}"'
        super().__init__(name, f"model.{PROJECT}.{name}", above, relation, rng.gauss(-0.5, 1.2))

    def _sql(self, relations: list[str], day: str) -> str:
        aliases = [f"p{i}" for i in range(len(relations))]
        selected = ",\n".join(f"    {aliases[i % len(aliases)]}.{c} as {c}" for i, c in enumerate(self.columns))
        ctes = ",\n\n".join(f"{a} as (\n    select * from {r}\n)" for a, r in zip(aliases, relations, strict=True))
        joins = "".join(f"\nleft join {alias} on {alias}.id = p0.id" for alias in aliases[1:])
        where = f"where p0.id > {self.revision} and p0.loaded_on < {day}"
        return f"with {ctes},\n\nfinal as (\nselect\n{selected}\nfrom p0{joins}\n{where}\n)\n\nselect * from final"

    def _built(self) -> Content:
        source = self.parents[0].rpartition(".")[2]
        refs = [f"{{{{ ref('{p.name}') }}}}" for p in self.parent_models] or [f"{{{{ source('raw', '{source}') }}}}"]
        relations = [str(p.relation) for p in self.parent_models] or [f'"{PROJECT}"."raw"."{source}"']
        raw_code, path = self._sql(refs, "{{ today() }}"), f"models/{self.path}"
        base = sample_node("model.harbor_cafe.stg_orders")
        column = next(iter(base["columns"].values())) | {"doc_blocks": []}
        materialized = "table" if self.folder == "marts" else "view"
        config = {"materialized": materialized, "schema": self.folder, "tags": [], "meta": {"tier": 2}}
        columns = {name: column | {"name": name, "description": said} for name, said in self.columns.items()}
        checksum = {"name": "sha256", "checksum": hashlib.sha256(raw_code.encode()).hexdigest()}
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
        digest = hashlib.md5(name.encode()).hexdigest()
        self.severity = "WARN" if rng.random() < 0.1 else "ERROR"
        self.alias = name if len(name) < 64 else f"{name[:30]}_{digest}"
        self.tested = [self.other, self.model] if self.kind == "relationships" else [self.model]
        parents = sorted({model.unique_id for model in self.tested})
        super().__init__(name, f"test.{PROJECT}.{name}.{digest[:10]}", parents, None, rng.gauss(-2, 0.8))

    def _sql(self) -> str:
        column, filtered = self.column, f"where id > {self.revision} and loaded_on < date '{DATE}'"
        rows = f"(select * from {self.model.relation} {filtered}) dbt_subquery"
        query = WORDS["generic_tests"][self.kind].format(rows=rows, column=column, other=self.other.relation)
        return f"\n    \n    \n\n{query}\n\n\n"

    def _built(self) -> Content:
        model, alias = self.model, self.alias
        config = {"severity": self.severity, "alias": alias, "where": f"id > {self.revision}"}
        written = ",".join(f'{key}="{value}"' for key, value in config.items())
        kwargs = {"column_name": self.column, "model": f"{{{{ get_where_subquery(ref('{model.name}')) }}}}"}
        if self.kind == "relationships":
            kwargs |= {"to": f"ref('{self.other.name}')", "field": "id"}
        base = sample_node(f"test.harbor_cafe.{self.kind}_")
        file = f"models/{model.folder}/_{model.domain}.yml"
        macros = [f"macro.dbt.test_{self.kind}", "macro.dbt.get_where_subquery"]
        raw_code = f"{{{{ test_{self.kind}(**_dbt_generic_test_kwargs) }}}}{{{{ config({written}) }}}}"
        return (
            base
            | _named(self.unique_id, self.name, model.folder, model.domain)
            | {"database": PROJECT, "schema": "main_dbt_test__audit", "alias": alias, "relation_name": None}
            | {"path": f"{alias}.sql", "original_file_path": file, "build_path": None}
            | {
                "compiled_path": f"target/compiled/{PROJECT}/{file}/{alias}.sql",
                "file_key_name": f"models.{model.name}",
            }
            | {"config": base["config"] | {"schema": "dbt_test__audit", **config}, "unrendered_config": config}
            | {"refs": _refs(self.tested), "depends_on": {"macros": macros, "nodes": self.parents}}
            | {"test_metadata": {"name": self.kind, "kwargs": kwargs, "namespace": None}}
            | {"column_name": self.column, "attached_node": model.unique_id}
            | {"raw_code": raw_code, "compiled_code": self._sql()}
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


def _exposure(number: int, models: list[Model]) -> Content:
    name = f"dashboard_{number:04d}"
    return (
        sample_node("exposure.harbor_cafe.harbour_dashboard", "exposures")
        | _named(f"exposure.{PROJECT}.{name}", name, "groups")
        | {"label": name, "depends_on": {"macros": [], "nodes": [m.unique_id for m in models]}, "refs": _refs(models)}
    )


@dataclass(frozen=True)
class Shape:
    """The shape of a project. The defaults are those of a real one of 3,000 models, 7,277 tests and 500 sources."""

    models: int = 1000
    tests_per_model: float = 2.4
    columns: int = 11
    layers: int = 20
    parents: int = 3
    skip_share: float = 0.4
    models_per_source: int = 6
    models_per_exposure: int = 50


class Project:
    """`nodes` is in an order in which dbt can build: each model is followed by its tests."""

    def __init__(self, shape: Shape, seed: int) -> None:
        rng = Random(f"project {seed}")
        self.sources = [_source(rng, i) for i in range(max(1, shape.models // shape.models_per_source))]
        self.models = self._models(rng, shape)
        exposure_count = shape.models // shape.models_per_exposure
        self.exposures = [_exposure(i, rng.sample(self.models, 2)) for i in range(exposure_count)]
        tests = self._tests(rng, round(shape.models * shape.tests_per_model))
        self.nodes = [node for model in self.models for node in (model, *tests.get(model.unique_id, {}).values())]

    def change(self, rng: Random, nodes: Sequence[Node], rate: float) -> None:
        """Change the raw code of a share of the nodes; a fraction of a node is the chance of one more."""
        whole, part = divmod(rate * len(nodes), 1)
        for node in rng.sample(nodes, int(whole) + (rng.random() < part)):
            node.revision += 1

    @cached_property
    def parent_map(self) -> dict[str, list[str]]:
        """The unique_ids of the parents of everything in the graph."""
        parents = {node.unique_id: node.parents for node in self.nodes}
        parents |= {exposure["unique_id"]: exposure["depends_on"]["nodes"] for exposure in self.exposures}
        return parents | {source["unique_id"]: [] for source in self.sources}

    @cached_property
    def child_map(self) -> dict[str, list[str]]:
        """The unique_ids of the children of everything in the graph."""
        children: dict[str, list[str]] = {unique_id: [] for unique_id in self.parent_map}
        for child, above in self.parent_map.items():
            for parent in above:
                children[parent].append(child)
        return children

    def _models(self, rng: Random, shape: Shape) -> list[Model]:
        width = max(1, -(-shape.models // shape.layers))
        layers: list[list[Model]] = []
        for number in range(shape.models):
            if number % width == 0:
                layers.append([])
            above = self._parents(rng, shape, layers[:-1])
            source: Content = rng.choice(self.sources)
            layers[-1].append(Model(rng, number, len(layers) - 1, above, source["unique_id"], shape.columns))
        return [model for layer in layers for model in layer]

    @staticmethod
    def _parents(rng: Random, shape: Shape, layers: list[list[Model]]) -> list[Model]:
        """Distinct models of the layer above; a share of the edges skips layers."""
        found: dict[str, Model] = {}
        for _ in range(shape.parents if layers else 0):
            parent = rng.choice(rng.choice(layers) if rng.random() < shape.skip_share else layers[-1])
            found[parent.unique_id] = parent
        return [*found.values()]

    def _tests(self, rng: Random, count: int) -> dict[str, dict[str, Test]]:
        """Distinct tests by the unique_id of their model and their own."""
        tests: dict[str, dict[str, Test]] = {}
        while count:
            test = Test(rng, self.models)
            of_model = tests.setdefault(test.model.unique_id, {})
            if test.unique_id not in of_model:
                of_model[test.unique_id] = test
                count -= 1
        return tests
