"""v1.guide: every query runs, every view and command exists."""

from __future__ import annotations

import shlex

import pytest

from artifact_warehouse import Warehouse
from artifact_warehouse.cli import cli

pytestmark = pytest.mark.slow


def test_the_guide_leads_to_queries_and_commands_that_work(sample_warehouse: Warehouse) -> None:
    rows = sample_warehouse.view("guide").to_arrow_table().to_pylist()
    assert len({row["question"] for row in rows}) == len(rows) > 20
    known = {row["name"] for row in sample_warehouse.describe_views().to_pylist()}
    for row in rows:
        assert row["view_name"] in known and row["view_name"] in row["query"]
        assert sample_warehouse.sql(f"EXPLAIN {row['query']}").fetchall()
        if row["command"]:
            _, verb, *arguments = shlex.split(row["command"])
            cli.commands[verb].make_context(verb, arguments)
