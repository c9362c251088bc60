"""dbt's syntax of selections, on a graph of a few nodes; what each selects is written down by hand."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from artifact_warehouse.serve.graphql.selection import Graph, InvalidSelection, select

EDGES = {
    "source.shop.raw.orders": ["model.shop.stg_orders"],
    "seed.shop.regions": ["model.shop.fct_orders"],
    "model.shop.stg_orders": ["model.shop.int_orders", "test.shop.unique_stg_orders"],
    "model.shop.int_orders": ["model.shop.fct_orders"],
    "model.shop.fct_orders": ["exposure.shop.board", "model.other.dim.v2"],
}


def node(unique_id: str, **fields: Any) -> dict[str, Any]:
    kind, package, *names = unique_id.split(".")
    usual = {"tags": [], "config": {}, "file_path": f"models/{names[-1]}.sql", "source_name": names[0]}
    return {"unique_id": unique_id, "resource_type": kind, "package_name": package, "name": names[-1]} | usual | fields


NODES = {
    one["unique_id"]: one
    for one in (
        node("source.shop.raw.orders", fqn=["shop", "staging", "raw", "orders"], file_path="models/staging/raw.yml"),
        node("seed.shop.regions", fqn=["shop", "regions"], file_path="seeds/regions.csv"),
        node("model.shop.stg_orders", fqn=["shop", "staging", "stg_orders"], file_path="models/staging/stg_orders.sql"),
        node("model.shop.int_orders", fqn=["shop", "int_orders"], tags=["nightly", "pii"], group="sales"),
        node("model.shop.fct_orders", fqn=["shop", "marts", "fct_orders"], tags=["nightly"], access="public")
        | {"config": {"materialized": "table", "meta": {"owner": "ann"}, "enabled": True}},
        node("model.other.dim.v2", name="dim", fqn=["other", "dim", "v2"], version="2", release_version="latest"),
        node("test.shop.unique_stg_orders", fqn=["shop", "staging", "unique_stg_orders"])
        | {"test_type": "GENERIC_DATA_TEST", "test_metadata": {"name": "unique"}},
        node("exposure.shop.board", fqn=["shop", "board"], file_path="models/board.yml"),
    )
}
PARENTS = {child: [p for p, children in EDGES.items() if child in children] for child in NODES}
GRAPH = Graph(NODES, PARENTS, EDGES)


def names(ids: frozenset[str]) -> set[str]:
    return {NODES[id_]["name"] for id_ in ids}


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("stg_orders", "stg_orders"),
        ("*_orders", "stg_orders int_orders fct_orders unique_stg_orders"),
        ("staging", "stg_orders unique_stg_orders"),
        ("shop.marts", "fct_orders"),
        ("shop.staging.*", "stg_orders unique_stg_orders"),
        ("dim", "dim"),
        ("dim.v2", "dim"),
        ("other.dim.v2", "dim"),
        ("+int_orders", "orders stg_orders int_orders"),
        ("1+int_orders", "stg_orders int_orders"),
        ("stg_orders+", "stg_orders unique_stg_orders int_orders fct_orders board dim"),
        ("stg_orders+1", "stg_orders unique_stg_orders int_orders"),
        ("1+int_orders+1", "stg_orders int_orders fct_orders"),
        ("@int_orders", "orders stg_orders regions int_orders fct_orders board dim"),
        ("tag:nightly", "int_orders fct_orders"),
        ("tag:nightly,tag:pii", "int_orders"),
        ("tag:pii regions", "int_orders regions"),
        ("group:sales", "int_orders"),
        ("access:public", "fct_orders"),
        ("package:other", "dim"),
        ("path:models/staging", "orders stg_orders"),
        ("models/staging/stg_orders.sql", "stg_orders"),
        ("stg_orders.sql", "stg_orders"),
        ("file:regions.csv", "regions"),
        ("source:raw", "orders"),
        ("source:raw.orders+1", "orders stg_orders"),
        ("source:shop.raw.orders", "orders"),
        ("+exposure:board,resource_type:model", "stg_orders int_orders fct_orders"),
        ("config.materialized:table", "fct_orders"),
        ("config.meta.owner:ann", "fct_orders"),
        ("config.enabled:true", "fct_orders"),
        ("test_name:unique", "unique_stg_orders"),
        ("test_type:generic", "unique_stg_orders"),
        ("version:latest", "dim"),
        ("nothing_of_this_name", ""),
    ],
)
def test_a_selection_selects_what_dbt_selects(wanted: str, expected: str) -> None:
    assert names(select(GRAPH, wanted, None).ids) == {*expected.split()}


def test_what_is_excluded_is_not_selected() -> None:
    assert names(select(GRAPH, "stg_orders+", "int_orders+").ids) == {"stg_orders", "unique_stg_orders"}
    assert names(select(GRAPH, None, "package:shop").ids) == {"dim"}


def test_the_nodes_that_a_criterion_names_are_told_from_those_around_them() -> None:
    assert names(select(GRAPH, "+int_orders tag:nightly", "regions").named) == {"int_orders", "fct_orders"}


@pytest.mark.parametrize("wanted", ["+", "tag:", "state:modified", "@+x", "a,,b", "config:x", " ".join("x" * 51)])
def test_a_selection_that_cannot_be_read_is_told(wanted: str) -> None:
    with pytest.raises(InvalidSelection):
        select(GRAPH, wanted, None)


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_text_selects_nodes_or_is_told(wanted: str, excluded: str) -> None:
    try:
        found = select(GRAPH, wanted, excluded)
    except InvalidSelection:
        return
    assert found.named <= found.ids <= NODES.keys()
