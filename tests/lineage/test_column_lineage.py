"""Where the columns of queries come from: each class of SQL that all dialects share, case by case."""

from __future__ import annotations

import pytest
from columncases import Case, answer, case, lines, resolved

from artifact_warehouse.lineage.resolver import Relation

EXPRESSIONS = [
    case("a column under its own name", None, "select id from orders", "orders.id -> id passthrough"),
    case("a column under another name", None, "select id as order_id from orders", "orders.id -> order_id rename"),
    case("a cast", None, "select cast(id as text) as id from orders", "orders.id -> id cast"),
    case("a cast in an expression is part of it", None, "select cast(id as int) + 1 as n from orders",
         "orders.id -> n transform"),
    case("parentheses are nothing", None, "select ((id)) as id from orders", "orders.id -> id passthrough"),
    case("a function of two columns", None, "select coalesce(status, note) as label from orders",
         "orders.status -> label transform", "orders.note -> label transform"),
    case("a literal comes from nowhere", None, "select 1 as one, current_date as today, id from orders",
         "orders.id -> id passthrough"),
    case("CASE: conditions decide, results flow", None,
         "select case when status = 'paid' then amount else 0 end as paid from orders",
         "orders.status -> paid condition", "orders.amount -> paid transform"),
    case("a CASE over a value decides by it", None, "select case status when 'a' then note end as x from orders",
         "orders.status -> x condition", "orders.note -> x transform"),
    case("what decides and flows is more than a condition", None,
         "select case when amount > 0 then amount end as x from orders", "orders.amount -> x transform"),
    case("one output from one column twice is one edge", None, "select id + id as n from orders",
         "orders.id -> n transform"),
    case("an alias without AS", None, "select o.id order_id from orders o", "orders.id -> order_id rename"),
    case("a query without FROM", None, "select 1 as one"),
]  # fmt: skip

CTES = [
    case("a chain of CTEs", None,
         "with a as (select id, amount from orders), b as (select id, amount * 2 as double_amount from a)"
         " select id as order_id, double_amount from b",
         "orders.id -> order_id rename", "orders.amount -> double_amount transform"),
    case("a CTE hides the table of its name", None,
         "with orders as (select name as id from customers) select id from orders", "customers.name -> id rename"),
    case("a CTE of a table's name reads that table", None,
         "with orders as (select id from orders) select id as x from orders", "orders.id -> x rename"),
    case("an inner CTE hides an outer one", None,
         "with a as (select id as x from orders) select * from (with a as (select name as x from customers)"
         " select x from a) as q", "customers.name -> x rename"),
    case("a table with a schema is not the CTE of its name", None,
         "with orders as (select name as id from customers) select id from shop.orders", "orders.id -> id passthrough"),
    case("columns named in the CTE's head", None,
         "with a (x, y) as (select id, name from customers) select y, x from a",
         "customers.name -> y rename", "customers.id -> x rename"),
    case("a CTE that nobody reads adds nothing", None,
         "with unused as (select name from customers where country = 'de') select id from orders",
         "orders.id -> id passthrough"),
    case("a CTE read twice", None,
         "with a as (select id, amount from orders) select l.id, r.amount from a as l join a as r on l.id = r.id",
         "orders.id -> id passthrough", "orders.amount -> amount passthrough", "orders.id join"),
    case("names of CTEs do not mind case", None, "with Base as (select ID from Orders) select Id from BASE",
         "orders.id -> Id passthrough"),
    case("a filter in a CTE is a use of the query", None,
         "with a as (select id from orders where status = 'x') select id from a",
         "orders.id -> id passthrough", "orders.status filter"),
    case("a table in FROM alone", "duckdb", "with a as (select id from orders) from a", "orders.id -> id passthrough"),
]  # fmt: skip

SUBQUERIES = [
    case("a derived table", None, "select q.x from (select id as x from orders) as q", "orders.id -> x rename"),
    case("a derived table with a head", "postgres", "select b from (select id, note from orders) as q(a, b)",
         "orders.note -> b rename"),
    case("a scalar subquery", None, "select (select max(amount) from payments) as most from orders",
         "payments.amount -> most aggregation"),
    case("a correlated one uses both sides", None,
         "select c.id, (select max(o.amount) from orders o where o.customer_id = c.id) as most from customers c",
         "customers.id -> id passthrough", "orders.amount -> most aggregation",
         "orders.customer_id filter", "customers.id filter"),
    case("an inner name is looked up inside first", None,
         "select (select max(amount) from payments where order_id = id) as most from orders",
         "payments.amount -> most aggregation", "payments.order_id filter", "payments.id filter"),
    case("and outside if it is not there", None,
         "select (select max(amount) from payments where order_id = customer_id) as most from orders",
         "payments.amount -> most aggregation", "payments.order_id filter", "orders.customer_id filter"),
    case("IN a subquery", None,
         "select id from orders where customer_id in (select id from customers where country = 'x')",
         "orders.id -> id passthrough", "orders.customer_id filter", "customers.id filter", "customers.country filter"),
    case("EXISTS", None,
         "select id from orders o where exists (select 1 from payments p where p.order_id = o.id and p.amount > 0)",
         "orders.id -> id passthrough", "payments.order_id filter", "orders.id filter", "payments.amount filter"),
    case("VALUES give nothing, and can be joined", "postgres",
         "select o.id, v.label from orders o join (values ('a', 1), ('b', 2)) as v(code, label) on v.code = o.status",
         "orders.id -> id passthrough", "orders.status join"),
    case("a lateral subquery", "postgres",
         "select o.id, p.most from orders o left join lateral (select max(amount) as most from payments where"
         " order_id = o.id) p on true",
         "orders.id -> id passthrough", "payments.amount -> most aggregation", "payments.order_id filter",
         "orders.id filter"),
]  # fmt: skip

SET_OPERATIONS = [
    case("UNION ALL by position", None, "select id, note from orders union all select name, id from customers",
         "orders.id -> id passthrough", "orders.note -> note passthrough", "customers.name -> id rename",
         "customers.id -> note rename"),
    case("UNION looks at whole rows", None, "select note from orders union select name from customers",
         "orders.note -> note passthrough", "customers.name -> note rename", "orders.note group",
         "customers.name group"),
    case("three branches", None,
         "select id from orders union all select id from customers union all select order_id from payments",
         "orders.id -> id passthrough", "customers.id -> id passthrough", "payments.order_id -> id rename"),
    case("UNION ALL BY NAME", "duckdb",
         "select id, note from orders union all by name select name as note, id, email from customers",
         "orders.id -> id passthrough", "orders.note -> note passthrough", "customers.name -> note rename",
         "customers.id -> id passthrough", "customers.email -> email passthrough"),
    case("EXCEPT: only the left side flows", None, "select id from orders except select order_id from payments",
         "orders.id -> id passthrough", "orders.id filter", "payments.order_id filter"),
    case("nested set operations", None,
         "(select id from orders union all select id from customers) except select order_id from payments",
         "orders.id -> id passthrough", "customers.id -> id passthrough", "orders.id filter", "customers.id filter",
         "payments.order_id filter"),
    case("branches with a star", None, "select * from wide union all select id, mar, feb, jan from wide",
         "wide.id -> id passthrough", "wide.jan -> jan passthrough", "wide.feb -> feb passthrough",
         "wide.mar -> mar passthrough", "wide.mar -> jan rename", "wide.jan -> mar rename"),
    case("a CTE for all branches", None,
         "with a as (select id from orders) select id from a union all select id from a where id > 1",
         "orders.id -> id passthrough", "orders.id filter"),
]  # fmt: skip

JOINS = [
    case("ON is a use of both sides", None,
         "select o.id, c.name from orders o left join customers c on o.customer_id = c.id",
         "orders.id -> id passthrough", "customers.name -> name passthrough", "orders.customer_id join",
         "customers.id join"),
    case("the old comma with WHERE is a filter", None,
         "select o.id, name from orders o, customers c where customer_id = c.id",
         "orders.id -> id passthrough", "customers.name -> name passthrough", "orders.customer_id filter",
         "customers.id filter"),
    case("USING of a left join keeps the left side's value", "postgres",
         "select id, c.name from orders left join customers c using (id)",
         "orders.id -> id passthrough", "customers.name -> name passthrough", "orders.id join", "customers.id join"),
    case("USING of a right join keeps the right side's value", "postgres",
         "select id, c.name from orders right join customers c using (id)",
         "customers.id -> id passthrough", "customers.name -> name passthrough", "orders.id join", "customers.id join"),
    case("USING of a full join takes either", "postgres",
         "select id from orders full join customers using (id)",
         "orders.id -> id transform", "customers.id -> id transform", "orders.id join", "customers.id join"),
    case("a column of USING once in a star", "postgres",
         "select * from (select id, note from orders) o join (select id, name from customers) c using (id)",
         "orders.id -> id passthrough", "orders.note -> note passthrough", "customers.name -> name passthrough",
         "orders.id join", "customers.id join"),
    case("NATURAL joins what both have", "postgres",
         "select * from (select id, note from orders) o natural join (select id, name from customers) c",
         "orders.id -> id passthrough", "orders.note -> note passthrough", "customers.name -> name passthrough",
         "orders.id join", "customers.id join"),
    case("a semi join shows only the left", "duckdb",
         "select * from wide semi join orders on wide.id = orders.id",
         "wide.id -> id passthrough", "wide.jan -> jan passthrough", "wide.feb -> feb passthrough",
         "wide.mar -> mar passthrough", "wide.id join", "orders.id join"),
    case("an anti join shows only the left", "spark",
         "select * from wide left anti join orders on wide.id = orders.id",
         "wide.id -> id passthrough", "wide.jan -> jan passthrough", "wide.feb -> feb passthrough",
         "wide.mar -> mar passthrough", "wide.id join", "orders.id join"),
    case("joins in parentheses", "postgres",
         "select o.id, p.method, name from customers left join (orders o join payments p on p.order_id = o.id)"
         " on o.customer_id = customers.id",
         "orders.id -> id passthrough", "payments.method -> method passthrough", "customers.name -> name passthrough",
         "payments.order_id join", "orders.id join", "orders.customer_id join", "customers.id join"),
    case("a table joined to itself", None,
         "select c.name, p.name as parent from customers c left join customers p on p.id = c.parent_id",
         "customers.name -> name passthrough", "customers.name -> parent rename", "customers.id join",
         "customers.parent_id join"),
    case("an ASOF join", "duckdb",
         "select o.id, p.price from orders o asof join prices p on o.note = p.sku and o.ordered_at >= p.valid_from",
         "orders.id -> id passthrough", "prices.price -> price passthrough", "orders.note join", "prices.sku join",
         "orders.ordered_at join", "prices.valid_from join"),
    case("a cross join uses nothing", None, "select o.id, c.name from orders o cross join customers c",
         "orders.id -> id passthrough", "customers.name -> name passthrough"),
]  # fmt: skip

GROUPS = [
    case("GROUP BY and an aggregate", None, "select status, sum(amount) as total from orders group by status",
         "orders.status -> status passthrough", "orders.amount -> total aggregation", "orders.status group"),
    case("count(*) comes from no column", None, "select status, count(*) as n from orders group by 1",
         "orders.status -> status passthrough", "orders.status group"),
    case("GROUP BY an alias", None, "select lower(status) as s, max(id) as m from orders group by s",
         "orders.status -> s transform", "orders.id -> m aggregation", "orders.status group"),
    case("GROUP BY ALL", "duckdb", "select status, note, min(id) as m from orders group by all",
         "orders.status -> status passthrough", "orders.note -> note passthrough", "orders.id -> m aggregation",
         "orders.status group", "orders.note group"),
    case("ROLLUP", "snowflake", "select status, note, sum(amount) as t from orders group by rollup (status, note)",
         "orders.status -> status passthrough", "orders.note -> note passthrough", "orders.amount -> t aggregation",
         "orders.status group", "orders.note group"),
    case("HAVING is a filter", None, "select status from orders group by status having sum(amount) > 5",
         "orders.status -> status passthrough", "orders.status group", "orders.amount filter"),
    case("FILTER decides", "postgres", "select sum(amount) filter (where status = 'x') as t from orders",
         "orders.amount -> t aggregation", "orders.status -> t condition"),
    case("an aggregate of a CASE", None, "select sum(case when status = 'x' then amount end) as t from orders",
         "orders.amount -> t aggregation", "orders.status -> t condition"),
    case("an expression over aggregates", None, "select max(amount) - min(amount) as t from orders",
         "orders.amount -> t aggregation"),
    case("DISTINCT compares whole rows", None, "select distinct status, note from orders",
         "orders.status -> status passthrough", "orders.note -> note passthrough", "orders.status group",
         "orders.note group"),
    case("DISTINCT ON", "postgres",
         "select distinct on (customer_id) id, note from orders order by customer_id, ordered_at desc",
         "orders.id -> id passthrough", "orders.note -> note passthrough", "orders.customer_id group",
         "orders.customer_id sort", "orders.ordered_at sort"),
    case("ORDER BY a name, an alias and a number", None, "select id, note as n from orders order by amount, n, 1",
         "orders.id -> id passthrough", "orders.note -> n rename", "orders.amount sort", "orders.note sort",
         "orders.id sort"),
]  # fmt: skip

WINDOWS = [
    case("partition and order decide", None,
         "select row_number() over (partition by customer_id order by ordered_at) as n from orders",
         "orders.customer_id -> n condition", "orders.ordered_at -> n condition"),
    case("the argument flows", None,
         "select lag(amount) over (partition by customer_id order by id) as last from orders",
         "orders.amount -> last window", "orders.customer_id -> last condition", "orders.id -> last condition"),
    case("an aggregate over a window", None, "select sum(amount) over (partition by status) as t from orders",
         "orders.amount -> t window", "orders.status -> t condition"),
    case("named windows", "postgres",
         "select sum(amount) over w as t from orders window w as (partition by status order by id)",
         "orders.amount -> t window", "orders.status -> t condition", "orders.id -> t condition"),
    case("QUALIFY is a filter", "snowflake",
         "select id from orders qualify row_number() over (partition by customer_id order by ordered_at desc) = 1",
         "orders.id -> id passthrough", "orders.customer_id filter", "orders.ordered_at filter"),
    case("QUALIFY by an alias", "snowflake",
         "select id, rank() over (order by amount) as r from orders qualify r = 1",
         "orders.id -> id passthrough", "orders.amount -> r condition", "orders.amount filter"),
    case("the newest row of each, in two steps", None,
         "with ranked as (select *, row_number() over (partition by id order by mar) as n from wide)"
         " select id, jan from ranked where n = 1",
         "wide.id -> id passthrough", "wide.jan -> jan passthrough", "wide.id filter", "wide.mar filter"),
]  # fmt: skip

STARS = [
    case("all of a known relation", None, "select * from wide",
         "wide.id -> id passthrough", "wide.jan -> jan passthrough", "wide.feb -> feb passthrough",
         "wide.mar -> mar passthrough"),
    case("all of one of two", None, "select w.*, o.id as order_id from wide w join orders o on o.id = w.id",
         "wide.id -> id passthrough", "wide.jan -> jan passthrough", "wide.feb -> feb passthrough",
         "wide.mar -> mar passthrough", "orders.id -> order_id rename", "orders.id join", "wide.id join"),
    case("EXCLUDE", "snowflake", "select * exclude (jan, feb) from wide",
         "wide.id -> id passthrough", "wide.mar -> mar passthrough"),
    case("EXCEPT", "bigquery", "select * except (jan, feb) from wide",
         "wide.id -> id passthrough", "wide.mar -> mar passthrough"),
    case("REPLACE", "bigquery", "select * replace (jan + feb as jan) from wide",
         "wide.id -> id passthrough", "wide.jan -> jan transform", "wide.feb -> jan transform",
         "wide.feb -> feb passthrough", "wide.mar -> mar passthrough"),
    case("RENAME", "snowflake", "select * exclude (feb, mar) rename (jan as january) from wide",
         "wide.id -> id passthrough", "wide.jan -> january rename"),
    case("a star through CTEs", None,
         "with a as (select * from wide), b as (select *, jan + feb as both_months from a)"
         " select id, both_months from b",
         "wide.id -> id passthrough", "wide.jan -> both_months transform", "wide.feb -> both_months transform"),
    case("names through the star of an unknown relation", None,
         "with a as (select * from raw.clicks) select url, lower(agent) as agent from a",
         "raw.clicks.url -> url passthrough 0.8", "raw.clicks.agent -> agent transform 0.8"),
    case("rows without a NULL counted", "snowflake", "select count(w.*) as n from wide w",
         "wide.id -> n aggregation", "wide.jan -> n aggregation", "wide.feb -> n aggregation",
         "wide.mar -> n aggregation"),
]  # fmt: skip

NAMES = [
    case("case does not matter, spelling is kept", None, "select O.ID as Order_Id from ORDERS o",
         "orders.id -> Order_Id rename"),
    case("quotes do not matter", "postgres", 'select "o"."id" as "Order Id" from "shop"."public"."orders" as "o"',
         "orders.id -> Order Id rename"),
    case("a column by its table's name", None, "select orders.id from shop.orders", "orders.id -> id passthrough"),
    case("a column by its schema and table", "postgres", "select shop.orders.id from shop.orders",
         "orders.id -> id passthrough"),
    case("the only unknown relation has an unqualified name", None, "select url from raw.clicks",
         "raw.clicks.url -> url passthrough 0.8"),
    case("a known relation that has the name comes before an unknown one", None,
         "select note from orders join raw.clicks on clicks.order_id = orders.id",
         "orders.note -> note passthrough", "raw.clicks.order_id join 0.8", "orders.id join"),
    case("a name that the known relation lacks is the unknown one's", None,
         "select url from orders join raw.clicks on clicks.order_id = orders.id",
         "raw.clicks.url -> url passthrough 0.8", "raw.clicks.order_id join 0.8", "orders.id join"),
]  # fmt: skip

RECURSION = [
    case("a recursive CTE", "postgres",
         "with recursive tree as (select id, name, parent_id from customers where parent_id is null union all"
         " select c.id, c.name, c.parent_id from customers c join tree t on c.parent_id = t.id)"
         " select id, name from tree",
         "customers.id -> id passthrough", "customers.name -> name passthrough", "customers.parent_id filter",
         "customers.parent_id join", "customers.id join"),
    case("a column that only the recursion fills", "postgres",
         "with recursive tree (id, root, path) as (select id, id, name from customers union all"
         " select c.id, t.root, t.path || c.email from customers c join tree t on c.parent_id = t.id)"
         " select root, path from tree",
         "customers.id -> root rename", "customers.name -> path transform", "customers.email -> path transform",
         "customers.parent_id join", "customers.id join"),
    case("a counter comes from nothing", "duckdb",
         "with recursive n as (select 1 as i union all select i + 1 from n where i < 5) select i from n"),
]  # fmt: skip

CASES = [
    *EXPRESSIONS, *CTES, *SUBQUERIES, *SET_OPERATIONS, *JOINS, *GROUPS, *WINDOWS, *STARS, *NAMES, *RECURSION,
]  # fmt: skip


@pytest.mark.parametrize("of", CASES, ids=[of.title for of in CASES])
def test_the_edges_and_uses_of_a_query_are(of: Case) -> None:
    assert answer(of) == sorted(of.expected)


def test_columns_are_named_in_their_order() -> None:
    found = resolved("select note, w.*, o.id as Order_Id from orders o join wide w on w.id = o.id")
    assert found.columns == ("note", "id", "jan", "feb", "mar", "Order_Id")


def test_edges_end_at_an_ephemeral_model() -> None:
    ephemerals = {"__dbt__cte__clean": Relation("model.shop.clean", {"id": "id", "label": "label"})}
    sql = "with __dbt__cte__clean as (select id, note as label from orders) select label as l from __dbt__cte__clean"
    assert lines(resolved(sql, None, ephemerals)) == ["model.shop.clean.label -> l rename"]


def test_an_incremental_model_reads_itself() -> None:
    sql = "select id, amount from orders where id > (select max(id) from payments)"
    assert lines(resolved(sql)) == [
        "orders.amount -> amount passthrough", "orders.id -> id passthrough", "orders.id filter", "payments.id filter",
    ]  # fmt: skip


def test_a_star_of_an_unknown_relation_leaves_the_query_open() -> None:
    found = resolved("select *, 1 as one from raw.clicks")
    assert found.is_open
    assert not found.edges


def test_columns_that_the_catalog_knows_are_found_through_an_open_star() -> None:
    found = resolved("with a as (select * from raw.clicks) select * from a", wanted={"url": "URL"})
    assert lines(found) == ["raw.clicks.url -> URL passthrough 0.8"]
    assert not found.unresolved_columns


def test_a_wanted_column_that_the_query_lacks_is_named() -> None:
    found = resolved("select id from orders", wanted={"id": "ID", "surplus": "Surplus"})
    assert lines(found) == ["orders.id -> ID passthrough"]
    assert found.unresolved_columns == ("Surplus",)


def test_a_name_that_belongs_to_no_relation_is_named() -> None:
    found = resolved("select nowhere as x, o.id from orders o cross join customers", "postgres")
    assert lines(found) == ["orders.id -> id passthrough"]
    assert [name.lower() for name in found.unresolved_names] == ["nowhere"]
    assert found.unresolved_columns == ("x",)


def test_a_name_that_one_relation_only_can_have_is_of_a_later_version_of_it() -> None:
    found = resolved("select new_col as x, id from orders", "postgres")
    assert lines(found) == ["orders.id -> id passthrough", "orders.new_col -> x rename 0.7"]


def test_a_name_that_either_of_two_unknown_relations_may_have_gets_no_certain_edge() -> None:
    found = resolved("select url from raw.clicks join raw.visits on clicks.id = visits.id")
    assert all(edge.confidence <= 0.5 for edge in found.edges)


def test_the_last_of_several_statements_is_the_query() -> None:
    assert lines(resolved("set x = 1; select id from orders;", "snowflake")) == ["orders.id -> id passthrough"]


@pytest.mark.parametrize(
    "sql", ["CREATE TABLE x AS {}", "create or replace view x as {}", "insert into x {}", "({})", "{};"]
)
def test_what_is_around_a_query_does_not_matter(sql: str) -> None:
    inner = "with a as (select id from orders) select id from a"
    assert lines(resolved(sql.format(inner), "postgres")) == ["orders.id -> id passthrough"]
