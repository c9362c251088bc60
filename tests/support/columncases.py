"""Writes the resolver's answers as lines of text, to compare with those that a test expects.

`orders.id -> order_id rename` is an edge, `orders.status filter` a use; a confidence other than 1.0 stands at the end.
"""

from __future__ import annotations

from typing import NamedTuple

from artifact_warehouse.lineage.resolver import Relation, Resolution, resolve

KNOWN = {
    "orders": "id customer_id status amount ordered_at note tags payload address",
    "customers": "id name country email parent_id",
    "payments": "id order_id method amount",
    "prices": "sku valid_from price",
    "wide": "id jan feb mar",
}
"""The columns of the relations that are known; of all others nothing is."""

TYPES = {"orders": {"address": "STRUCT(city VARCHAR, zip INTEGER)", "tags": "VARCHAR[]"}}
BIGQUERY_TYPES = {"orders": {"address": "STRUCT<city STRING, zip INT64>", "tags": "ARRAY<STRING>"}}


class Case(NamedTuple):
    """A query in a dialect, and all lines that the resolver shall answer."""

    title: str
    dialect: str | None
    sql: str
    expected: tuple[str, ...]


def case(title: str, dialect: str | None, sql: str, *expected: str) -> Case:
    return Case(title, dialect, sql, expected)


def known_relation(dialect: str | None, parts: tuple[str, ...]) -> Relation:
    """A relation by the last part of its name; one that is not known keeps its name as written."""
    name = parts[-1].lower()
    if name not in KNOWN:
        return Relation(".".join(parts))
    types = BIGQUERY_TYPES if dialect in ("bigquery", "databricks", "spark") else TYPES
    return Relation(name, {column: column for column in KNOWN[name].split()}, True, types.get(name, {}))


def resolved(
    sql: str,
    dialect: str | None = None,
    ephemerals: dict[str, Relation] | None = None,
    wanted: dict[str, str] | None = None,
) -> Resolution:
    return resolve(sql, dialect, lambda parts: known_relation(dialect, parts), ephemerals or {}, wanted)


def lines(resolution: Resolution) -> list[str]:
    """The edges and the uses of a resolution as sorted lines of text."""

    def ending(confidence: float) -> str:
        return "" if confidence == 1.0 else f" {confidence}"

    edges = [
        f"{e.from_relation}.{e.from_column} -> {e.to_column} {e.kind}{ending(e.confidence)}" for e in resolution.edges
    ]
    uses = [f"{u.from_relation}.{u.from_column} {u.kind}{ending(u.confidence)}" for u in resolution.uses]
    return sorted(edges + uses)


def answer(of: Case) -> list[str]:
    """All that the resolver says of a case."""
    return lines(resolved(of.sql, of.dialect))
