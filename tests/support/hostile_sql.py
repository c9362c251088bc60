"""Hostile SQL: texts of any size that are slow to resolve where work grows faster than the text."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from artifact_warehouse.lineage.resolver import Relation

Maker = Callable[[int], str]
"""Makes a text of a size."""


def names(count: int, prefix: str = "c") -> str:
    """c0, c1, … with commas."""
    return ", ".join(f"{prefix}{i}" for i in range(count))


def union_branches(size: int) -> str:
    branches = (f"SELECT c0 AS a, c1 + {i} AS b, c{i % 50} AS c FROM t{i % 20}" for i in range(size))
    return " UNION ALL ".join(branches)


def wide_unions(size: int) -> str:
    return " UNION ".join(f"SELECT {names(size)} FROM t{i}" for i in range(7))


def parenthesised_unions(size: int) -> str:
    text = "SELECT c0, c1 FROM t0"
    for i in range(size):
        text = f"(SELECT c0, c1 FROM t{i % 20}) UNION ALL ({text})"
    return text


def unions_by_name(size: int) -> str:
    branches = (
        ", ".join(f"c{(i * 7 + j) % size} + {j} AS o{(i * 7 + j) % size}" for j in range(size)) for i in range(7)
    )
    return " UNION ALL BY NAME ".join(f"SELECT {branch} FROM t{i}" for i, branch in enumerate(branches))


def chained_stars(size: int) -> str:
    ctes = [f"s0 AS (SELECT {names(200)} FROM t0)"]
    ctes += [f"s{i} AS (SELECT * FROM s{i - 1} WHERE c{i} > 0)" for i in range(1, size)]
    return f"WITH {', '.join(ctes)} SELECT * FROM s{size - 1}"


def replaced_stars(size: int) -> str:
    ctes = [f"s0 AS (SELECT {names(200)} FROM t0)"]
    ctes += [f"s{i} AS (SELECT * REPLACE (c0 + c{i % 200} AS c0) FROM s{i - 1})" for i in range(1, size)]
    return f"WITH {', '.join(ctes)} SELECT * FROM s{size - 1}"


def stars_using(size: int) -> str:
    sides = (f"{side} AS (SELECT {names(size)} FROM t{i})" for i, side in enumerate("ab"))
    return f"WITH {', '.join(sides)} SELECT * FROM a FULL JOIN b USING ({names(size)})"


def same_names(size: int) -> str:
    sides = (f"{side} AS (SELECT {names(size)} FROM t{i})" for i, side in enumerate("abcdefgh"))
    return f"WITH {', '.join(sides)} SELECT * FROM a, b, c, d, e, f, g, h"


def equal_names(size: int) -> str:
    return f"SELECT {', '.join('c1 AS x' for _ in range(size))} FROM t0"


def conditions(size: int) -> str:
    terms = " ".join(f"{'AND' if i % 3 else 'OR'} c{i % 100} = {i}" for i in range(1, size))
    return f"SELECT c0 FROM t0 WHERE c0 = 0 {terms}"


def case_whens(size: int) -> str:
    whens = " ".join(f"WHEN c{i % 100} > {i} THEN c{(i + 1) % 100}" for i in range(size))
    return f"SELECT CASE {whens} ELSE c0 END AS x FROM t0"


def nested_cases(size: int) -> str:
    text = "c0"
    for i in range(size):
        text = f"CASE WHEN c{i % 100} = {i} THEN c1 ELSE {text} END"
    return f"SELECT {text} AS x FROM t0"


def diamonds(size: int) -> str:
    ctes = ["d0 AS (SELECT c0, c1 FROM t0)"]
    ctes += [f"d{i} AS (SELECT l.c0, r.c1 FROM d{i - 1} l JOIN d{i - 1} r ON l.c0 = r.c1)" for i in range(1, size)]
    return f"WITH {', '.join(ctes)} SELECT c0, c1 FROM d{size - 1}"


def union_diamonds(size: int) -> str:
    ctes = [f"d0 AS (SELECT {names(20)} FROM t0)"]
    ctes += [f"d{i} AS (SELECT * FROM d{i - 1} UNION ALL SELECT * FROM d{i - 1})" for i in range(1, size)]
    return f"WITH {', '.join(ctes)} SELECT * FROM d{size - 1}"


def nested_subqueries(size: int) -> str:
    text = "SELECT c0, c1 FROM t0"
    for i in range(size):
        text = f"SELECT c0, c1 FROM ({text}) q{i} WHERE c1 > {i}"
    return text


def nested_parentheses(size: int) -> str:
    return f"SELECT {'(' * size}c0{')' * size} AS x FROM t0"


def nested_functions(size: int) -> str:
    return f"SELECT {'coalesce(c1, ' * size}c0{')' * size} AS x FROM t0"


def nested_structs(size: int) -> str:
    return f"SELECT {'struct(c1, ' * size}c0{')' * size} AS x FROM t0"


def concatenations(size: int) -> str:
    return f"SELECT {' || '.join(f'c{i % 100}' for i in range(size))} AS x FROM t0"


def in_lists(size: int) -> str:
    return f"SELECT c0 FROM t0 WHERE c1 IN ({', '.join(map(str, range(size)))})"


def lateral_aliases(size: int) -> str:
    items = (f"a{i - 1} + a{max(0, i - 2)} + c{i % 100} AS a{i}" for i in range(1, size))
    return f"SELECT c0 AS a0, {', '.join(items)} FROM t0"


def backward_aliases(size: int) -> str:
    items = [f"a{i} + c{i % 100} AS a{i - 1}" for i in range(1, size)]
    return f"SELECT {', '.join(items)}, c0 AS a{size - 1} FROM t0"


def recursion(size: int) -> str:
    shifted = ", ".join(f"r.c{(i + 1) % size}" for i in range(size))
    return (
        f"WITH RECURSIVE r AS (SELECT {names(size)} FROM t0 UNION ALL SELECT {shifted} FROM r JOIN t1 ON r.c0 = t1.c0) "
        "SELECT * FROM r"
    )


def nested_recursion(size: int) -> str:
    """Each recursive CTE has the next one in its body."""
    text = "SELECT c0, c1 FROM t0"
    for i in range(size):
        text = (
            f"WITH RECURSIVE r{i} AS (SELECT c0, c1 FROM t{i} UNION ALL SELECT r{i}.c1, q.c0 FROM r{i} "
            f"JOIN ({text}) q ON q.c0 = r{i}.c0) SELECT c0, c1 FROM r{i}"
        )
    return text


def recursion_on_recursion(size: int) -> str:
    ctes = ["r0 AS (SELECT c0, c1 FROM t0)"]
    ctes += [
        f"r{i} AS (SELECT c0, c1 FROM r{i - 1} UNION ALL SELECT r{i}.c1, o.c0 FROM r{i} JOIN r{i - 1} o USING (c0))"
        for i in range(1, size)
    ]
    return f"WITH RECURSIVE {', '.join(ctes)} SELECT c0, c1 FROM r{size - 1}"


def mutual_recursion(size: int) -> str:
    others = [[(i + step) % size for step in range(1, 4)] for i in range(size)]
    ctes = (
        f"m{i} AS (SELECT c0, c1 FROM t{i % 20} UNION ALL SELECT c1, c0 FROM m{i} "
        + "".join(f"UNION ALL SELECT c1, c0 FROM m{j} " for j in others[i])
        + ")"
        for i in range(size)
    )
    return f"WITH RECURSIVE {', '.join(ctes)} SELECT * FROM m0"


def unknown_joins(size: int) -> str:
    joins = " ".join(f"JOIN u{i} ON u{i}.id = u0.id" for i in range(1, size))
    return f"SELECT {names(size, 'k')} FROM u0 {joins}"


def unknown_stars(size: int) -> str:
    ctes = ["s0 AS (SELECT * FROM u0)"]
    ctes += [f"s{i} AS (SELECT * FROM s{i - 1} JOIN u{i} USING (id))" for i in range(1, size)]
    return f"WITH {', '.join(ctes)} SELECT {names(100, 'k')} FROM s{size - 1}"


def unknown_diamonds(size: int) -> str:
    ctes = ["s0 AS (SELECT * FROM u0)"]
    ctes += [f"s{i} AS (SELECT * FROM s{i - 1} l JOIN s{i - 1} r USING (id))" for i in range(1, size)]
    return f"WITH {', '.join(ctes)} SELECT k0, k1 FROM s{size - 1}"


def unknown_unions(size: int) -> str:
    return " UNION ALL ".join(f"SELECT * FROM u{i}" for i in range(size))


def unknown_union_diamonds(size: int) -> str:
    ctes = ["s0 AS (SELECT * FROM u0)"]
    ctes += [f"s{i} AS (SELECT * FROM s{i - 1} UNION ALL SELECT * FROM s{i - 1})" for i in range(1, size)]
    return f"WITH {', '.join(ctes)} SELECT k0, k1 FROM s{size - 1}"


def known_joins(size: int) -> str:
    joins = " ".join(f"JOIN t{i % 20} AS j{i} USING (c0)" for i in range(1, size))
    return f"SELECT {names(200)} FROM t0 {joins}"


def correlated(size: int) -> str:
    text = "c9"
    for i in range(size):
        text = f"(SELECT max(q{i}.c1) FROM t{i % 20} AS q{i} WHERE q{i}.c0 = {text} AND q{size - 1}.c2 = q{i}.c2)"
    return f"SELECT {text} AS x FROM t1"


def correlated_unqualified(size: int) -> str:
    text = "SELECT max(z) FROM t0"
    for i in range(size):
        text = f"SELECT max(c1) FROM t{i % 20} AS q{i} WHERE c0 = ({text}) AND z > 0"
    return f"SELECT ({text}) AS x FROM (SELECT c5 AS z FROM t1) o"


def struct_subqueries(size: int) -> str:
    text = "SELECT AS STRUCT c0, c1 FROM t0"
    for i in range(size):
        text = f"SELECT AS STRUCT ({text}) AS s, c{i % 100} FROM t{i % 20}"
    return f"SELECT ({text}) AS x FROM t1"


def unnested_subqueries(size: int) -> str:
    text = "SELECT c0 FROM t0"
    for i in range(size):
        text = f"SELECT u{i} FROM t{i % 20}, unnest(array({text})) AS u{i}"
    return text


def grouped_subqueries(size: int) -> str:
    text = "c0"
    for i in range(size):
        text = f"(SELECT {text} AS x FROM t{i % 20} GROUP BY ALL)"
    return f"SELECT {text} AS x FROM t1"


def subqueries_in_windows(size: int) -> str:
    text = "c0"
    for i in range(size):
        text = f"(SELECT sum(c1) OVER w + max(c2) OVER w FROM t{i % 20} WINDOW w AS (PARTITION BY {text}))"
    return f"SELECT {text} AS x FROM t1"


def struct_aggregates(size: int) -> str:
    text = "c0"
    for i in range(size):
        text = f"array_agg(struct({text} AS a, c{i % 100} AS b))[offset(0)]"
    return f"SELECT {text} AS x FROM t1"


def distinct_unions(size: int) -> str:
    return " UNION ".join(f"SELECT {names(20)} FROM t{i}" for i in range(size))


def intersections(size: int) -> str:
    return " INTERSECT ".join(f"SELECT {names(20)} FROM t{i}" for i in range(size))


def recursive_branches(size: int) -> str:
    parts = (f"SELECT c{i}, c{i + 1} FROM t{i % 20}" for i in range(size))
    steps = (f"SELECT r.c1 + {i}, r.c0 FROM r" for i in range(size))
    return f"WITH RECURSIVE r AS ({' UNION ALL '.join([*parts, *steps])}) SELECT * FROM r"


def qualified_columns(size: int) -> str:
    joins = " ".join(f"JOIN s.t{i} ON s.t{i}.c0 = s.t0.c0" for i in range(1, size))
    return f"SELECT {', '.join(f's.t{i}.c1 AS x{i}' for i in range(size))} FROM s.t0 {joins}"


def same_columns_joined(size: int) -> str:
    joins = " ".join(f"CROSS JOIN (SELECT c0, c1 FROM t{i % 20}) q{i}" for i in range(1, size))
    return f"SELECT * FROM (SELECT c0, c1 FROM t0) q0 {joins}"


def rows_in_rows(size: int) -> str:
    return f"SELECT {', '.join(f'to_json(q) AS x{i}' for i in range(size))} FROM (SELECT {names(50)} FROM t0) q"


def brackets(size: int) -> str:
    return f"SELECT c0{'[1]' * size} AS x FROM t0"


def casts(size: int) -> str:
    return f"SELECT c0{'::int::text' * size} AS x FROM t0"


def commas(size: int) -> str:
    lines = "--,\n" * size
    return f"SELECT (c0,\n{lines} c1 FROM"


def scalar_subqueries(size: int) -> str:
    items = (f"(SELECT max(c{i % 100}) FROM t{i % 20} i WHERE i.c0 = o.c0) AS x{i}" for i in range(size))
    return f"SELECT {', '.join(items)} FROM t0 o"


def windows(size: int) -> str:
    keys = names(20)
    items = (f"sum(c{i % 100}) OVER (PARTITION BY {keys} ORDER BY c{i % 50}) AS w{i}" for i in range(size))
    return f"SELECT {', '.join(items)} FROM t0"


def named_windows(size: int) -> str:
    named = [f"w0 AS (PARTITION BY {names(20)})", *(f"w{i} AS (w{i - 1} ORDER BY c{i % 100})" for i in range(1, size))]
    items = (f"sum(c{i % 100}) OVER w{i} AS s{i}" for i in range(size))
    return f"SELECT {', '.join(items)} FROM t0 WINDOW {', '.join(named)}"


def swelling(size: int) -> str:
    """Every column of every CTE comes from all of the one before."""
    wide = " + ".join(f"c{i}" for i in range(50))
    ctes = [f"s0 AS (SELECT {names(50)} FROM t0)"]
    ctes += [
        f"s{i} AS (SELECT {', '.join(f'{wide} AS c{j}' for j in range(50))} FROM s{i - 1})" for i in range(1, size)
    ]
    return f"WITH {', '.join(ctes)} SELECT * FROM s{size - 1}"


def rows_as_values(size: int) -> str:
    ctes = [f"s0 AS (SELECT {names(100)} FROM t0)"]
    ctes += [f"s{i} AS (SELECT s{i - 1} AS c0, {names(99, 'c')} FROM s{i - 1})" for i in range(1, size)]
    return f"WITH {', '.join(ctes)} SELECT c0 FROM s{size - 1}"


def deep_withs(size: int) -> str:
    text = "SELECT c0 FROM t0"
    for i in range(size):
        text = f"WITH w{i} AS ({text}) SELECT c0 FROM w{i}"
    return text


def many_ctes(size: int) -> str:
    ctes = (f"s{i} AS (SELECT c{i % 100} AS x FROM t{i % 20})" for i in range(size))
    return f"WITH {', '.join(ctes)} SELECT s0.x FROM s0"


def pivots(size: int) -> str:
    values = ", ".join(f"'v{i}'" for i in range(size))
    return f"SELECT * FROM t0 PIVOT (sum(c1), max(c2) FOR c0 IN ({values}))"


def unpivots(size: int) -> str:
    return f"SELECT * FROM (SELECT {names(size)} FROM t0) UNPIVOT (v FOR n IN ({names(size)}))"


def lambdas(size: int) -> str:
    text = "x0 + c0"
    for i in range(size):
        text = f"list_transform(c{i % 100}, x{i} -> {text})"
    return f"SELECT {text} AS x FROM t0"


def group_by_all(size: int) -> str:
    items = ", ".join(f"c{i % 100} + {i} AS g{i}" for i in range(size))
    return f"SELECT {items}, count(*) AS n FROM t0 GROUP BY ALL"


def ordinals(size: int) -> str:
    items = ", ".join(f"c{i % 100} AS g{i}" for i in range(size))
    return f"SELECT {items} FROM t0 GROUP BY {', '.join(str(i + 1) for i in range(size))} ORDER BY {size}"


def struct_paths(size: int) -> str:
    return f"SELECT c0{'.f' * size} AS x FROM t0"


def matched_columns(size: int) -> str:
    return f"SELECT {', '.join(f'max(COLUMNS(*)) + {i}' for i in range(size))} FROM t0"


class Case(NamedTuple):
    """A text of a size, in a dialect.

    `is_square`: the number of its edges, or of the scopes in which its names are looked up, is the square of its size.
    """

    text: Maker
    size: int
    dialect: str | None = None
    is_square: bool = False


CASES: dict[str, Case] = {
    "unions of branches": Case(union_branches, 500),
    "unions, distinct": Case(distinct_unions, 100),
    "intersections": Case(intersections, 100),
    "7 unions of wide queries": Case(wide_unions, 148),
    "unions in parentheses": Case(parenthesised_unions, 300),
    "7 unions by name of wide queries": Case(unions_by_name, 148, "duckdb"),
    "chained stars of 200 columns": Case(chained_stars, 50),
    "chained stars of 200 columns, one replaced": Case(replaced_stars, 50, "bigquery"),
    "star of columns merged by USING": Case(stars_using, 2000),
    "stars of 8 relations with the same columns": Case(same_names, 200),
    "star of relations with the same columns": Case(same_columns_joined, 300),
    "columns of one name": Case(equal_names, 1000),
    "terms of AND and OR": Case(conditions, 3000),
    "WHENs of a CASE": Case(case_whens, 2000),
    "CASEs in each other": Case(nested_cases, 200),
    "CTEs in joined diamonds": Case(diamonds, 60),
    "CTEs in diamonds of unions": Case(union_diamonds, 60),
    "subqueries in each other": Case(nested_subqueries, 60),
    "parentheses in each other": Case(nested_parentheses, 1000),
    "functions in each other": Case(nested_functions, 300),
    "structs in each other": Case(nested_structs, 60, "bigquery"),
    "brackets on each other": Case(brackets, 500, "duckdb"),
    "casts on each other": Case(casts, 500),
    "terms of a concatenation": Case(concatenations, 10_000),
    "members of an IN list": Case(in_lists, 5000),
    "lateral aliases on each other": Case(lateral_aliases, 500, "snowflake", is_square=True),
    "lateral aliases on later ones": Case(backward_aliases, 500, "snowflake", is_square=True),
    "columns of a recursive CTE, shifted": Case(recursion, 200, "postgres"),
    "branches of a recursive CTE": Case(recursive_branches, 100, "postgres"),
    "recursive CTEs in each other": Case(nested_recursion, 30, "postgres", is_square=True),
    "recursive CTEs on each other": Case(recursion_on_recursion, 30, "postgres"),
    "recursive CTEs around each other": Case(mutual_recursion, 16, "postgres"),
    "unknown relations, unqualified columns": Case(unknown_joins, 300, is_square=True),
    "stars of unknown relations on each other": Case(unknown_stars, 50, is_square=True),
    "diamonds of unknown relations": Case(unknown_diamonds, 60),
    "unions of unknown relations": Case(unknown_unions, 200),
    "diamonds of unions of unknown relations": Case(unknown_union_diamonds, 60),
    "relations joined by USING": Case(known_joins, 100),
    "columns with schema and relation": Case(qualified_columns, 200),
    "correlated subqueries in each other": Case(correlated, 30),
    "correlated subqueries, unqualified": Case(correlated_unqualified, 30, is_square=True),
    "scalar subqueries": Case(scalar_subqueries, 300),
    "structs of subqueries in each other": Case(struct_subqueries, 30, "bigquery", is_square=True),
    "unnested subqueries in each other": Case(unnested_subqueries, 30, "bigquery"),
    "grouped subqueries in each other": Case(grouped_subqueries, 30, "duckdb"),
    "subqueries in windows": Case(subqueries_in_windows, 30, "postgres"),
    "aggregated structs in each other": Case(struct_aggregates, 30, "bigquery", is_square=True),
    "windows over 20 keys": Case(windows, 200),
    "windows that build on each other": Case(named_windows, 60, "postgres", is_square=True),
    "CTEs in which all comes from all": Case(swelling, 2),
    "rows as values": Case(rows_as_values, 30, "postgres"),
    "one row as a value": Case(rows_in_rows, 300, "postgres"),
    "WITHs in each other": Case(deep_withs, 60),
    "CTEs that nothing reads": Case(many_ctes, 1000),
    "values of a PIVOT": Case(pivots, 500, "snowflake"),
    "columns of an UNPIVOT": Case(unpivots, 500, "snowflake"),
    "lambdas in each other": Case(lambdas, 60, "duckdb", is_square=True),
    "GROUP BY ALL of expressions": Case(group_by_all, 500, "duckdb"),
    "ordinals": Case(ordinals, 500),
    "fields of fields": Case(struct_paths, 200, "bigquery"),
    "200 columns by pattern": Case(matched_columns, 20, "duckdb"),
    "commas in comments, unreadable": Case(commas, 2000),
}
"""By name. At its size, a text takes at most a tenth of a second (see benchmarks/RESULTS.md)."""


def find_relation(parts: tuple[str, ...]) -> Relation:
    """The relations t0, t1, … have the columns c0 to c199; all others are unknown."""
    if parts[-1].startswith("t"):
        return Relation(parts[-1], _COLUMNS)
    return Relation(parts[-1], is_complete=False)


_COLUMNS = {f"c{i}": f"c{i}" for i in range(200)}
