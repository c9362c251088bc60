"""Scores the resolver on the cases of groundtruth.jsonl: other projects' tests, and hand-written ones.

    python tests/support/groundtruth.py FOLDER [--missed] [--as-written]

A case has the SQL, the columns of the relations, and the expected edges [relation, column, output]. The suites differ
in conventions; what is made equal before edges are compared, and nothing else:

- Names are compared in lower case without quotes, relations by the last part of their name.
- INSERT INTO and CREATE VIEW around a query are no part of it (dbt compiles queries only). Names that they give to the
  outputs, in a list or as the columns of a known target, are given to the query's outputs by position.
- An output without a name is called by each suite as it likes: those that are left on both sides pair in their order.
- `*` as an expected column stands for an unknown one: any edge from that relation to that output meets it, and from `*`
  to `*` an open star that passes a column of any name. The `*` of count(*) is no column.
- An expected edge from no relation (the suite gave up on an ambiguous name) is not expected.
- A path into a struct is the edge of its top-level column.
- `only_cols` are the outputs that the test asserts; edges to others do not count.
- `optional` edges, and those of `optional_source_columns` and `optional_targets`, are right whether there or not:
  the suites differ on them (`convention` says which).
- `limitation`: the test records an answer that its own authors call wrong; left out, and counted apart.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from artifact_warehouse.lineage.resolver import Edge, Relation, Resolution, UnreadableSql, resolve

Triple = tuple[str, str, str]
"""From relation, from column, to column."""
Resolve = Callable[..., Resolution]

WRAPPING = re.compile(
    r"\binsert\s+(?:into|overwrite)\s+(?:table\s+)?(?P<insert>[\w.`\"]+)\s*(?P<names>\([\w\s,]+\))?"
    r"(?:\s*partition\s*\([^)]*\))?|\bcreate\s+view\s+(?P<view>[\w.]+)\s*(?P<heads>\([\w\s,]+\))\s*as\b",
    re.IGNORECASE,
)
ANY_NAME = "any_name_at_all"
SHARD = re.compile(r"_\d+\*?$|_\*$")


@dataclass
class Outcome:
    """How the resolver did on one case."""

    case: Mapping[str, Any]
    error: str | None = None
    matched: int = 0
    missing: set[Triple] = field(default_factory=set)
    surplus: set[Triple] = field(default_factory=set)
    kinds: list[tuple[str, str, str]] = field(default_factory=list)
    """Output, expected kind, given kind."""
    uses: tuple[set[Any], set[Any]] | None = None
    """Expected and given."""

    @property
    def is_exact(self) -> bool:
        return not (self.error or self.missing or self.surplus)


def read(folder: Path) -> list[dict[str, Any]]:
    """The cases of one SELECT each, from a folder that has groundtruth.jsonl."""
    lines = (folder / "groundtruth.jsonl").read_text(encoding="utf-8").splitlines()
    return [case for case in map(json.loads, lines) if case["scope"] == "select"]


def last(relation: str | None) -> str:
    return re.sub(r'[`"\[\]]', "", (relation or "").split(".")[-1]).lower()


def triples(edges: Iterable[Any]) -> set[Triple]:
    """Edges of the file as comparable triples; those from no relation are left out."""
    return {(last(e[0]), e[1].lower().split(".")[0].strip('"'), e[2].lower().strip('"')) for e in edges if e[0]}


def known_relations(case: Mapping[str, Any]) -> Callable[[tuple[str, ...]], Relation]:
    """Finds a relation in a case's schema: one name ends like the other; shards of a BigQuery table are one."""
    schema = {name.lower(): columns for name, columns in (case["schema"] or {}).items()}

    def find(parts: tuple[str, ...]) -> Relation:
        name = ".".join(parts).lower().split("$")[0]
        for wanted in (name, SHARD.sub("_yyyymmdd", name)):
            for known, columns in schema.items():
                if known == wanted or known.endswith("." + wanted) or wanted.endswith("." + known):
                    types = {c.lower(): t for c, t in columns.items() if isinstance(t, str)}
                    return Relation(known, {c.lower(): c for c in columns}, True, types)
        return Relation(name)

    return find


def without_wrapping(case: Mapping[str, Any]) -> tuple[str, list[str]]:
    """The query of a case, and the names that an INSERT or CREATE around it gives to its outputs."""
    found = WRAPPING.search(case["sql"])
    if not found:
        return case["sql"], []
    sql = WRAPPING.sub("", case["sql"], count=1)
    heads = found["names"] or found["heads"]
    if heads:
        return sql, [name.strip().lower() for name in heads.strip("()").split(",")]
    target = last(found["insert"] or found["view"])
    for name, columns in (case["schema"] or {}).items():
        if last(name) == target:
            return sql, [column.lower() for column in columns]
    return sql, []


def output_names(case: Mapping[str, Any], resolution: Resolution, heads: list[str]) -> dict[str, str]:
    """What the case calls each of the query's outputs, by the resolver's name for it in lower case."""
    ours = [name.lower() for name in resolution.columns]
    theirs = heads or [name.lower() for name in case.get("out_cols") or ()]
    expected = list(dict.fromkeys(e[2].lower().strip('"') for e in case["edges"]))
    if len(theirs) == len(ours) and (heads or not set(expected) <= set(ours)):
        return dict(zip(ours, theirs, strict=True))
    names = {name: name for name in ours}
    for name in ours:  # a second output of the same name
        stem = re.sub(r"_\d+$", "", name)
        if name not in expected and stem in ours:
            names[name] = stem
    used = {edge.to_column.lower() for edge in resolution.edges}
    text = re.sub(r"\s+", " ", case["sql"].lower())
    unnamed = [name for name in ours if name in used and names[name] not in expected]
    invented = [name for name in expected if name not in {*names.values(), "count(*)"} and not name.isidentifier()]
    unmet = sorted([*invented, *({"_0"} & set(expected))], key=text.find)
    if len(unnamed) == len(unmet):
        names.update(zip(unnamed, unmet, strict=True))
    return names


def passes_any_name(case: Mapping[str, Any], sql: str, resolution: Resolution, resolve: Resolve) -> set[Triple]:
    """(relation, `*`, `*`) of each relation whose columns an open star of the query passes through."""
    if not resolution.is_open:
        return set()
    probe = resolve(sql, case["dialect"], known_relations(case), {}, {ANY_NAME: ANY_NAME})
    return {(last(e.from_relation), "*", "*") for e in probe.edges if e.from_column.lower() == ANY_NAME}


def settle_stars(case: Mapping[str, Any], expected: set[Triple], given: set[Triple]) -> tuple[set[Triple], set[Triple]]:
    """Replaces the expected edges from `*` by what meets them."""
    settled = set(expected)
    for edge in [e for e in expected if e[1] == "*" and e[2] != "*"]:
        meeting = {g for g in given if g[0] == edge[0] and g[2] == edge[2]}
        if meeting or "count(*)" in case["sql"].lower():
            settled = (settled - {edge}) | meeting
    return settled, given


def is_optional(case: Mapping[str, Any], edge: Triple) -> bool:
    return edge[1] in (case.get("optional_source_columns") or ()) or edge[2] in (case.get("optional_targets") or ())


def judge(case: Mapping[str, Any], resolve: Resolve = resolve, *, as_written: bool = False) -> Outcome:
    """Resolves one case and compares."""
    outcome = Outcome(case)
    sql, heads = without_wrapping(case)
    if as_written:
        sql = case["sql"]
    try:
        resolution = resolve(sql, case["dialect"], known_relations(case))
        stars = passes_any_name(case, sql, resolution, resolve)
    except UnreadableSql as error:
        outcome.error = str(error)
        resolution, stars = Resolution((), (), ()), set()
    names = output_names(case, resolution, heads)
    renamed = [(edge, names.get(edge.to_column.lower(), edge.to_column.lower())) for edge in resolution.edges]
    given = {(last(edge.from_relation), edge.from_column.lower().split(".")[0], name) for edge, name in renamed} | stars
    expected = triples(case["edges"])
    if not any(edge[2] == "*" for edge in expected):
        given -= stars
    if case.get("only_cols") is not None:
        asserted = {name.lower().strip('"') for name in case["only_cols"]}
        given = {edge for edge in given if edge[2] in asserted}
    expected, given = settle_stars(case, expected, given)
    optional = triples(case["optional"] or ())
    optional |= {edge for edge in expected | given if is_optional(case, edge)}
    outcome.missing = expected - given - optional
    outcome.surplus = given - expected - optional
    outcome.matched = len(expected & given)
    outcome.kinds = list(compared_kinds(case, renamed))
    outcome.uses = compared_uses(case, resolution)
    return outcome


def compared_kinds(case: Mapping[str, Any], renamed: list[tuple[Edge, str]]) -> Iterable[tuple[str, str, str]]:
    """The kind of each output for which the case has one: the furthest from a plain copy among its edges' kinds."""
    for output, expected in (case["kinds"] or {}).items():
        kinds = {edge.kind for edge, name in renamed if name == output.lower().strip('"')}
        if not kinds:
            given = "constant"
        elif kinds <= {"passthrough", "rename"}:
            given = "rename" if "rename" in kinds else "passthrough"
        elif case["suite"] == "hand" and len(kinds - {"condition"}) == 1:
            (given,) = kinds - {"condition"}
        else:
            given = "transform"
        yield output, expected, given


def compared_uses(case: Mapping[str, Any], resolution: Resolution) -> tuple[set[Any], set[Any]] | None:
    """The expected and the given indirect uses, by kind where the case has kinds."""
    if case.get("indirect_by_kind"):
        expected = {(k, last(r), c.lower()) for k, uses in case["indirect_by_kind"].items() for r, c in uses}
        kinds = set(case["indirect_by_kind"])
        given = {(u.kind, last(u.from_relation), u.from_column.lower()) for u in resolution.uses if u.kind in kinds}
        return expected, given
    if case["indirect"] is None:
        return None
    expected_any = {(last(r), c.lower()) for r, c in case["indirect"]}
    return expected_any, {(last(u.from_relation), u.from_column.lower()) for u in resolution.uses}


def percent(part: int, whole: int) -> float:
    return 100.0 * part / whole if whole else 100.0


@dataclass(frozen=True)
class Score:
    """The figures of many outcomes, in percent."""

    cases: int
    exact: float
    precision: float
    recall: float

    @classmethod
    def of(cls, outcomes: list[Outcome]) -> Score:
        matched = sum(o.matched for o in outcomes)
        surplus = sum(len(o.surplus) for o in outcomes)
        missing = sum(len(o.missing) for o in outcomes)
        exact = sum(o.is_exact for o in outcomes)
        return cls(
            len(outcomes),
            percent(exact, len(outcomes)),
            percent(matched, matched + surplus),
            percent(matched, matched + missing),
        )

    def __str__(self) -> str:
        return (
            f"{self.cases:4} cases  exact {self.exact:6.2f}  precision {self.precision:6.2f}  recall {self.recall:6.2f}"
        )


def report(outcomes: list[Outcome]) -> str:
    """The figures by suite and of all, as text."""
    sound = [o for o in outcomes if not o.case["limitation"]]
    by_suite = defaultdict(list)
    for outcome in sound:
        by_suite[outcome.case["suite"]].append(outcome)
    lines = [f"{suite:24} {Score.of(of_suite)}" for suite, of_suite in by_suite.items()]
    lines.append(f"{'all':24} {Score.of(sound)}")
    lines.append(f"{'with limitations':24} {Score.of(outcomes)}")
    kinds = [kind for o in sound for kind in o.kinds]
    lines.append(f"kinds: {sum(a == b for _, a, b in kinds)} of {len(kinds)}")
    uses = [o.uses for o in sound if o.uses]
    lines.append(
        f"indirect uses: {sum(a == b for a, b in uses)} of {len(uses)} exact,"
        f" precision {percent(sum(len(a & b) for a, b in uses), sum(len(b) for _, b in uses)):.1f}"
        f" recall {percent(sum(len(a & b) for a, b in uses), sum(len(a) for a, _ in uses)):.1f}"
    )
    return "\n".join(lines)


def describe(outcome: Outcome) -> str:
    """A missed case as text: its SQL, and what is missing and too much."""
    case = outcome.case
    lines = [f"--- {case['id']} ({case['dialect'] or 'no dialect'}) {case['limitation'] or ''}", case["sql"].strip()]
    lines += [f"  error   {outcome.error}"] if outcome.error else []
    lines += [f"  missing {' '.join(edge)}" for edge in sorted(outcome.missing)]
    lines += [f"  surplus {' '.join(edge)}" for edge in sorted(outcome.surplus)]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--missed", action="store_true", help="show the cases that are not exact")
    parser.add_argument("--kinds", action="store_true", help="show the kinds and the indirect uses that differ")
    parser.add_argument("--as-written", action="store_true", help="leave INSERT and CREATE around the queries")
    options = parser.parse_args()
    outcomes = [judge(case, as_written=options.as_written) for case in read(options.folder)]
    print(report(outcomes))
    for outcome in outcomes:
        if options.missed and not outcome.is_exact:
            print(describe(outcome))
        if options.kinds:
            for output, expected, given in outcome.kinds:
                if expected != given:
                    print(f"{outcome.case['id']}: {output} is {given}, expected {expected}")
            if outcome.uses and outcome.uses[0] != outcome.uses[1]:
                expected_uses, given_uses = outcome.uses
                print(f"{outcome.case['id']}: uses +{given_uses - expected_uses} -{expected_uses - given_uses}")


if __name__ == "__main__":
    main()
