"""What users of other tools reported, as models over known relations: column_reports.jsonl, one case a line.

A case has its kind, the public report behind it, the code as it ran, the edges and uses that are right, and the status
of the node. `limitation` says why an answer differs; docs/column_lineage.md explains each.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from artifact_warehouse.lineage.resolver import Columns, Node, NodeLineage, Project

LINES = Path(__file__).with_name("column_reports.jsonl").read_text(encoding="utf-8").splitlines()
CASES = [json.loads(line) for line in LINES]
KNOWN = {
    "cal": "id d1 d2 year quarter month week day hour minute second dow monday",
    "customers": "id name country email parent_id",
    "orders": "id customer_id status amount ordered_at note tags payload address items",
    "payments": "id order_id method amount",
    "prices": "sku valid_from price",
    "wide": "id jan feb mar",
    "u_customers": "",
    "u_orders": "",
}
"""The columns of the sources, as their catalog has them; no catalog has the last two."""
ADAPTERS = {"tsql": "sqlserver"}
WITHOUT_DATABASES = ("spark", "clickhouse", "mysql")


class Shop:
    """The project of one case: its sources, and the models that it reads."""

    def __init__(self, case: dict[str, Any]) -> None:
        self.dialect = case["dialect"]
        self.columns: dict[str, Columns] = {}
        self.codes: dict[str, str] = {}
        listed = {name: columns.split() for name, columns in KNOWN.items()} | case.get("relations", {})
        self.nodes = [self.source(name, columns) for name, columns in listed.items()]
        self.nodes += [self.model(other) for other in CASES if unique_id(other) in case["parents"]]
        self.nodes.append(self.model(case))

    def source(self, name: str, columns: list[str]) -> Node:
        upper = [column.upper() if column.isascii() else column for column in columns]
        names = upper if self.dialect == "snowflake" else columns
        return Node(f"source.shop.raw.{name}", "source", name, name, schema="raw", **self.naming(name, names))

    def model(self, case: dict[str, Any]) -> Node:
        self.codes[case["id"]] = case["sql"]
        configured = case.get("snapshot_meta_column_names")
        return Node(
            unique_id(case),
            case.get("resource_type", "model"),
            case["id"],
            case["id"],
            schema="main",
            materialized=case.get("materialized", "table"),
            parents=case["parents"],
            code_id=case["id"],
            snapshot_meta_column_names=json.dumps(configured) if configured else None,
            **self.naming(f"own of {case['id']}", case.get("own", [])),
        )

    def naming(self, columns_id: str, columns: list[str]) -> dict[str, Any]:
        self.columns[columns_id] = Columns(tuple(columns))
        database = None if self.dialect in WITHOUT_DATABASES else "wh"
        return {"database": database, "catalogued_id": columns_id if columns else None}

    def lineage(self, of: str) -> NodeLineage:
        unknown = Columns(is_complete=False)
        project = Project(self.nodes, ADAPTERS.get(self.dialect, self.dialect), "1", lambda _: None)
        lineages = project.lineages(self.codes.get, lambda columns_id: self.columns.get(columns_id, unknown))
        [lineage] = [lineage for lineage in lineages if lineage.unique_id == of]
        assert isinstance(lineage, NodeLineage)
        return lineage


def unique_id(case: dict[str, Any]) -> str:
    return f"{case.get('resource_type', 'model')}.shop.{case['id']}"


def short(relation: str) -> str:
    """The name of a node; a relation that is none is called as the code calls it."""
    return (
        relation.rpartition(".")[2]
        if relation.split(".", maxsplit=1)[0] in ("source", "model", "snapshot")
        else relation
    )


def edges(lineage: NodeLineage) -> list[str]:
    return sorted({f"{short(e.from_relation)}.{e.from_column} -> {e.to_column}".lower() for e in lineage.edges})


def uses(lineage: NodeLineage) -> list[str]:
    return sorted({f"{short(u.from_relation)}.{u.from_column} {u.kind}".lower() for u in lineage.uses})


def answer(case: dict[str, Any]) -> dict[str, Any]:
    lineage = Shop(case).lineage(unique_id(case))
    found = {"edges": edges(lineage), "status": lineage.status}
    return found | ({"uses": uses(lineage)} if "uses" in case else {})


def expected(case: dict[str, Any]) -> dict[str, Any]:
    lower = {key: sorted(line.lower() for line in case[key]) for key in ("edges", "uses") if key in case}
    return lower | {"status": case["status"]}


RIGHT = [case for case in CASES if "limitation" not in case]
LIMITED = [case for case in CASES if "limitation" in case]


@pytest.mark.parametrize("case", RIGHT, ids=[case["id"] for case in RIGHT])
def test_a_reported_case_is_right(case: dict[str, Any]) -> None:
    assert answer(case) == expected(case)


@pytest.mark.parametrize("case", LIMITED, ids=[case["id"] for case in LIMITED])
def test_a_limitation_is_one_still_and_loses_no_edge_unsaid(case: dict[str, Any]) -> None:
    found, right = answer(case), expected(case)
    assert found != right, "this is no limitation any more: say so in column_reports.jsonl and the documentation"
    assert found["status"] == right["status"]
    if found["status"] == "resolved" and case["id"] != "in_sel":
        assert set(right["edges"]) <= set(found["edges"])


def test_the_cases_are_many_and_of_all_kinds() -> None:
    assert len(CASES) == 231
    assert len(LIMITED) <= 10
    assert len({case["kind"] for case in CASES}) >= 18
