"""Where the columns of queries come from: rarer SQL, relations that are known in part, and what a catalog adds."""

from __future__ import annotations

import pytest
from columncases import Case, answer, case, lines, resolved

from artifact_warehouse.column_lineage import Relation, UnreadableSql, resolve

WIDE = ("wide.id -> id passthrough", "wide.jan -> jan passthrough", "wide.feb -> feb passthrough",
        "wide.mar -> mar passthrough")  # fmt: skip

CASES = [
    case("a scalar subquery within an expression", None,
         "select id + (select max(amount) from payments) as x from orders",
         "orders.id -> x transform", "payments.amount -> x aggregation"),
    case("ANY_VALUE with HAVING MAX", "bigquery", "select any_value(status having max ordered_at) as s from orders",
         "orders.status -> s aggregation", "orders.ordered_at -> s aggregation"),
    case("a list comprehension binds its name", "duckdb",
         "select [note * 2 for note in tags if note > status] as x from orders",
         "orders.tags -> x transform", "orders.status -> x transform"),
    case("EXISTS over an array in Spark", "spark", "select exists(tags, note -> note = status) as x from orders",
         "orders.tags -> x transform", "orders.status -> x transform"),
    case("a field of a field", "bigquery",
         "select o.address.geo.lat as lat from orders o", "orders.address -> lat field"),
    case("a field of a value in parentheses", "postgres", "select (address).city as c from orders",
         "orders.address -> c field"),
    case("a field of an item", "bigquery", "select tags[offset(0)].name as n from orders", "orders.tags -> n field"),
    case("a field by its name in brackets", "duckdb",
         "select address['city'] as c from orders", "orders.address -> c field"),
    case("a column as an index flows, too", "duckdb", "select tags[amount] as t from orders",
         "orders.tags -> t field", "orders.amount -> t transform"),
    case("structs in structs are followed", "duckdb",
         "with a as (select {'in': {'x': id, 'y': note}} as s from orders) select s.in.y as y from a",
         "orders.note -> y rename"),
    case("a struct that a CTE builds, and its star", "bigquery",
         "with a as (select struct(id as i, note as n) as s from orders) select s.* from a",
         "orders.id -> i rename", "orders.note -> n rename"),
    case("a whole row as a value", "duckdb", "select w as whole from wide w",
         "wide.id -> whole transform", "wide.jan -> whole transform", "wide.feb -> whole transform",
         "wide.mar -> whole transform"),
    case("a name that is known in no dialect of rows is a row's", "bigquery",
         "select o.w.jan as x from (select w from wide w) as o", "wide.jan -> x rename"),
    case("FULL UNION BY NAME in BigQuery", "bigquery",
         "select id, note from orders full union all by name select id, name from customers",
         "orders.id -> id passthrough", "orders.note -> note passthrough", "customers.id -> id passthrough",
         "customers.name -> name passthrough"),
    case("LEFT UNION BY NAME keeps the left columns", "bigquery",
         "select id, note from orders left union all by name select name, id from customers",
         "orders.id -> id passthrough", "orders.note -> note passthrough", "customers.id -> id passthrough"),
    case("INNER UNION BY NAME keeps what both have", "bigquery",
         "select id, note from orders inner union all by name select name, id from customers",
         "orders.id -> id passthrough", "customers.id -> id passthrough"),
    case("COLUMNS with a pattern", "duckdb", "select columns('^j') from wide", "wide.jan -> jan passthrough"),
    case("COLUMNS in an aggregate", "duckdb", "select max(columns('a')) from wide",
         "wide.jan -> jan aggregation", "wide.mar -> mar aggregation"),
    case("two outputs of one function", "spark", "select id, posexplode(tags) as (pos, tag) from orders",
         "orders.id -> id passthrough", "orders.tags -> pos field", "orders.tags -> tag field", "orders.tags join"),
    case("a scalar subquery in ClickHouse's WITH", "clickhouse",
         "with (select max(amount) from payments) as top select id, amount / top as share from orders",
         "orders.id -> id passthrough", "orders.amount -> share transform", "payments.amount -> share aggregation"),
    case("quoted names of a pivot in Snowflake", "snowflake",
         """select "'a'" as a from (select id, status, amount from orders) pivot(max(amount) for status in ('a'))""",
         "orders.amount -> a aggregation", "orders.status -> a condition", "orders.id group"),
    case("two aggregates of a pivot", "bigquery",
         "select most_x, least_x from (select id, status, amount from orders)"
         " pivot(max(amount) as most, min(amount) as least for status in ('x'))",
         "orders.amount -> most_x aggregation", "orders.status -> most_x condition",
         "orders.amount -> least_x aggregation", "orders.status -> least_x condition", "orders.id group"),
    case("two aggregates of a pivot in DuckDB", "duckdb",
         "select x_most, x_least from (select id, status, amount from orders)"
         " pivot(max(amount) as most, min(amount) as least for status in ('x'))",
         "orders.amount -> x_most aggregation", "orders.status -> x_most condition",
         "orders.amount -> x_least aggregation", "orders.status -> x_least condition", "orders.id group"),
    case("CONNECT BY", "oracle",
         "select id, level as depth from customers start with parent_id is null connect by prior id = parent_id",
         "customers.id -> id passthrough", "customers.parent_id filter", "customers.id filter"),
    case("MATCH_RECOGNIZE", "snowflake",
         "select customer_id, top from orders match_recognize (partition by customer_id order by ordered_at"
         " measures max(amount) as top one row per match pattern (a+) define a as a.status = 'x')",
         "orders.customer_id -> customer_id passthrough", "orders.amount -> top aggregation",
         "orders.customer_id group", "orders.ordered_at sort", "orders.status filter"),
    case("a join in parentheses with a name of its own", "postgres",
         "select q.note, q.method from (orders join payments on payments.order_id = orders.id) as q",
         "orders.note -> note passthrough", "payments.method -> method passthrough", "payments.order_id join",
         "orders.id join"),
    case("a function that makes rows of constants", "snowflake",
         "select id, seq4() as n from orders, table(generator(rowcount => 5))", "orders.id -> id passthrough"),
    case("DISTINCT ON by number", "postgres", "select distinct on (1) note, id from orders order by 1",
         "orders.note -> note passthrough", "orders.id -> id passthrough", "orders.note group", "orders.note sort"),
    case("a row of values compared", None,
         "select id from orders where (customer_id, note) in (select id, name from customers)",
         "orders.id -> id passthrough", "orders.customer_id filter", "orders.note filter", "customers.id filter",
         "customers.name filter"),
    case("a window inside an aggregate's expression", None,
         "select sum(sum(amount)) over (order by status) as running, status from orders group by status",
         "orders.amount -> running window", "orders.status -> running condition", "orders.status -> status passthrough",
         "orders.status group"),
    case("FROM first", "duckdb", "from wide", *WIDE),
    case("TABLE alone", "postgres", "with a as (select id from orders) table a", "orders.id -> id passthrough"),
    case("a sample", "bigquery",
         "select id from orders tablesample system (10 percent)", "orders.id -> id passthrough"),
    case("a hint and comments", "snowflake",
         "/* a */ select -- b\n id /* c */ from orders -- d\n", "orders.id -> id passthrough"),
    case("a limit by a subquery", "postgres", "select id from orders limit (select max(amount) from payments)",
         "orders.id -> id passthrough", "payments.amount filter"),
]  # fmt: skip


@pytest.mark.parametrize("of", CASES, ids=[of.title for of in CASES])
def test_the_edges_and_uses_of_a_query_are(of: Case) -> None:
    assert answer(of) == sorted(of.expected)


def part_known(parts: tuple[str, ...]) -> Relation:
    """A relation with one known column, and more that are not."""
    return Relation(parts[-1], {"id": "ID"}, False)


def test_a_relation_that_is_known_in_part_may_have_other_columns() -> None:
    found = resolve("select id, other from t", "snowflake", part_known)
    assert [(e.from_column, e.to_column) for e in found.edges] == [("ID", "id"), ("other", "other")]
    assert found.edges[0].confidence == 1.0
    assert found.edges[1].confidence < 1.0


def test_a_star_of_a_relation_that_is_known_in_part_stays_open() -> None:
    found = resolve("select * from t", "snowflake", part_known)
    assert found.is_open
    assert "ID" in {e.from_column for e in found.edges}


def test_a_qualified_column_that_the_catalog_does_not_list_is_kept_with_less_confidence() -> None:
    found = resolved("select w._loaded_from as x from wide w", "snowflake")
    assert lines(found) == ["wide._loaded_from -> x rename 0.7"]


def test_fields_that_a_catalog_lists_with_dots_are_those_of_their_column() -> None:
    columns = {"id": "id", "address": "address", "address.city": "address.city", "address.zip": "address.zip"}

    def find(parts: tuple[str, ...]) -> Relation:
        return Relation("people", columns)

    found = resolve("select * from people", "bigquery", find)
    assert found.columns == ("id", "address")
    wanted = {"id": "id", "address": "address", "address.city": "address.city"}
    with_fields = resolve("select * from people", "bigquery", find, {}, wanted)
    assert not with_fields.unresolved_columns
    assert {"address.city", "address"} <= {e.to_column for e in with_fields.edges}


def test_an_excepted_column_does_not_come_back_through_an_open_star() -> None:
    found = resolved("select * except (secret) from raw.clicks", "bigquery", wanted={"url": "url", "secret": "secret"})
    assert lines(found) == ["raw.clicks.url -> url passthrough 0.8"]
    assert found.unresolved_columns == ("secret",)


def test_an_output_without_an_alias_is_the_catalogs_column_at_its_place() -> None:
    found = resolved("select max(id), note from orders", "postgres", wanted={"max": "max", "note": "note"})
    assert lines(found) == ["orders.id -> max aggregation", "orders.note -> note passthrough"]


def test_a_union_of_open_stars_hands_on_the_columns_of_both() -> None:
    found = resolved(
        "with u as (select * from raw.a union all select * from raw.b) select url from u",
        "snowflake",
        wanted={"url": "URL"},
    )
    assert {(e.from_relation, e.from_column, e.to_column) for e in found.edges} == {
        ("raw.a", "url", "URL"), ("raw.b", "url", "URL"),
    }  # fmt: skip


def test_a_star_of_what_is_not_there_is_named() -> None:
    found = resolved("select nobody.*, id from orders", "postgres")
    assert [name.lower() for name in found.unresolved_names] == ["nobody.*"]


def test_an_ephemeral_model_hides_its_own_text_and_keeps_its_filters_to_itself() -> None:
    ephemeral = Relation("model.shop.clean", {"id": "id"})
    sql = "with __dbt__cte__clean as (select id from orders where note = 'x'), b as (select * from __dbt__cte__clean)"
    found = resolved(f"{sql} select * from b", "snowflake", {"__dbt__cte__clean": ephemeral})
    assert lines(found) == ["model.shop.clean.id -> id passthrough"]


@pytest.mark.parametrize("sql", ["delete from orders", "truncate table orders", "grant select on orders to someone"])
def test_a_statement_without_a_query_is_no_query(sql: str) -> None:
    with pytest.raises(UnreadableSql):
        resolved(sql, "postgres")


def test_relations_are_looked_up_by_the_parts_as_written() -> None:
    seen = []

    def find(parts: tuple[str, ...]) -> Relation:
        seen.append(parts)
        return Relation("any", {"id": "id"})

    resolve('select a.id from "Prod"."Shop".orders a join `x-y`.z on true'.replace("`x-y`", '"x-y"'), "postgres", find)
    assert sorted(seen) == [("Prod", "Shop", "orders"), ("x-y", "z")]


def test_resolving_twice_gives_the_same_in_the_same_order() -> None:
    sql = "with a as (select * from orders join wide using (id)) select *, id as again from a where note is not null"
    assert resolved(sql, "duckdb") == resolved(sql, "duckdb")
