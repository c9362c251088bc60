"""A project whose compiled code is worth resolving: `python benchmarks/compiled.py FOLDER MODELS`.

Writes three folders, each with a manifest and a catalog: `cold`; `unchanged`, the same of a later invocation; and
`changed`, in which a hundredth of the models has other code. The graph is that of project.py; the code is written as
dbt projects write it: CTEs that import the parents, the newest row of each key, aggregations, joins, unions, CASEs,
and a last SELECT *.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from generate import History, Run
from project import Model as Node
from project import Project, Shape

SOURCE_COLUMNS = 16
MAX_COLUMNS = 30
CHANGED_SHARE = 0.01

CLEANED = (
    ("{c}", "{c}"),
    ("cast({c} as timestamp)", "{c}_at"),
    ("nullif(trim(lower({c})), '')", "{c}_name"),
    ("coalesce({c}, 0)", "{c}"),
    ("case when {c} > 0 then round({c} / 100.0, 2) else 0 end", "{c}_share"),
)
TAKEN = ("{r}.{c}", "coalesce({r}.{c}, latest.{o})", "{r}.{c} - lag({r}.{c}) over (order by latest.{o})")


class Relation(NamedTuple):
    """Its name as compiled code has it, and its columns."""

    name: str
    columns: list[str]


class Code(NamedTuple):
    """A model's compiled code, and the columns that it selects."""

    text: str
    columns: list[str]


def _cte(name: str, items: dict[str, str], rest: str) -> str:
    listed = ",\n".join(f"        {value} as {column}" for column, value in items.items())
    return f"{name} as (\n    select\n{listed}\n    {rest}\n)"


def _code(ctes: list[str], columns: list[str], last: str, revision: int) -> Code:
    joined = ",\n\n".join(ctes)
    return Code(f"with {joined}\n\nselect * from {last} where id > {revision}", columns)


def staged(rng: Random, source: Relation, revision: int) -> Code:
    """A source's columns: renamed, cast, cleaned."""
    items = {"id": "id"}
    for column in source.columns[1:]:
        value, name = rng.choice(CLEANED)
        items[name.format(c=column)] = value.format(c=column)
    ctes = [f"source as (\n    select * from {source.name}\n)", _cte("renamed", items, "from source")]
    return _code(ctes, [*items], "renamed", revision)


def joined(rng: Random, parents: list[Relation], revision: int) -> Code:
    """Parents that are imported, deduplicated, aggregated and joined."""
    first = parents[0].columns
    order = first[-1]
    ctes = [f"imported_{i} as (\n    select * from {parent.name}\n)" for i, parent in enumerate(parents)]
    number = f"row_number() over (partition by id order by {order} desc) as row_number"
    ctes.append(f"numbered as (\n    select\n        *,\n        {number}\n    from imported_0\n)")
    ctes.append(_cte("latest", {column: column for column in first}, "from numbered\n    where row_number = 1"))
    items = {column: f"latest.{column}" for column in first[: MAX_COLUMNS // 2]}
    joins = ""
    for i, parent in enumerate(parents[1:], start=1):
        rows, taken = f"imported_{i}", rng.sample(parent.columns[1:], min(5, len(parent.columns) - 1))
        if rng.random() < 0.5:
            sums = {"id": "id"} | {f"total_{c}": f"sum({c})" for c in taken} | {f"last_{c}": f"max({c})" for c in taken}
            ctes.append(_cte(f"sums_{i}", sums, f"from {rows}\n    group by 1"))
            rows, taken = f"sums_{i}", [*sums][1:]
        for column in taken:
            items.setdefault(f"{column[:40]}_{i}", rng.choice(TAKEN).format(r=rows, c=column, o=order))
        joins += f"\n    left join {rows}\n        on latest.id = {rows}.id"
    items = dict([*items.items()][:MAX_COLUMNS])
    ctes.append(_cte("final", items, f"from latest{joins}\n    where latest.{order} is not null"))
    return _code(ctes, [*items], "final", revision)


def united(parents: list[Relation], revision: int) -> Code:
    """All rows of all parents, with the columns that the first ones have."""
    columns = parents[0].columns[:MAX_COLUMNS]
    parts = []
    for parent in parents:
        items = {column: column if column in parent.columns else "null" for column in columns}
        listed = ",\n".join(f"        {value} as {column}" for column, value in items.items())
        parts.append(f"    select\n{listed}\n    from {parent.name}")
    body = "\n    union all\n".join(parts)
    return _code([f"united as (\n{body}\n)"], columns, "united", revision)


class Compiled:
    """The code of every model of a project, parents first."""

    def __init__(self, project: Project, seed: int) -> None:
        self._seed = seed
        self._sources = {
            source["unique_id"]: Relation(source["relation_name"], [f"column_{i}" for i in range(SOURCE_COLUMNS)])
            for source in project.sources
        }
        for relation in self._sources.values():
            relation.columns[0] = "id"
        self.codes: dict[str, Code] = {}
        for model in project.models:
            self.codes[model.unique_id] = self._code(model)

    def _code(self, model: Node) -> Code:
        rng = Random(f"{self._seed} {model.unique_id}")
        parents = [Relation(str(p.relation), self.codes[p.unique_id].columns) for p in model.parent_models]
        if not parents:
            return staged(rng, self._sources[model.parents[0]], model.revision)
        is_union = rng.random() < 0.1
        return united(parents, model.revision) if is_union else joined(rng, parents, model.revision)

    def manifest(self, content: dict[str, Any]) -> dict[str, Any]:
        """A manifest with this code instead of its own."""
        for unique_id, code in self.codes.items():
            content["nodes"][unique_id] |= {"compiled_code": code.text, "columns": {}}
        return content

    def catalog(self, content: dict[str, Any]) -> dict[str, Any]:
        """A catalog with the columns of this code, and those of the sources."""
        base = next(iter(content["nodes"].values()))
        column = next(iter(base["columns"].values()))

        def listed(names: list[str]) -> dict[str, Any]:
            return {name: column | {"index": i, "name": name} for i, name in enumerate(names, 1)}

        for unique_id, code in self.codes.items():
            content["nodes"][unique_id]["columns"] = listed(code.columns)
        for unique_id, relation in self._sources.items():
            name = unique_id.rpartition(".")[2]
            metadata = base["metadata"] | {"schema": "raw", "name": name}
            content["sources"][unique_id] = base | {
                "metadata": metadata,
                "columns": listed(relation.columns),
                "unique_id": unique_id,
            }
        return content


def main() -> None:
    folder, models = Path(sys.argv[1]), int(sys.argv[2])
    project = Project(Shape(models=models, tests_per_model=0, models_per_exposure=10**9), seed=1)
    history = History(change_rate=0)
    for number, name in enumerate(("cold", "unchanged", "changed")):
        if name == "changed":
            project.change(Random(number), project.models, CHANGED_SHARE)
        run, compiled = Run(project, history, number, seed=1), Compiled(project, seed=1)
        (folder / name).mkdir(parents=True)
        for kind, content in (
            ("manifest", compiled.manifest(run.manifest())),
            ("catalog", compiled.catalog(run.catalog())),
        ):
            (folder / name / f"{kind}.json").write_text(json.dumps(content))


if __name__ == "__main__":
    main()
