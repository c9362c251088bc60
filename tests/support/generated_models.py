"""Random dbt-shaped projects for DuckDB: seeds of mixed types with data, and layers of models over them.

Each model is a query that DuckDB has accepted, created as a table, so that its columns are the database's own. Queries
are deterministic: orders that decide anything end in a unique column, and sums are of integers and decimals.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import duckdb

MOST_ROWS = 250
PLACEHOLDER = re.compile(r"<(\w+)(!?)>")

SEED_COLUMNS = {
    "customer_id": "(i * 7 + {s}) % 23",
    "parent_id": "case when i % 5 > 0 then i // 2 end",
    "quantity": "draw(i, {s}, 12)",
    "score": "case when i % 7 <> {s} % 7 then draw(i, {s} + 1, 30) - 9 end",
    "amount": "(draw(i, {s} + 2, 9000) / 100)::decimal(12, 2)",
    "status": "['open', 'done', 'lost', null][1 + draw(i, {s} + 3, 4)]",
    "country": "['de', 'fr', 'pt'][1 + draw(i, {s} + 4, 3)]",
    "note": "'n' || draw(i, {s} + 5, 17)",
    "ordered_on": "date '2024-01-01' + draw(i, {s} + 6, 300)",
    "is_paid": "draw(i, {s} + 7, 3) = 0",
    "address": "{{'city': 'c' || draw(i, {s} + 8, 5), 'zip': draw(i, {s}, 9), 'geo': {{'lat': (i % 11)::integer}}}}",
    "tags": "list_transform(range(1 + i % 3), lambda v: (v * 3 + draw(i, {s}, 8))::integer)",
    "payload": "json_object('plan', 'p' || draw(i, {s} + 10, 4), 'seats', draw(i, {s} + 11, 6))",
    "limits": "map {{'low': (i % 4)::integer, 'high': draw(i, {s}, 50)}}",
}
"""Columns that a seed may have, as expressions of the row's number `i` and the seed's salt `{s}`."""

FAMILIES = {"INTEGER": "int", "BIGINT": "int", "HUGEINT": "int", "UBIGINT": "int", "VARCHAR": "text", "DATE": "date"}
FAMILIES |= {"BOOLEAN": "bool", "JSON": "json", "INTEGER[]": "ints", "MAP(VARCHAR, INTEGER)": "map", "DOUBLE": "num"}


def family(data_type: str) -> str:
    """What a column of a type can be used as."""
    if data_type.startswith("DECIMAL"):
        return "num"
    if data_type.startswith("STRUCT(city"):
        return "address"
    return FAMILIES.get(data_type, "other")


@dataclass
class Table:
    """What a query can read: its text in FROM, its columns' types, those without duplicates or NULLs."""

    text: str
    columns: dict[str, str]
    unique: list[str]
    name: str = ""


@dataclass
class Model:
    """A model: its query, its columns' types, and the names of the tables that it reads."""

    name: str
    sql: str
    columns: dict[str, str]
    inputs: list[str] = field(default_factory=list)


@dataclass
class Source:
    """A table in a FROM clause, by its alias."""

    alias: str
    table: Table


class Impossible(Exception):
    """The tables at hand do not have what a shape of query needs."""


class Maker:
    """Makes one project in a DuckDB connection of its own."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.connection = duckdb.connect(config={"threads": 1, "temp_directory": "", "memory_limit": "400MB"})
        self.connection.execute("create macro draw(i, salt, n) as (hash(i, salt) % n)::integer")
        self.tables: dict[str, Table] = {}
        self.models: list[Model] = []
        self.rejected = 0
        self.named = 0

    # Tables ---------------------------------------------------------------------------------------------------------
    def add_table(self, name: str, sql: str) -> Table:
        self.connection.execute(f'create or replace table "main"."{name}" as {sql}')
        columns = self.describe(f'"main"."{name}"')
        table = Table(f'"memory"."main"."{name}"', columns, self.unique_columns(f'"main"."{name}"', columns), name)
        self.tables[name] = table
        return table

    def describe(self, relation: str) -> dict[str, str]:
        rows = self.connection.execute(f"describe select * from {relation}").fetchall()
        return {row[0]: row[1] for row in rows}

    def unique_columns(self, relation: str, columns: dict[str, str]) -> list[str]:
        numbers = [name for name, data_type in columns.items() if family(data_type) == "int"]
        if not numbers:
            return []
        counts = ", ".join(f'count(distinct "{name}") = count(*)' for name in numbers)
        found = self.connection.execute(f"select {counts} from {relation}").fetchone()
        return [name for name, is_unique in zip(numbers, found or (), strict=False) if is_unique]

    def add_seed(self, name: str) -> None:
        salt = self.rng.randrange(1000)
        picked = sorted(self.rng.sample(sorted(SEED_COLUMNS), self.rng.randint(6, 10)))
        columns = ", ".join(f'{SEED_COLUMNS[c].format(s=salt)} as "{c}"' for c in picked)
        self.add_table(name, f"select i::integer as id, {columns} from range(1, {self.rng.randint(25, 45)}) as r(i)")

    # Names ----------------------------------------------------------------------------------------------------------
    def fresh(self, prefix: str) -> str:
        self.named += 1
        return f"{prefix}{self.named}"

    def written(self, name: str) -> str:
        """A column's name as somebody might write it."""
        chance = self.rng.random()
        return name.upper() if chance < 0.07 else f'"{name}"' if chance < 0.14 else name

    def scope(self, sources: Sequence[Source]) -> list[tuple[str, str, str]]:
        """(text, family, name) of each column that an expression over the sources may name."""
        counts: dict[str, int] = {}
        for source in sources:
            for name in source.table.columns:
                counts[name] = counts.get(name, 0) + 1
        found = []
        for source in sources:
            for name, data_type in source.table.columns.items():
                bare = counts[name] == 1 and self.rng.random() < 0.6
                text = self.written(name) if bare else f"{source.alias}.{self.written(name)}"
                found.append((text, family(data_type), name))
        return found

    def source(self, table: Table) -> Source:
        return Source(self.fresh("t"), table)

    def output_names(self, count: int, scope: Sequence[tuple[str, str, str]]) -> list[str]:
        """Names for outputs: new ones and ones of the inputs, as models often shadow them."""
        names: list[str] = []
        for _ in range(count):
            name = self.rng.choice(scope)[2] if self.rng.random() < 0.4 else self.fresh("c")
            names.append(name if name not in names else self.fresh("c"))
        return names

    # Expressions ----------------------------------------------------------------------------------------------------
    def column(self, scope: Sequence[tuple[str, str, str]], *families: str) -> str:
        fitting = [text for text, of, _ in scope if of in families]
        if not fitting:
            raise Impossible
        return self.rng.choice(fitting)

    def value(self, scope: Sequence[tuple[str, str, str]], depth: int = 2) -> str:
        """An expression of any type."""
        return self.of_family(self.rng.choice(["int", "int", "text", "num", "date", "bool"]), scope, depth)

    def of_family(self, wanted: str, scope: Sequence[tuple[str, str, str]], depth: int) -> str:
        if depth <= 0 or self.rng.random() < 0.25:
            if any(of == wanted for _, of, _ in scope):
                return self.column(scope, wanted)
            if depth <= 0:
                return self.converted(wanted, scope)
        makers = EXPRESSIONS[wanted]
        for _ in range(6):
            text = self.rng.choice(makers)
            try:
                return self.filled(text, scope, depth - 1)
            except Impossible:
                continue
        return self.of_family(wanted, scope, 0)

    def converted(self, wanted: str, scope: Sequence[tuple[str, str, str]]) -> str:
        """A column of another family made fit; a constant where there is none, and now and then."""
        for text in self.rng.sample(CONVERSIONS[wanted], len(CONVERSIONS[wanted])):
            found = PLACEHOLDER.search(text)
            if found and any(of == found[1] for _, of, _ in scope) and self.rng.random() < 0.9:
                return self.filled(text, scope, 0)
        return {"int": "3", "text": "'x'", "num": "2.5", "date": "date '2024-02-01'", "bool": "true"}[wanted]

    def filled(self, text: str, scope: Sequence[tuple[str, str, str]], depth: int) -> str:
        """A pattern with its placeholders filled: <int> by an expression, <address!> by a column."""

        def fill(found: re.Match[str]) -> str:
            return self.column(scope, found[1]) if found[2] else self.of_family(found[1], scope, depth)

        return PLACEHOLDER.sub(fill, text)

    def condition(self, scope: Sequence[tuple[str, str, str]]) -> str:
        return self.of_family("bool", scope, 1)

    def where(self, scope: Sequence[tuple[str, str, str]], chance: float = 0.35) -> str:
        return f" where {self.condition(scope)}" if self.rng.random() < chance else ""

    def items(self, scope: Sequence[tuple[str, str, str]], fewest: int = 2, most: int = 5) -> list[str]:
        """Select items with names of their own; sometimes a later one uses an earlier one's alias."""
        count = self.rng.randint(fewest, most)
        names = self.output_names(count, scope)
        taken = {name for _, _, name in scope}
        items: list[str] = []
        for name in names:
            usable = list(scope)
            earlier = [n for n in names[: len(items)] if n not in taken]
            if earlier and self.rng.random() < 0.25:
                items.append(
                    f"coalesce({self.rng.choice(earlier)}::varchar, {self.of_family('text', scope, 1)}) as {name}"
                )
                continue
            chance = self.rng.random()
            plain = self.rng.choice(usable)
            items.append(f"{plain[0]} as {name}" if chance < 0.3 else f"{self.value(usable)} as {self.written(name)}")
        return items

    def keys(self, source: Source) -> tuple[str, list[str]]:
        """A unique column of a source as text, and as the item that hands it on."""
        if not source.table.unique:
            raise Impossible
        name = self.rng.choice(source.table.unique)
        return f"{source.alias}.{name}", [f"{source.alias}.{name} as k_{self.fresh('')}"]

    # Models ---------------------------------------------------------------------------------------------------------
    def query(self, tables: Sequence[Table]) -> str:
        """A query over tables: up to three CTEs, each of a random shape, and a last SELECT."""
        pool, ctes = list(tables), ""
        for _ in range(self.rng.choice([0, 1, 1, 2, 3])):
            name = self.fresh("cte_")
            body = self.accepted(pool, ctes)
            ctes = f"{ctes},\n{name} as (\n{body}\n)" if ctes else f"with {name} as (\n{body}\n)"
            columns = self.describe(f"({ctes} select * from {name})")
            unique = self.unique_columns(f"({ctes} select * from {name})", columns)
            pool = [Table(name, columns, unique, name), *self.rng.sample(pool, min(len(pool), 2))]
        body = self.accepted(pool, ctes)
        if not ctes:
            return body
        return f"{ctes}\nselect * from (\n{body}\n) as last_one" if body.startswith("with") else f"{ctes}\n{body}"

    def accepted(self, pool: Sequence[Table], ctes: str) -> str:
        """One SELECT that DuckDB accepts after the CTEs, not of too many rows, without two columns of one name."""
        from generated_shapes import SHAPES

        for _ in range(60):
            shape: Callable[[Maker, Sequence[Table]], str] = self.rng.choice(SHAPES)
            try:
                body = shape(self, pool)
                whole = f"({ctes} select * from (\n{body}\n) as checked)"
                rows = self.connection.execute(f"select count(*) from {whole}").fetchone()
                columns = self.connection.execute(
                    f"describe {body}" if not ctes else f"describe {ctes} select * from ({body})"
                )
                names = [row[0].lower() for row in columns.fetchall()]
            except (Impossible, duckdb.Error):
                self.rejected += 1
                continue
            if rows and 0 < rows[0] <= MOST_ROWS and len(set(names)) == len(names):
                return body
            self.rejected += 1
        raise Impossible

    def add_model(self, name: str, tables: Sequence[Table]) -> None:
        sql = self.query(tables)
        inputs = [table.name for table in tables if table.text in sql]
        table = self.add_table(name, sql)
        self.models.append(Model(name, sql, table.columns, inputs))

    def add_incremental(self, name: str, tables: Sequence[Table]) -> None:
        """A model that reads what it already has: built once in full, then with its incremental part."""
        from generated_shapes import incremental

        source = self.rng.choice([table for table in tables if table.unique] or [None])  # type: ignore[list-item]
        if source is None:
            raise Impossible
        full, sql = incremental(self, source, name)
        table = self.add_table(name, full)
        self.connection.execute(f"select * from ({sql}) as tried").fetchall()
        self.models.append(Model(name, sql, table.columns, [source.name, name]))


EXPRESSIONS = {
    "int": [
        "<int> + <int>", "coalesce(<int>, <int>)", "case when <bool> then <int> else <int> end", "length(<text>)",
        "extract(year from <date>)", "<address!>.zip", "<address!>.geo.lat", "<address!>['zip']", "len(<ints!>)",
        "list_sum(<ints!>)::integer", "<ints!>[1]", "(<json!> ->> '$.seats')::integer", "abs(<int>)",
        "date_diff('day', <date>, date '2025-01-01')", "greatest(<int>, <int>)", "nullif(<int>, <int>)",
        "list_sum(list_transform(<ints!>, lambda v: v + <int>))::integer", "<map!>['high']", "cast(<num> as integer)",
        "list_reduce(<ints!>, lambda a, b: a + b)", "len(list_filter(<ints!>, lambda v: v > <int>))",
        "case <text> when 'open' then <int> when 'done' then 1 end", "if(<bool>, <int>, 0)", "-(<int>)",
        "try_cast(<text> as integer)", "struct_extract(<address!>, 'zip')", "{'x': <int>, 'y': <int>}.x",
        "struct_pack(p := <int>, q := <int>).q", "json_extract(<json!>, '$.seats')::integer",
    ],
    "text": [
        "upper(<text>)", "<text> || <text>", "cast(<int> as varchar)", "substr(<text>, 1, 2)", "<json!> ->> 'plan'",
        "<address!>.city", "case when <bool> then <text> else <text> end", "coalesce(<text>, <text>)",
        "strftime(<date>, '%Y-%m')", "concat_ws('-', <text>, <int>)", "json_extract_string(<json!>, '$.plan')",
        "array_to_string(list_transform(<ints!>, lambda v: v::varchar), ',')", "<int>::varchar", "trim(<text>)",
        "replace(<text>, 'n', <text>)", "map_keys(<map!>)[1]", "printf('%s-%d', <text>, <int>)", "left(<text>, 3)",
        "[x * 2 for x in <ints!> if x > <int>]::varchar", "(<address!>).city", "regexp_replace(<text>, '[0-9]', 'z')",
    ],
    "num": [
        "<num> * 2", "round(<num>, 1)", "<int>::decimal(12, 2)", "coalesce(<num>, 0)", "<num> + <int>",
        "case when <bool> then <num> end", "<int> * 1.5", "greatest(<num>, <num>)",
    ],
    "date": [
        "<date> + 1", "date_trunc('month', <date>)::date", "coalesce(<date>, date '2023-03-03')",
        "case when <bool> then <date> else date '2022-02-02' end", "(<date> + interval 2 day)::date",
        "date '2020-01-01' + <int>::integer",
    ],
    "bool": [
        "<int> > <int>", "<int> is null", "<text> like 'n1%'", "<text> in ('open', 'done', 'de')",
        "<int> between 2 and 9",
        "<date> >= date '2024-05-01'", "not (<bool>)", "<bool> or <bool>", "<int> > 5 and <num> < 60",
        "<text> = <text>",
        "<int> is distinct from <int>", "list_contains(<ints!>, 6)", "<text> ilike '%o%'", "<int> % 2 = 0",
    ],
}  # fmt: skip
"""Patterns of expressions by family: <int> is any expression of the family, <address!> a column."""
CONVERSIONS = {
    "int": ["length(<text!>)", "(<num!>)::integer", "extract(day from <date!>)", "(<bool!>)::integer"],
    "text": ["(<int!>)::varchar", "(<date!>)::varchar", "(<bool!>)::varchar", "(<num!>)::varchar"],
    "num": ["(<int!>)::decimal(12, 2)", "(length(<text!>) * 1.1)"],
    "date": ["(date '2024-02-01' + (<int!>)::integer)", "(date '2023-01-01' + length(<text!>)::integer)"],
    "bool": ["(<int!> > 4)", "(<text!> > 'd')", "(<num!> > 10)"],
}
"""Patterns that make a column of another family fit."""


def make_project(seed: int, models: int = 8) -> Maker:
    """A project: 3 to 6 seeds, a staging model over each of some, and models over all that came before."""
    maker = Maker(seed)
    for number in range(maker.rng.randint(3, 6)):
        maker.add_seed(f"raw_{number}")
    for number in range(models):
        layer = "stg" if number < 2 else "int" if number < models - 2 else "mart"
        recent = list(maker.tables.values())
        tables = maker.rng.sample(recent, min(len(recent), maker.rng.randint(1, 3)))
        try:
            if maker.rng.random() < 0.07:
                maker.add_incremental(f"inc_{number}", tables)
            else:
                maker.add_model(f"{layer}_{number}", tables)
        except (Impossible, duckdb.Error):
            continue
    return maker
