"""Holds the column resolver against a database: what changes when a column changes, must have been foretold.

    python tests/support/perturbation.py --influences 5000 [--seed 0]

For each model of a generated project, each column that it reads is changed in place (its values moved between rows, a
third of them NULL, all the same, others altogether), the model's query runs again, and its outputs are compared with
those before: each output's values as a multiset, and in pairs with an output that tells rows apart and is independent
of the changed column. An output that changes without an edge from the changed column, nor a use of it in the model, is
a miss of the resolver.

What this cannot see: an edge too many (counted, as edges that no change ever showed), and a missing edge beside a use
of the same column in the same model.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import duckdb
from generated_models import Maker, Model, Table, family, make_project
from sqlglot import exp, parse_one

from artifact_warehouse.lineage.resolver import Relation, Resolution, UnreadableSql, resolve

Resolve = Callable[..., Resolution]
Values = dict[str, list[str | None]]
"""The values of each output, as text, by its name."""

MOST_ROWS_COMPARED = 20_000
FRESH = {
    "int": "draw(rowid, {salt}, 40)",
    "text": "'w' || draw(rowid, {salt}, 9)",
    "num": "draw(rowid, {salt}, 70)",
    "date": "date '2024-03-01' + draw(rowid, {salt}, 90)",
    "bool": "draw(rowid, {salt}, 2) = 0",
    "json": "json_object('plan', 'z' || draw(rowid, {salt}, 5), 'seats', draw(rowid, {salt} + 1, 9))",
    "ints": "[draw(rowid, {salt}, 9), draw(rowid, {salt} + 1, 9)]",
}


@dataclass(frozen=True)
class Influence:
    """A changed column, and an output of a model that changed with it."""

    model: str
    from_table: str
    from_column: str
    output: str


@dataclass
class Findings:
    """What the changes to the columns of a project's models showed."""

    observed: set[Influence] = field(default_factory=set)
    by_edge: set[Influence] = field(default_factory=set)
    held_by_edge_alone: set[Influence] = field(default_factory=set)
    """Those of `by_edge` without a use of the column in the model: the loss of the edge would be noticed."""
    missed: list[str] = field(default_factory=list)
    edges: int = 0
    edges_seen: int = 0
    unreadable: list[str] = field(default_factory=list)
    unresolved: list[str] = field(default_factory=list)
    """Models with outputs or names that the resolver did not resolve."""

    def add(self, other: Findings) -> None:
        self.observed |= other.observed
        self.by_edge |= other.by_edge
        self.held_by_edge_alone |= other.held_by_edge_alone
        self.missed += other.missed
        self.edges += other.edges
        self.edges_seen += other.edges_seen
        self.unreadable += other.unreadable
        self.unresolved += other.unresolved

    def __str__(self) -> str:
        return (
            f"{len(self.observed)} influences, {len(self.missed)} missed; {len(self.by_edge)} by an edge,"
            f" {len(self.held_by_edge_alone)} by an edge alone; {self.edges_seen} of {self.edges} edges seen at work;"
            f" {len(self.unreadable)} models not readable, {len(self.unresolved)} not fully resolved"
        )


class Project:
    """A generated project with the resolver's answer for each model."""

    def __init__(self, maker: Maker, resolver: Resolve = resolve) -> None:
        self.maker, self.connection, self.resolver = maker, maker.connection, resolver
        self.connection.execute('create schema if not exists "p"')
        self.resolutions: dict[str, Resolution] = {}
        self.copies: dict[tuple[str, str, str], str] = {}
        self.is_brief = False
        self.unreadable: list[str] = []
        for model in maker.models:
            try:
                self.resolutions[model.name] = self.resolved(model.sql, list(model.columns))
            except UnreadableSql as error:
                self.unreadable.append(f"{error}\n{model.sql}")

    def relation(self, parts: tuple[str, ...]) -> Relation:
        table = self.maker.tables.get(parts[-1].lower())
        if table is None:
            return Relation(".".join(parts))
        types = {name.lower(): data_type for name, data_type in table.columns.items() if "STRUCT" in data_type}
        return Relation(table.name, {name.lower(): name for name in table.columns}, True, types)

    def resolved(self, sql: str, columns: list[str]) -> Resolution:
        """The resolver's answer, when it is told the columns as a catalog would."""
        return self.resolver(sql, "duckdb", self.relation, {}, {name.lower(): name for name in columns})

    # Changes --------------------------------------------------------------------------------------------------------
    def changes(self, table: Table, column: str) -> list[str]:
        """Expressions over a table that change one column of it, in place."""
        source, data_type = f'"main"."{table.name}"', table.columns[column]
        moved = f'(select list("{column}" order by hash(rowid, 5)) from {source})[rowid + 1]'
        thinned = f'case when hash(rowid, 3) % 3 > 0 then "{column}" end'
        same = f'(select "{column}" from {source} where "{column}" is not null order by rowid limit 1)'
        fresh = FRESH.get(family(data_type))
        return [moved, thinned, f"try_cast({fresh.format(salt=11)} as {data_type})" if fresh else same]

    def changed_table(self, table: Table, column: str, expression: str) -> str:
        """A copy of a table with one column changed, made once; its text in FROM."""
        key = (table.name, column, expression)
        if key not in self.copies:
            name = f"copy_{len(self.copies)}"
            self.connection.execute(
                f'create table "p"."{name}" as select * replace ({expression} as "{column}")'
                f' from "main"."{table.name}" order by rowid'
            )
            self.copies[key] = f'"memory"."p"."{name}"'
        return self.copies[key]

    def values(self, sql: str) -> Values | None:
        """The outputs of a query; None where it fails, as it may with changed values, or has too many rows."""
        try:
            found = self.connection.execute(f"select columns(*)::varchar from ({sql}\n) as q")
            names = [column[0] for column in found.description]
            rows = found.fetchmany(MOST_ROWS_COMPARED + 1)
        except duckdb.Error:
            return None
        if len(rows) > MOST_ROWS_COMPARED:  # a changed key may make a join of all with all
            return None
        columns = list(zip(*rows, strict=True)) if rows else [()] * len(names)
        return {name: list(values) for name, values in zip(names, columns, strict=True)}

    def changed_outputs(self, before: Values, after: Values, markers: list[str]) -> set[str]:
        """Outputs whose values differ, alone or beside an output of `markers` that does not differ."""
        changed = {name for name in before if Counter(before[name]) != Counter(after[name])}
        for marker in markers:
            if marker in changed:
                continue
            for name in before:
                pairs = Counter(zip(before[marker], before[name], strict=True))
                if name not in changed and pairs != Counter(zip(after[marker], after[name], strict=True)):
                    changed.add(name)
            break
        return changed

    # Judgement ------------------------------------------------------------------------------------------------------
    def influenced(self, sql: str, table: Table, column: str, markers: list[str], before: Values) -> set[str]:
        """The outputs of a query that any change of a column changes."""
        changed: set[str] = set()
        for expression in self.changes(table, column):
            after = self.values(sql.replace(table.text, self.changed_table(table, column, expression)))
            if after is not None and set(after) == set(before):
                changed |= self.changed_outputs(before, after, markers)
        return changed

    def markers(self, sql_values: Values, resolution: Resolution, source: tuple[str, str]) -> list[str]:
        """Outputs that tell rows apart, without an edge from the column at hand."""
        dependent = {edge.to_column for edge in resolution.edges if (edge.from_relation, edge.from_column) == source}
        return [
            name
            for name, values in sql_values.items()
            if name not in dependent and None not in values and len(set(values)) == len(values) > 1
        ]

    def judge(self, model: Model) -> Findings:
        """Changes each column that a model may read, and compares what happens with what the resolver said."""
        findings, resolution = Findings(), self.resolutions.get(model.name)
        before = self.values(model.sql)
        if before is None or resolution is None:
            return findings
        if resolution.unresolved_columns or resolution.unresolved_names:
            findings.unresolved.append(
                f"{model.sql}\n  columns {resolution.unresolved_columns} names {resolution.unresolved_names}"
            )
        edges = {(e.from_relation, e.from_column, e.to_column.lower()) for e in resolution.edges}
        uses = {(use.from_relation, use.from_column) for use in resolution.uses}
        for name in model.inputs:
            table = self.maker.tables[name]
            for column in table.columns:
                if not may_read(model.sql, column):
                    continue
                changed = self.influenced(
                    model.sql, table, column, self.markers(before, resolution, (name, column)), before
                )
                self.weigh(findings, model, (name, column), changed, edges, uses)
        findings.edges = len(edges)
        return findings

    def weigh(
        self,
        findings: Findings,
        model: Model,
        source: tuple[str, str],
        changed: set[str],
        edges: set[tuple[str, str, str]],
        uses: set[tuple[str, str]],
    ) -> None:
        """Files what one column changed under what the resolver said of it."""
        findings.edges_seen += sum((*source, output.lower()) in edges for output in changed)
        for output in changed:
            influence = Influence(model.name, *source, output)
            findings.observed.add(influence)
            if (*source, output.lower()) in edges:
                findings.by_edge.add(influence)
                if source not in uses:
                    findings.held_by_edge_alone.add(influence)
            elif source not in uses:
                findings.missed.append(
                    self.explain(model, source, output, is_brief=self.is_brief or bool(findings.missed))
                )

    # Explanation ----------------------------------------------------------------------------------------------------
    def is_missed(self, sql: str, table: Table, column: str, output: str) -> bool:
        """Whether a query has an output that a column changes without an edge or a use."""
        before = self.values(sql)
        if not before or output not in before:
            return False
        try:
            resolution = self.resolved(sql, list(before))
        except Exception:
            return False
        source = (table.name, column)
        if any((use.from_relation, use.from_column) == source for use in resolution.uses):
            return False
        if any(
            (*source, output.lower()) == (e.from_relation, e.from_column, e.to_column.lower()) for e in resolution.edges
        ):
            return False
        return output in self.influenced(sql, table, column, self.markers(before, resolution, source), before)

    def explain(self, model: Model, source: tuple[str, str], output: str, *, is_brief: bool) -> str:
        """A miss as text; its query, unless it shall be brief, cut down to what still shows it."""
        if is_brief:
            return f"{source[0]}.{source[1]} changes {output}, too"
        table = self.maker.tables[source[0]]
        sql = shortened(model.sql, lambda text: self.is_missed(text, table, source[1], output))
        columns = ", ".join(f"{name} {data_type}" for name, data_type in table.columns.items())
        return f"{source[0]}.{source[1]} changes {output}, in\n{sql}\n  {source[0]} ({columns})"

    def chain(self, seed: Table, column: str, expression: str) -> list[str]:
        """Changes a column of a seed, builds all models again, and compares with edges and uses all the way down."""
        texts = {seed.name: self.changed_table(seed, column, expression)}
        tainted, reshaped = {(seed.name, column)}, set()
        missed = []
        for model in self.maker.models:
            if not texts.keys() & set(model.inputs) or model.name in model.inputs:
                continue  # what reads itself keeps its state: one build does not show what a change does in time
            sql = model.sql
            for name, text in texts.items():
                if name != model.name:
                    sql = sql.replace(self.maker.tables[name].text, text)
            before, after = self.values(model.sql), self.values(sql)
            resolution = self.resolutions.get(model.name)
            if before is None or after is None or resolution is None:
                break
            if reshaped & set(model.inputs) or tainted & {(u.from_relation, u.from_column) for u in resolution.uses}:
                reshaped.add(model.name)
            tainted |= {
                (model.name, e.to_column.lower())
                for e in resolution.edges
                if (e.from_relation, e.from_column) in tainted
            }
            tainted |= {(model.name, name) for name in before if (model.name, name.lower()) in tainted}
            for output in self.changed_outputs(before, after, []):
                if model.name not in reshaped and (model.name, output) not in tainted:
                    missed.append(f"{seed.name}.{column} changes {model.name}.{output}, through\n{model.sql}")
            self.connection.execute(f'create or replace table "p"."{model.name}" as {sql}')
            texts[model.name] = f'"memory"."p"."{model.name}"'
        return missed


def may_read(sql: str, column: str) -> bool:
    """Whether a query names a column, or has a star that might."""
    return bool(re.search(rf"\b{re.escape(column)}\b|(?:select|,|\.)\s*\*|columns\(", sql, re.IGNORECASE))


def shortened(sql: str, still_shows: Callable[[str], bool], trials: int = 400) -> str:
    """The query after dropping, one after the other, each part without which it still shows the same."""
    try:
        tree = parse_one(sql, dialect="duckdb")
    except Exception:
        return sql
    if not still_shows(tree.sql("duckdb")):
        return sql
    progress = True
    while progress:
        progress = False
        for smaller in smaller_queries(tree):
            trials -= 1
            if trials < 0:
                return tree.sql("duckdb", pretty=True)
            if still_shows(smaller.sql("duckdb")):
                tree, progress = smaller, True
                break
    return tree.sql("duckdb", pretty=True)


def smaller_queries(tree: exp.Expression) -> Iterator[exp.Expression]:
    """Copies of a query, each with one part less or one expression replaced by a part of it."""
    nodes = list(tree.walk())
    for position, node in enumerate(nodes):
        if isinstance(node, exp.Select):
            for clause in ("where", "having", "qualify", "order", "limit", "windows", "with_", "distinct", "group"):
                if node.args.get(clause):
                    yield without(tree, position, clause, None)
            for clause in ("joins", "expressions"):
                yield from (without(tree, position, clause, i) for i in range(len(node.args.get(clause) or ())))
        elif isinstance(node, exp.With):
            yield from (without(tree, position, "expressions", i) for i in range(len(node.expressions)))
        elif isinstance(node, exp.Func | exp.Binary | exp.Unary | exp.Case | exp.Cast):
            for child in node.iter_expressions():
                if isinstance(child, exp.Condition):
                    yield replaced(tree, position, child)


def without(tree: exp.Expression, position: int, clause: str, item: int | None) -> exp.Expression:
    copy = tree.copy()
    node = list(copy.walk())[position]
    if item is None:
        node.set(clause, None)
    else:
        node.args[clause].pop(item)
    return copy


def replaced(tree: exp.Expression, position: int, child: exp.Expression) -> exp.Expression:
    copy = tree.copy()
    list(copy.walk())[position].replace(child.copy())
    return copy


def judge_projects(
    influences: int, first_seed: int = 0, resolver: Resolve = resolve, *, brief: bool = False
) -> Findings:
    """Judges one generated project after the other, until so many influences were observed."""
    findings, seed, observed = Findings(), first_seed, 0
    while observed < influences:
        project = Project(make_project(seed), resolver)
        project.is_brief = brief
        for model in project.maker.models:
            found = project.judge(model)
            observed += len(found.observed)
            found.observed = {tagged(seed, i) for i in found.observed}
            found.by_edge = {tagged(seed, i) for i in found.by_edge}
            found.held_by_edge_alone = {tagged(seed, i) for i in found.held_by_edge_alone}
            found.missed = [f"-- project {seed}, {model.name}: {text}" for text in found.missed]
            findings.add(found)
            project.is_brief = brief or len(findings.missed) > 5
        findings.unreadable += project.unreadable
        project.connection.close()
        seed += 1
    return findings


def tagged(seed: int, influence: Influence) -> Influence:
    return Influence(f"{seed}.{influence.model}", influence.from_table, influence.from_column, influence.output)


def judge_chains(projects: int, first_seed: int = 0, resolver: Resolve = resolve) -> tuple[int, list[str]]:
    """Changes each column of each seed and compares all models below; the number of changes, and what was missed."""
    changes, missed = 0, []
    for seed in range(first_seed, first_seed + projects):
        project = Project(make_project(seed), resolver)
        for table in [table for name, table in project.maker.tables.items() if name.startswith("raw_")]:
            for column in table.columns:
                for expression in project.changes(table, column):
                    changes += 1
                    missed += [f"-- project {seed}: {text}" for text in project.chain(table, column, expression)]
        project.connection.close()
    return changes, missed


def main(arguments: Mapping[str, Any] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--influences", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=0, help="the first project's")
    parser.add_argument("--chains", type=int, default=0, help="projects whose seeds are changed, with all models below")
    parser.add_argument("--unresolved", action="store_true", help="show the models that were not fully resolved")
    options = parser.parse_args()
    findings = judge_projects(options.influences, options.seed)
    print("\n\n".join(findings.missed))
    if options.unresolved:
        print("\n\n".join(findings.unreadable + findings.unresolved))
    print(findings)
    if options.chains:
        changes, missed = judge_chains(options.chains, options.seed)
        print("\n\n".join(missed))
        print(f"{changes} changes to seeds, {len(missed)} outputs below them not foretold")
        findings.missed += missed
    sys.exit(1 if findings.missed else 0)


if __name__ == "__main__":
    main()
