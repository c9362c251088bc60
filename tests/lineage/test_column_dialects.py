"""Where the columns of queries come from: what each dialect has of its own, as its documentation says."""

from __future__ import annotations

import pytest
from columncases import Case, answer, case, lines, resolved

ITEM = "field"
"""The kind of an edge from a list to one of its items: a part of it is taken."""
UNPIVOTED = "rename"
"""The kind of an edge from a column that UNPIVOT puts into rows: its values pass unchanged, as in UNION ALL."""

LATERAL_ALIASES = [
    *[
        case(f"{dialect} lets a later column use an alias", dialect,
             "select amount * 2 as twice, twice + 1 as more from orders",
             "orders.amount -> twice transform", "orders.amount -> more transform")
        for dialect in ("snowflake", "redshift", "databricks", "duckdb", "clickhouse", "spark")
    ],
    *[
        case(f"a column comes before an alias of its name in {dialect}", dialect,
             "select upper(status) as note, lower(note) as low from orders",
             "orders.status -> note transform", "orders.note -> low transform")
        for dialect in ("snowflake", "redshift", "databricks", "duckdb", "postgres", "bigquery")
    ],
    case("an alias comes before a column of its name in ClickHouse", "clickhouse",
         "select upper(status) as note, lower(note) as low from orders",
         "orders.status -> note transform", "orders.status -> low transform"),
    case("WHERE may use an alias in Snowflake", "snowflake", "select amount * 2 as twice from orders where twice > 4",
         "orders.amount -> twice transform", "orders.amount filter"),
    case("WITH of an expression in ClickHouse", "clickhouse",
         "with 2 as factor select amount * factor as x from orders",
         "orders.amount -> x transform"),
]  # fmt: skip

NESTED = [
    case("a field of a struct in DuckDB", "duckdb", "select address.city, address.zip as postcode from orders",
         "orders.address -> city field", "orders.address -> postcode field"),
    case("a field of a struct in BigQuery", "bigquery", "select o.address.city as c from orders as o",
         "orders.address -> c field"),
    case("all fields of a struct in BigQuery", "bigquery", "select address.* from orders",
         "orders.address -> city field", "orders.address -> zip field"),
    case("all fields of a struct in DuckDB", "duckdb", "select o.id, address.* from orders o",
         "orders.id -> id passthrough", "orders.address -> city field", "orders.address -> zip field"),
    case("a struct that the query builds hands its values on", "bigquery",
         "with a as (select struct(id as i, note as n) as s from orders) select s.i as x, s.n from a",
         "orders.id -> x rename", "orders.note -> n rename"),
    case("a struct literal of DuckDB hands its values on", "duckdb",
         "with a as (select {'i': id, 'n': note} as s from orders) select s.n from a", "orders.note -> n rename"),
    case("a path into a variant in Snowflake", "snowflake", "select payload:plan:name::string as plan from orders",
         "orders.payload -> plan field"),
    case("a path into JSON in Postgres", "postgres", "select payload ->> 'plan' as plan from orders",
         "orders.payload -> plan field"),
    case("a path into a string in Databricks", "databricks", "select payload:plan as plan from orders",
         "orders.payload -> plan field"),
    case("a function that reads JSON", "bigquery", "select json_extract_scalar(payload, '$.plan') as plan from orders",
         "orders.payload -> plan field"),
    case("an item of a list", "duckdb", "select tags[1] as first_tag from orders", "orders.tags -> first_tag field"),
    case("an offset in BigQuery", "bigquery", "select tags[offset(0)] as first_tag from orders",
         "orders.tags -> first_tag field"),
    case("a lambda's own names are no columns", "duckdb",
         "select list_transform(tags, lambda note: note || status) as marked from orders",
         "orders.tags -> marked transform", "orders.status -> marked transform"),
    case("an arrow lambda in Snowflake", "snowflake", "select transform(tags, x -> x || note) as marked from orders",
         "orders.tags -> marked transform", "orders.note -> marked transform"),
    case("the newest of an array in BigQuery", "bigquery",
         "select u.* from (select array_agg(w order by w.mar desc limit 1)[offset(0)] as u from wide w group by w.id)",
         "wide.id -> id passthrough", "wide.jan -> jan passthrough", "wide.feb -> feb passthrough",
         "wide.mar -> mar passthrough", "wide.id group", "wide.mar sort"),
]  # fmt: skip

UNNESTED = [
    case("UNNEST in BigQuery", "bigquery", "select id, tag from orders, unnest(tags) as tag",
         "orders.id -> id passthrough", f"orders.tags -> tag {ITEM}", "orders.tags join"),
    case("UNNEST with an offset in BigQuery", "bigquery",
         "select id, tag, position from orders cross join unnest(tags) as tag with offset as position",
         "orders.id -> id passthrough", f"orders.tags -> tag {ITEM}", "orders.tags join"),
    case("UNNEST with a head in Postgres", "postgres",
         "select o.id, t.tag from orders o cross join lateral unnest(o.tags) as t(tag)",
         "orders.id -> id passthrough", f"orders.tags -> tag {ITEM}", "orders.tags join"),
    case("UNNEST with a head in Trino", "trino", "select id, tag from orders cross join unnest(tags) as t(tag)",
         "orders.id -> id passthrough", f"orders.tags -> tag {ITEM}", "orders.tags join"),
    case("UNNEST in the select list in DuckDB", "duckdb", "select id, unnest(tags) as tag from orders",
         "orders.id -> id passthrough", f"orders.tags -> tag {ITEM}", "orders.tags join"),
    case("FLATTEN in Snowflake", "snowflake",
         "select o.id, f.value:name::string as name, f.index from orders o,"
         " lateral flatten(input => o.payload:items) f",
         "orders.id -> id passthrough", "orders.payload -> name field", f"orders.payload -> index {ITEM}",
         "orders.payload join"),
    case("a table function in Snowflake", "snowflake",
         "select o.id, s.value from orders o, table(split_to_table(o.note, ',')) s",
         "orders.id -> id passthrough", "orders.note -> value transform", "orders.note join"),
    case("LATERAL VIEW in Spark", "spark", "select id, tag from orders lateral view explode(tags) t as tag",
         "orders.id -> id passthrough", f"orders.tags -> tag {ITEM}", "orders.tags join"),
    case("explode in the select list in Databricks", "databricks", "select id, explode(tags) as tag from orders",
         "orders.id -> id passthrough", f"orders.tags -> tag {ITEM}", "orders.tags join"),
    case("ARRAY JOIN in ClickHouse", "clickhouse", "select id, tag from orders array join tags as tag",
         "orders.id -> id passthrough", f"orders.tags -> tag {ITEM}", "orders.tags join"),
    case("a correlated path in BigQuery", "bigquery", "select o.id, tag from orders o, o.tags as tag",
         "orders.id -> id passthrough", f"orders.tags -> tag {ITEM}", "orders.tags join"),
    case("a list of a subquery over a list in BigQuery", "bigquery",
         "select id, array(select upper(t) from unnest(tags) as t) as loud from orders",
         "orders.id -> id passthrough", "orders.tags -> loud transform", "orders.tags join"),
    case("CROSS APPLY in SQL Server", "tsql",
         "select o.id, x.most from orders o cross apply (select max(p.amount) as most from payments p"
         " where p.order_id = o.id) x",
         "orders.id -> id passthrough", "payments.amount -> most aggregation", "payments.order_id filter",
         "orders.id filter"),
    case("a series comes from its bounds", "postgres",
         "select o.id, g.n from orders o cross join lateral generate_series(1, o.amount) as g(n)",
         "orders.id -> id passthrough", "orders.amount -> n transform", "orders.amount join"),
]  # fmt: skip

PIVOTS = [
    case("PIVOT in Snowflake", "snowflake",
         "select * from (select customer_id, status, amount from orders) pivot(sum(amount) for status in ('a', 'b'))"
         " as p (customer, first, second)",
         "orders.customer_id -> customer rename", "orders.amount -> first aggregation",
         "orders.status -> first condition", "orders.amount -> second aggregation", "orders.status -> second condition",
         "orders.customer_id group"),
    case("PIVOT in BigQuery", "bigquery",
         "select customer_id, a, b from (select customer_id, status, amount from orders)"
         " pivot(sum(amount) for status in ('x' as a, 'y' as b))",
         "orders.customer_id -> customer_id passthrough", "orders.amount -> a aggregation",
         "orders.status -> a condition", "orders.amount -> b aggregation", "orders.status -> b condition",
         "orders.customer_id group"),
    case("PIVOT in DuckDB's own words", "duckdb",
         "select note, x from (pivot orders on status in ('x') using sum(amount) group by note)",
         "orders.note -> note passthrough", "orders.amount -> x aggregation", "orders.status -> x condition",
         "orders.note group"),
    case("PIVOT in SQL Server", "tsql",
         "select customer_id, [x] from (select customer_id, status, amount from orders) s"
         " pivot (sum(amount) for status in ([x])) p",
         "orders.customer_id -> customer_id passthrough", "orders.amount -> x aggregation",
         "orders.status -> x condition", "orders.customer_id group"),
    case("UNPIVOT in Snowflake", "snowflake", "select id, sales from wide unpivot(sales for month in (jan, feb))",
         "wide.id -> id passthrough", f"wide.jan -> sales {UNPIVOTED}", f"wide.feb -> sales {UNPIVOTED}",
         "wide.jan filter", "wide.feb filter"),
    case("UNPIVOT leaves the columns it does not name", "snowflake",
         "select * exclude (month, sales) from wide unpivot(sales for month in (jan, feb))",
         "wide.id -> id passthrough", "wide.mar -> mar passthrough", "wide.jan filter", "wide.feb filter"),
    case("UNPIVOT in DuckDB's own words", "duckdb",
         "select id, sales from (unpivot wide on jan, feb into name month value sales)",
         "wide.id -> id passthrough", f"wide.jan -> sales {UNPIVOTED}", f"wide.feb -> sales {UNPIVOTED}",
         "wide.jan filter", "wide.feb filter"),
    case("a pivot by hand, as dbt_utils writes it", None,
         "select customer_id, sum(case when status = 'a' then amount else 0 end) as a from orders group by customer_id",
         "orders.customer_id -> customer_id passthrough", "orders.amount -> a aggregation",
         "orders.status -> a condition", "orders.customer_id group"),
]  # fmt: skip

OTHERS = [
    case("FINAL and PREWHERE in ClickHouse", "clickhouse",
         "select id from orders final prewhere status = 'x' where amount > 1",
         "orders.id -> id passthrough", "orders.status filter", "orders.amount filter"),
    case("a join of ClickHouse with its strictness", "clickhouse",
         "select o.id, c.name from orders o any left join customers c on c.id = o.customer_id",
         "orders.id -> id passthrough", "customers.name -> name passthrough", "customers.id join",
         "orders.customer_id join"),
    case("argMax in ClickHouse", "clickhouse", "select argMax(status, ordered_at) as last from orders",
         "orders.status -> last aggregation", "orders.ordered_at -> last aggregation"),
    case("LISTAGG within a group", "snowflake",
         "select listagg(note, ',') within group (order by id) as notes from orders",
         "orders.note -> notes aggregation", "orders.id -> notes aggregation"),
    case("TOP and brackets in SQL Server", "tsql",
         "select top 10 [id] as [order id] from [dbo].[orders] order by [amount] desc",
         "orders.id -> order id rename", "orders.amount sort"),
    case("an alias before an equals sign in SQL Server", "tsql", "select order_id = id from orders",
         "orders.id -> order_id rename"),
    case("backticks of BigQuery around a whole name", "bigquery", "select id from `project.shop.orders`",
         "orders.id -> id passthrough"),
    case("MINUS in Oracle", "oracle", "select id from orders minus select order_id from payments",
         "orders.id -> id passthrough", "orders.id filter", "payments.order_id filter"),
    case("the (+) of Oracle", "oracle", "select o.id, c.name from orders o, customers c where o.customer_id = c.id (+)",
         "orders.id -> id passthrough", "customers.name -> name passthrough", "orders.customer_id filter",
         "customers.id filter"),
    case("a cast with two colons", "postgres", "select id::text from orders", "orders.id -> id cast"),
    case("SAFE_CAST", "bigquery", "select safe_cast(amount as int64) as n from orders", "orders.amount -> n cast"),
    case("a string in double quotes is no column in MySQL", "mysql", 'select "note" as a, `note` as b from orders',
         "orders.note -> b rename"),
    case("a whole row as JSON", "postgres", "select to_jsonb(w) as doc from wide w",
         "wide.id -> doc transform", "wide.jan -> doc transform", "wide.feb -> doc transform",
         "wide.mar -> doc transform"),
    case("BY NAME is no name", "snowflake", "select id, note from orders union all by name select id from customers",
         "orders.id -> id passthrough", "orders.note -> note passthrough", "customers.id -> id passthrough"),
]  # fmt: skip

CASES = [*LATERAL_ALIASES, *NESTED, *UNNESTED, *PIVOTS, *OTHERS]


@pytest.mark.parametrize("of", CASES, ids=[of.title for of in CASES])
def test_the_edges_and_uses_of_a_query_are(of: Case) -> None:
    assert answer(of) == sorted(of.expected)


@pytest.mark.parametrize("dialect", ["postgres", "bigquery", "tsql", "mysql"])
def test_an_alias_is_no_certain_column_where_the_dialect_has_no_lateral_aliases(dialect: str) -> None:
    found = resolved("select amount * 2 as twice, twice + 1 as more from orders", dialect)
    assert all(edge.confidence < 1.0 for edge in found.edges if edge.to_column == "more")


@pytest.mark.parametrize("dialect", ["postgres", "bigquery", "tsql", "mysql"])
def test_an_alias_does_not_hide_a_column_of_an_unknown_relation(dialect: str) -> None:
    found = resolved("select amount * 2 as twice, twice + 1 as more from raw.lines", dialect)
    assert "raw.lines.twice -> more transform 0.8" in lines(found)
