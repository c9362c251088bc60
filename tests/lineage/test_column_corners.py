"""Where the columns of queries come from: rarer SQL, relations that are known in part, and what a catalog adds."""

from __future__ import annotations

import sys
import threading

import pytest
from columncases import Case, answer, case, lines, resolved

from artifact_warehouse.lineage.resolver import Relation, UnreadableSql, resolve
from artifact_warehouse.lineage.resolver.resolution import with_deep_stack

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
    case("a sample", "bigquery",
         "select id from orders tablesample system (10 percent)", "orders.id -> id passthrough"),
    case("a hint and comments", "snowflake",
         "/* a */ select -- b\n id /* c */ from orders -- d\n", "orders.id -> id passthrough"),
    case("a star of a struct within a struct", "bigquery",
         "select s.a.* from (select struct(struct(id as i, note as n) as a) as s from orders)",
         "orders.id -> i rename", "orders.note -> n rename"),
    case("a star of a struct just built", "bigquery", "select (struct(id as i, note as n)).* from orders",
         "orders.id -> i rename", "orders.note -> n rename"),
    case("which column a row of UNPIVOT comes from hangs on what is NULL", "duckdb",
         "select month from (unpivot wide on jan, feb into name month value sales)",
         "wide.jan -> month condition", "wide.feb -> month condition", "wide.jan filter", "wide.feb filter"),
    case("VALUES of a row in DuckDB", "duckdb", "select v.col0 as x from orders o, lateral (values (o.id)) as v",
         "orders.id -> x transform"),
    case("VALUES of a row in Postgres", "postgres", "select v.column1 as x from orders o, lateral (values (o.id)) as v",
         "orders.id -> x transform"),
    case("a window upon a window", "postgres",
         "select sum(amount) over v as t from orders window w as (partition by note), v as (w order by id)",
         "orders.amount -> t window", "orders.note -> t condition", "orders.id -> t condition"),
    case("WITH in parentheses", None,
         "(with a as (select id from orders) select id as x from a)", "orders.id -> x rename"),
    case("WITH before parentheses", None, "with a as (select id from orders) (select id as x from a)",
         "orders.id -> x rename"),
    case("a lateral view upon another", "spark",
         "select u from orders lateral view explode(tags) a as t lateral view explode(split(t, ',')) b as u",
         "orders.tags -> u transform", "orders.tags join"),
    case("COLUMNS of a star with exceptions", "duckdb", "select max(columns(* exclude (id, jan))) from wide",
         "wide.feb -> feb aggregation", "wide.mar -> mar aggregation"),
    case("a count of a column", None, "select count(id) as n, count(distinct note) as m from orders",
         "orders.id -> n aggregation", "orders.note -> m aggregation"),
    case("two lists side by side", "trino", "select a, b from orders cross join unnest(tags, payload) as t(a, b)",
         "orders.tags -> a field", "orders.payload -> b field", "orders.tags join", "orders.payload join"),
    case("UNNEST with a head in DuckDB", "duckdb", "select u.v as x from orders o, unnest(o.tags) as u(v)",
         "orders.tags -> x field", "orders.tags join"),
    case("a table function without an alias, by its name", "postgres",
         "select generate_series as n from orders, generate_series(1, orders.amount)",
         "orders.amount -> n transform", "orders.amount join"),
    case("a bare name of a table function's column", "snowflake",
         "select value as part from orders, table(split_to_table(note, ','))",
         "orders.note -> part transform", "orders.note join"),
    case("UNPIVOT of groups of columns", "bigquery",
         "select a, b from wide unpivot((a, b) for part in ((jan, feb) as 'x', (mar, id) as 'y'))",
         "wide.jan -> a rename", "wide.mar -> a rename", "wide.feb -> b rename", "wide.id -> b rename",
         "wide.jan filter", "wide.feb filter", "wide.mar filter", "wide.id filter"),
    case("REPLACE in an open star", "bigquery", "select * replace (lower(url) as url) from raw.clicks",
         "raw.clicks.url -> url transform 0.8"),
    case("RENAME in an open star", "snowflake", "select * rename (url as link) from raw.clicks",
         "raw.clicks.url -> link rename 0.8"),
    case("a function of a schema", "bigquery",
         "select tools.clean(note) as n from orders", "orders.note -> n transform"),
    case("WITH before INSERT", "duckdb", "with a as (select id from orders) insert into t select id as x from a",
         "orders.id -> x rename"),
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


def test_a_pivot_of_an_unknown_relation_hands_on_its_other_columns() -> None:
    sql = "select * from raw.clicks pivot(sum(n) for kind in ('a' as a, 'b' as b))"
    found = resolved(sql, "bigquery", wanted={"url": "url", "a": "a"})
    assert not found.unresolved_columns
    edges = [line for line in lines(found) if "->" in line]
    assert edges == [
        "raw.clicks.kind -> a condition 0.8", "raw.clicks.n -> a aggregation 0.8",
        "raw.clicks.url -> url passthrough 0.8",
    ]  # fmt: skip


def test_the_columns_of_a_pivot_whose_values_are_only_data_are_the_catalogs() -> None:
    sql = "pivot orders on status using sum(amount) group by note"
    assert lines(resolved(sql, "duckdb", wanted={"note": "note", "paid": "paid"})) == [
        "orders.amount -> paid aggregation", "orders.note -> note passthrough", "orders.note group",
        "orders.status -> paid condition",
    ]  # fmt: skip


def test_an_expression_that_clickhouse_names_in_with_reads_the_columns_of_from() -> None:
    found = resolved("with upper(note) as loud select loud as x, lower(loud) as y from orders", "clickhouse")
    assert lines(found) == ["orders.note -> x transform", "orders.note -> y transform"]


def test_a_union_by_name_with_an_unknown_relation_hands_on_its_columns() -> None:
    sql = "select id, note from orders union all by name select * from raw.clicks"
    found = resolved(sql, "duckdb", wanted={"id": "id", "url": "url"})
    assert {(e.from_relation, e.from_column, e.to_column) for e in found.edges} == {
        ("orders", "id", "id"), ("raw.clicks", "id", "id"), ("raw.clicks", "url", "url"),
    }  # fmt: skip


def test_a_union_with_an_open_star_takes_columns_of_the_same_name_for_the_same() -> None:
    found = resolved("select id from orders union all select * from raw.clicks", "snowflake", wanted={"id": "id"})
    assert lines(found) == ["orders.id -> id passthrough", "raw.clicks.id -> id passthrough 0.5"]


def test_an_unpivot_of_an_unknown_relation_hands_on_its_other_columns() -> None:
    sql = "select * from raw.clicks unpivot(n for kind in (a, b))"
    edges = [line for line in lines(resolved(sql, "snowflake", wanted={"url": "url", "n": "n"})) if "->" in line]
    assert edges == [
        "raw.clicks.a -> n rename 0.8",
        "raw.clicks.b -> n rename 0.8",
        "raw.clicks.url -> url passthrough 0.8",
    ]


def test_a_repair_is_told() -> None:
    assert resolved("select id from orders", "redshift").repair is None
    found = resolved("select payload:plan::varchar as plan from orders", "redshift")
    assert found.repair == "read as snowflake"
    assert lines(found) == ["orders.payload -> plan field"]


def test_a_deep_stack_leaves_the_recursion_limit_as_it_was() -> None:
    limits = sys.getrecursionlimit(), threading.stack_size()
    with_deep_stack(lambda: resolved("select id from orders"))
    assert (sys.getrecursionlimit(), threading.stack_size()) == limits


CORRELATED = [
    ("a name in a subquery over a function is the outer relation's, which is known to have it",
     "duckdb", "select (select max(u + amount) from unnest(tags) as t(u)) as n from orders",
     ["orders.amount -> n aggregation", "orders.tags -> n aggregation"]),
    ("so it is over the items of an array", "bigquery",
     "select (select sum(x.q * amount) from unnest(tags) as x) as n from orders",
     ["orders.amount -> n aggregation", "orders.tags -> n aggregation"]),
    ("so it is over rows that a function makes", "postgres",
     "select id from orders where id in (select x from generate_series(1, 3) as x where x > amount)",
     ["orders.id -> id passthrough"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("dialect", "sql", "expected"), [case[1:] for case in CORRELATED], ids=[c[0] for c in CORRELATED]
)
def test_what_is_known_around_is_read_within(dialect: str, sql: str, expected: list[str]) -> None:
    found = resolved(sql, dialect)
    assert [line for line in lines(found) if "->" in line] == expected
    assert "amount" in {edge.from_column for edge in found.edges} | {use.from_column for use in found.uses}


def test_a_name_that_an_unknown_relation_may_have_too_is_a_guess() -> None:
    found = resolved("select id from orders where exists (select 1 from raw.clicks u where u.k = amount)", "postgres")
    assert {(use.from_relation, use.confidence) for use in found.uses if use.from_column == "amount"} == {
        ("orders", 0.5),
        ("raw.clicks", 0.5),
    }


@pytest.mark.parametrize("dialect", ["duckdb", "snowflake", "databricks", "postgres", "bigquery"])
def test_an_alias_that_is_there_twice_stands_for_neither(dialect: str) -> None:
    found = resolved("select id as x, note as x from orders", dialect)
    assert lines(found) == ["orders.id -> x rename", "orders.note -> x_1 rename"]


def test_a_value_that_clickhouse_names_is_no_table() -> None:
    found = resolved("with 1 as orders select id from orders", "clickhouse")
    assert lines(found) == ["orders.id -> id passthrough"]


def test_a_fault_behind_the_walk_fails_the_one_query_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def fault(*_: object) -> None:
        raise KeyError("fault")

    monkeypatch.setattr("artifact_warehouse.lineage.resolver.resolution._edges", fault)
    with pytest.raises(UnreadableSql, match="by a fault of the resolver: KeyError"):
        resolved("select id from orders", "duckdb")
