"""Hostile SQL: the growth of the work with the text, counted in executed lines of the resolver."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from hostile_sql import CASES, find_relation
from testdata import release_only

from artifact_warehouse.lineage import resolver as column_lineage
from artifact_warehouse.lineage.resolver import Relation, UnreadableSql, resolve, with_deep_stack

PACKAGE = str(Path(column_lineage.__file__).parent)
SMALLEST = 12
NOISE = 200


@pytest.fixture(autouse=True)
def untraced() -> Iterator[None]:
    """Who traces the tests goes on when one of them is over."""
    tracer = sys.gettrace()
    yield
    sys.settrace(tracer)


def lines_run(sql: str, dialect: str | None) -> int:
    """How many lines of the package are run to resolve a text, each as often as it is; the parser does not count."""
    count = 0

    def trace(frame: FrameType, _event: str, _argument: object) -> Any:
        nonlocal count
        if not frame.f_code.co_filename.startswith(PACKAGE):
            return None
        count += 1
        return trace

    def work() -> None:
        sys.settrace(trace)
        try:
            resolve(sql, dialect, find_relation)
        except UnreadableSql as error:
            assert "CPU" not in str(error)
        finally:
            sys.settrace(None)

    with_deep_stack(work)
    return count


@pytest.mark.parametrize("name", [*list(CASES)[::3], *release_only(*CASES)])
def test_twice_the_text_is_hardly_more_than_twice_the_work(name: str) -> None:
    case = CASES[name]
    size = min(SMALLEST, case.size)
    small, medium, large = (lines_run(case.text(size * factor), case.dialect) for factor in (1, 2, 4))
    growth = math.log2(max(large - medium, 1) / max(medium - small, NOISE))
    assert growth <= (2.2 if case.is_square else 1.2), (small, medium, large)


def resolved(sql: str, monkeypatch: pytest.MonkeyPatch, dialect: str | None = None) -> tuple[int, set[tuple[str, ...]]]:
    """How many queries were resolved, those in others too, and the edges."""
    queries = sys.modules["artifact_warehouse.lineage.resolver.queries"]
    count = 0
    plain = queries._query

    def counted(*arguments: Any) -> Any:
        nonlocal count
        count += 1
        return plain(*arguments)

    monkeypatch.setattr(queries, "_query", counted)
    found = resolve(sql, dialect, lambda parts: Relation(parts[-1], {"a": "a", "b": "b", "c": "c"}))
    assert not found.unresolved_names
    return count, {edge[:4] for edge in found.edges}


def test_a_cte_is_resolved_once_however_often_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    reads = " UNION ALL ".join(["SELECT a FROM x"] * 20)
    count, edges = resolved(f"WITH x AS (SELECT a FROM t), y AS ({reads}) SELECT a FROM y", monkeypatch)
    assert count == 1 + 20 + 1 + 1
    assert edges == {("t", "a", "a", "passthrough")}


def test_a_cte_that_nothing_reads_is_not_resolved(monkeypatch: pytest.MonkeyPatch) -> None:
    count, _ = resolved("WITH x AS (SELECT a FROM t), y AS (SELECT a FROM x) SELECT b FROM t", monkeypatch)
    assert count == 1


def test_every_part_of_recursions_in_each_other_is_resolved_once(monkeypatch: pytest.MonkeyPatch) -> None:
    inner = "SELECT a, b FROM t"
    for i in range(5):
        inner = (
            f"WITH RECURSIVE r{i} AS (SELECT a, b FROM t{i} UNION ALL SELECT r{i}.b, q.a FROM r{i} "
            f"JOIN ({inner}) q ON q.a = r{i}.a) SELECT a, b FROM r{i}"
        )
    count, edges = resolved(inner, monkeypatch, "postgres")
    assert count == 1 + 5 * 3
    assert {relation for relation, *_ in edges} == {"t", *(f"t{i}" for i in range(5))}


def test_the_columns_of_a_recursion_reach_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    sql = (
        "WITH RECURSIVE o(p, q) AS (SELECT a, b FROM t UNION ALL SELECT i.x + q, p FROM o JOIN ("
        "WITH RECURSIVE i AS (SELECT c AS x FROM u UNION ALL SELECT i.x + o.q FROM i) SELECT x FROM i) AS i ON TRUE) "
        "SELECT q FROM o"
    )
    _, edges = resolved(sql, monkeypatch, "postgres")
    assert edges == {
        ("t", "a", "q", "transform"),
        ("t", "b", "q", "transform"),
        ("u", "c", "q", "transform"),
    }


def test_a_table_called_like_the_cte_that_reads_it_first_is_a_table(monkeypatch: pytest.MonkeyPatch) -> None:
    _, edges = resolved(
        "WITH t AS (SELECT a FROM t UNION ALL SELECT b FROM u) SELECT * FROM t", monkeypatch, "snowflake"
    )
    assert edges == {("t", "a", "a", "passthrough"), ("u", "b", "a", "rename")}


def test_each_cte_reads_those_before_it_and_none_after(monkeypatch: pytest.MonkeyPatch) -> None:
    sql = "WITH x AS (SELECT a FROM y), y AS (SELECT b AS a, c FROM z), z AS (SELECT c FROM y) SELECT * FROM x, z"
    _, edges = resolved(sql, monkeypatch, "postgres")
    assert edges == {("y", "a", "a", "passthrough"), ("z", "c", "c", "passthrough")}


def test_members_of_a_struct_without_a_name_flow_into_it(monkeypatch: pytest.MonkeyPatch) -> None:
    _, edges = resolved("SELECT struct(a + 1, b) AS x FROM t", monkeypatch, "bigquery")
    assert {column for _, column, *_ in edges} == {"a", "b"}
