"""A project whose compiled code is worth resolving.

The graph is that of project.py. The code has the forms of dbt projects: CTEs that import the parents, the newest row
of each key, aggregations, joins, unions, CASEs, and a last SELECT *.
"""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import NamedTuple

from generate import Run
from project import RUNS, Content, Options, Project

DOCS = "job=docs/2026-11-07_03_docs"
SOURCE_COLUMNS = ["id", *(f"column_{i}" for i in range(1, 16))]
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
    """A relation as compiled code names it; `text` is the code of a model."""

    name: str
    columns: list[str]
    text: str = ""


def _select(items: dict[str, str], rest: str) -> str:
    listed = ",\n".join(f"        {value} as {column}" for column, value in items.items())
    return f"    select\n{listed}\n    {rest}"


def staged(rng: Random, source: Relation) -> dict[str, str]:
    """The columns of a source, renamed, cast and cleaned."""
    items = {"id": "id"}
    for column in source.columns[1:]:
        value, name = rng.choice(CLEANED)
        items[name.format(c=column)] = value.format(c=column)
    return items


def joined(rng: Random, parents: list[Relation]) -> tuple[dict[str, str], list[str]]:
    """CTEs that import, deduplicate, aggregate and join the parents, by name; and the columns of the last one."""
    first = parents[0].columns
    order = first[-1]
    ctes = {f"imported_{i}": f"    select * from {parent.name}" for i, parent in enumerate(parents)}
    number = f"row_number() over (partition by id order by {order} desc) as row_number"
    ctes["numbered"] = f"    select\n        *,\n        {number}\n    from imported_0"
    ctes["latest"] = _select({c: c for c in first}, "from numbered\n    where row_number = 1")
    items = {column: f"latest.{column}" for column in first[: MAX_COLUMNS // 2]}
    joins = ""
    for i, parent in enumerate(parents[1:], start=1):
        rows, taken = f"imported_{i}", rng.sample(parent.columns[1:], min(5, len(parent.columns) - 1))
        if rng.random() < 0.5:
            sums = {"id": "id"} | {f"total_{c}": f"sum({c})" for c in taken} | {f"last_{c}": f"max({c})" for c in taken}
            ctes[f"sums_{i}"] = _select(sums, f"from {rows}\n    group by 1")
            rows, taken = f"sums_{i}", [*sums][1:]
        for column in taken:
            items.setdefault(f"{column[:40]}_{i}", rng.choice(TAKEN).format(r=rows, c=column, o=order))
        joins += f"\n    left join {rows}\n        on latest.id = {rows}.id"
    items = dict([*items.items()][:MAX_COLUMNS])
    ctes["final"] = _select(items, f"from latest{joins}\n    where latest.{order} is not null")
    return ctes, [*items]


def united(parents: list[Relation]) -> tuple[dict[str, str], list[str]]:
    """A CTE with all rows of all parents, in the columns of the first one."""
    columns = parents[0].columns[:MAX_COLUMNS]
    parts = (_select({c: c if c in p.columns else "null" for c in columns}, f"from {p.name}") for p in parents)
    return {"final": "\n    union all\n".join(parts)}, columns


def relations_of(project: Project) -> dict[str, Relation]:
    """All sources, and all models with their code, by unique_id."""
    found = {source["unique_id"]: Relation(source["relation_name"], SOURCE_COLUMNS) for source in project.sources}
    for model in project.models:
        rng, parents = Random(f"1 {model.unique_id}"), [found[unique_id] for unique_id in model.parents]
        if model.parent_models:
            ctes, columns = united(parents) if rng.random() < 0.1 else joined(rng, parents)
        else:
            items = staged(rng, parents[0])
            ctes = {"source": f"    select * from {parents[0].name}", "final": _select(items, "from source")}
            columns = [*items]
        text = ",\n\n".join(f"{name} as (\n{body}\n)" for name, body in ctes.items())
        text = f"with {text}\n\nselect * from final where id > {model.revision}"
        found[model.unique_id] = Relation(str(model.relation), columns, text)
    return found


def catalog(run: Run, relations: dict[str, Relation]) -> Content:
    """A catalog of all relations."""
    content: Content = json.loads((RUNS / DOCS / "catalog.json").read_text())
    base = next(iter(content["nodes"].values()))
    column = next(iter(base["columns"].values()))
    sections: dict[str, Content] = {"nodes": {}, "sources": {}}
    for unique_id, relation in relations.items():
        database, schema, name = relation.name.replace('"', "").split(".")
        columns = {name: column | {"index": i, "name": name} for i, name in enumerate(relation.columns, 1)}
        metadata = base["metadata"] | {"database": database, "schema": schema, "name": name}
        entry = base | {"metadata": metadata, "columns": columns, "unique_id": unique_id}
        sections["nodes" if unique_id.startswith("model.") else "sources"][unique_id] = entry
    return content | {"metadata": content["metadata"] | run.times(4.0), **sections}


def compiled(folder: Path, models: int) -> None:
    """Three folders with a manifest and a catalog: `cold`, `unchanged` (the same of a later invocation) and `changed`.

    In `changed` a hundredth of the models has other code.
    """
    options = Options(models=models, tests_per_model=0, change_rate=0)
    project = Project(options)
    for number, name in enumerate(("cold", "unchanged", "changed")):
        if name == "changed":
            for model in Random(number).sample(project.models, round(CHANGED_SHARE * models)):
                model.change()
        run, relations = Run(project, options, number), relations_of(project)
        manifest = run.manifest()
        for model in project.models:
            manifest["nodes"][model.unique_id] |= {"compiled_code": relations[model.unique_id].text, "columns": {}}
        (folder / name).mkdir(parents=True)
        (folder / name / "manifest.json").write_text(json.dumps(manifest))
        (folder / name / "catalog.json").write_text(json.dumps(catalog(run, relations)))
