"""The relatives of each kind of reported case, in other dialects and forms: column_kinds.jsonl, one case a line.

`lines` are all edges and uses, as columncases.py writes them, worked out by hand. `unresolved` are the columns that
the resolver has to give up, `unknown_sources` what it has to call unknown; `is_open`: it may have more columns.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from columncases import lines, resolved

LINES = Path(__file__).with_name("column_kinds.jsonl").read_text(encoding="utf-8").splitlines()
CASES = [json.loads(line) for line in LINES]


@pytest.mark.parametrize("case", CASES, ids=[f"{case['kind']}: {case['sql'][:60]}" for case in CASES])
def test_a_relative_of_a_reported_case_is_right(case: dict[str, Any]) -> None:
    found = resolved(case["sql"], case["dialect"])
    assert lines(found) == case["lines"]
    assert list(found.unresolved_columns) == case.get("unresolved", [])
    assert list(found.unknown_sources) == case.get("unknown_sources", [])
    assert found.is_open == case.get("is_open", False)


def test_a_pattern_that_would_backtrack_without_end_is_not_tried() -> None:
    found = resolved(f"select columns('(a+)+$') from (select id as {'a' * 40}b from orders)", "duckdb")
    assert found.is_open


def test_what_a_cte_filters_by_decides_nothing_in_the_query_that_reads_it() -> None:
    ctes = "with paid as (select order_id from payments where method = 'x')"
    found = resolved(
        f"{ctes} select exists (select 1 from paid where order_id = o.id) as is_paid from orders o", "duckdb"
    )
    assert lines(found) == [
        "orders.id -> is_paid condition",
        "orders.id filter",
        "payments.method filter",
        "payments.order_id -> is_paid condition",
        "payments.order_id filter",
    ]
