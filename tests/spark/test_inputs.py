"""Answers for each project alone, from the rows that belong to it, are the answers of a file. No Spark is used."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from testdata import Loaded, release_only

from artifact_warehouse import Warehouse
from artifact_warehouse.spark.deployment import settled_schemas, settled_views
from artifact_warehouse.spark.inputs import OF_PROJECT, input_query
from artifact_warehouse.spark.settling import _ACROSS
from artifact_warehouse.storage import answers, called, tables_read

VIEWS = sorted({*settled_views()} - _ACROSS)
NODE = "model.harbor_cafe.fct_orders"
OF_ALL = {"run_number"}
"""Numbers runs in order of time: all runs of a file, and those of a project here. No public view has it."""

CALLS = [
    ("ancestors_of", (NODE,), {"across": True}),
    ("column_ancestors_of", (NODE, "order_id"), {}),
    *release_only(
        ("ancestors_of", (NODE,), {}),
        ("descendants_at", (NODE, "2026-11-05"), {}),
        ("costs_at", (), {"price_per_hour": 3.5}),
    ),
]


def rows(table: pa.Table) -> Counter[str]:
    columns = sorted({*table.column_names} - {OF_PROJECT, *OF_ALL})
    return Counter(map(repr, zip(*(table[name].to_pylist() for name in columns), strict=True)))


def by_project(
    wh: Warehouse, objects: list[str], answer: Callable[[dict[str, pa.Table]], dict[str, pa.Table]], is_across: bool
) -> list[dict[str, pa.Table]]:
    inputs = {
        name: wh.sql(input_query(name, "stored", is_across)).to_arrow_table() for name in sorted(tables_read(objects))
    }
    projects = sorted({value for table in inputs.values() for value in pc.unique(table[OF_PROJECT]).to_pylist()})
    return [
        answer({n: t.filter(pc.equal(t[OF_PROJECT], project)).drop([OF_PROJECT]) for n, t in inputs.items()})
        for project in projects
    ]


def check_views(wh: Warehouse, views: list[str], is_across: bool = False) -> None:
    found = by_project(wh, views, partial(answers, views=views), is_across)
    for view in views:
        expected = rows(wh.sql(f"FROM {view}").to_arrow_table())
        answered = sum((rows(of_project[view]) for of_project in found), Counter())
        if "project_name" not in settled_schemas()[view].names:  # the view over the settled rows shows one of each
            answered, expected = Counter({*answered}), Counter({*expected})
        assert answered == expected, view


@pytest.mark.release
def test_views_answer_by_project(loaded: Loaded) -> None:
    check_views(loaded.warehouse, VIEWS)
    check_views(loaded.warehouse, sorted(_ACROSS), is_across=True)


@pytest.mark.parametrize(("macro", "arguments", "named"), CALLS)
def test_macros_answer_by_project(
    sample_warehouse: Warehouse, macro: str, arguments: tuple[Any, ...], named: dict[str, Any]
) -> None:
    name = f"v1.{macro}"

    def answer(given: dict[str, pa.Table]) -> dict[str, pa.Table]:
        return {name: called(given, name, *arguments, **named)}

    found = by_project(sample_warehouse, [name], answer, is_across="across" in named)
    expected = rows(getattr(sample_warehouse.v1, macro)(*arguments, **named).to_arrow_table())
    assert expected
    assert sum((rows(of_project[name]) for of_project in found), Counter()) == expected
