"""The resolver on SQL that is deep, wide or broken: right where it can be read, an UnreadableSql where it cannot."""

from __future__ import annotations

import pytest
from columncases import lines, resolved

from artifact_warehouse.lineage.resolver import Relation, Resolution, UnreadableSql, resolve
from artifact_warehouse.lineage.resolver.resolution import with_deep_stack


def deep(sql: str, dialect: str | None = None) -> Resolution:
    return with_deep_stack(lambda: resolved(sql, dialect))


@pytest.mark.parametrize("word", ["and", "or"])
def test_three_thousand_terms_of_a_condition(word: str) -> None:
    terms = f" {word} ".join(f"(id <> {i} and note = 'n{i}')" for i in range(1500))
    assert lines(deep(f"select id from orders where {terms}")) == [
        "orders.id -> id passthrough", "orders.id filter", "orders.note filter",
    ]  # fmt: skip


def test_three_thousand_terms_of_a_sum() -> None:
    found = deep(f"select {' + '.join(['amount', 'id'] * 1500)} as total from orders")
    assert lines(found) == ["orders.amount -> total transform", "orders.id -> total transform"]


def test_two_thousand_branches_of_a_case() -> None:
    whens = " ".join(f"when id = {i} then note" for i in range(2000))
    assert lines(deep(f"select case {whens} end as x from orders")) == [
        "orders.id -> x condition", "orders.note -> x transform",
    ]  # fmt: skip


def test_five_hundred_branches_of_a_union() -> None:
    sql = " union all ".join(f"select id, x{i} as x from raw.t{i}" for i in range(500))
    found = deep(sql)
    assert len(found.edges) == 1000
    assert {e.to_column for e in found.edges} == {"id", "x"}
    assert ("raw.t499", "x499", "x") in {(e.from_relation, e.from_column, e.to_column) for e in found.edges}


def test_sixty_levels_of_subqueries() -> None:
    sql = "select id, note from orders"
    for level in range(60):
        sql = f"select id, note from ({sql} where id > {level}) as q{level}"
    assert lines(deep(sql)) == ["orders.id -> id passthrough", "orders.id filter", "orders.note -> note passthrough"]


def test_two_hundred_ctes_in_a_row() -> None:
    ctes = ["c0 as (select * from wide)"] + [f"c{i} as (select * from c{i - 1})" for i in range(1, 200)]
    assert len(lines(deep(f"with {', '.join(ctes)} select * from c199"))) == 4


def test_a_diamond_of_more_paths_than_could_be_walked() -> None:
    ctes = ["c0 as (select id, jan from wide)"]
    ctes += [
        f"c{i} as (select l.id, l.jan + r.jan as jan from c{i - 1} l join c{i - 1} r on l.id = r.id)"
        for i in range(1, 40)
    ]
    assert lines(deep(f"with {', '.join(ctes)} select jan from c39")) == ["wide.id join", "wide.jan -> jan transform"]


def test_a_star_of_two_thousand_columns_joined_by_using() -> None:
    columns = {f"c{i}": f"c{i}" for i in range(2000)}

    def find(parts: tuple[str, ...]) -> Relation:
        return Relation(parts[-1], columns if parts[-1] == "broad" else {"c0": "c0", "extra": "extra"})

    found = resolve("select * from broad left join narrow using (c0)", "snowflake", find)
    assert found.columns == (*columns, "extra")
    assert len(found.edges) == 2001


@pytest.mark.parametrize(
    "sql",
    ["", "   ", ";", "-- nothing but a comment", "select from where", "select (((", "{{ ref('orders') }}",
     "hello world", "select 'an open text from orders", "drop table orders", "select id from orders where (", "\x00"],
)  # fmt: skip
def test_what_is_no_query_is_an_error_that_says_so(sql: str) -> None:
    with pytest.raises(UnreadableSql) as error:
        deep(sql, "postgres")
    assert str(error.value)


def test_the_error_names_the_line() -> None:
    with pytest.raises(UnreadableSql, match="line 3"):
        resolved("select id\nfrom orders\nwhere (id = = 3", "postgres")


def test_a_comma_too_many_is_repaired_and_told() -> None:
    found = resolved("select id, note, from orders", "postgres")
    assert {"orders.id -> id passthrough", "orders.note -> note passthrough"} <= set(lines(found))


def test_an_unknown_dialect_is_no_crash() -> None:
    try:
        found = resolved("select id from orders", "klingon")
    except UnreadableSql as error:
        assert "klingon" in str(error)
    else:
        assert lines(found) == ["orders.id -> id passthrough"]


@pytest.mark.parametrize("dialect", ["postgres", "snowflake", "bigquery", "duckdb", "clickhouse", "tsql", "redshift"])
def test_a_query_of_many_things_means_the_same_in_every_dialect(dialect: str) -> None:
    sql = (
        "with o as (select customer_id, sum(amount) as total from orders where status = 'x' group by customer_id),"
        " c as (select id, upper(name) as name from customers)"
        " select c.id as customer, c.name, coalesce(o.total, 0) as total from c left join o on o.customer_id = c.id"
    )
    assert lines(resolved(sql, dialect)) == [
        "customers.id -> customer rename", "customers.id join", "customers.name -> name transform",
        "orders.amount -> total aggregation", "orders.customer_id group", "orders.customer_id join",
        "orders.status filter",
    ]  # fmt: skip
