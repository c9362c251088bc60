"""Every query of docs/questions.md runs on the samples, is short, and prints what stands below it."""

from __future__ import annotations

import io
import re

import pytest
from testdata import ROOT, Loaded

from artifact_warehouse import Warehouse
from artifact_warehouse.cli import formats

TEXT = (ROOT / "docs" / "questions.md").read_text(encoding="utf-8")
SECTIONS = re.split(r"^## (?=\d+\. )", TEXT, flags=re.MULTILINE)[1:]
BLOCK = re.compile(r"^```sql\n(.*?)^```$\n\n^```text\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MAX_LINES = 10


def questions() -> list:
    """(query, answer) of every section, by the section's number and the query's place in it."""
    return [
        pytest.param(*match.groups(), id=f"{section.split('.')[0]}-{place}")
        for section in SECTIONS
        for place, match in enumerate(BLOCK.finditer(section), start=1)
    ]


def test_the_questions_are_numbered_and_each_has_an_answer() -> None:
    assert [int(section.split(".")[0]) for section in SECTIONS] == list(range(1, 14))
    assert all(BLOCK.search(section) for section in SECTIONS)


def test_every_query_stands_above_its_answer() -> None:
    assert len(re.findall(r"^```sql$", TEXT, re.MULTILINE)) == len(questions())
    assert len(re.findall(r"^```text$", TEXT, re.MULTILINE)) == len(questions())


@pytest.mark.parametrize("query, answer", questions())
def test_a_query_is_short_and_prints_its_answer(sample_warehouse: Warehouse, query: str, answer: str) -> None:
    assert len(query.splitlines()) <= MAX_LINES
    assert not re.search(r"\b(stored|internal)\.", query)
    printed = io.BytesIO()
    formats.write(sample_warehouse.sql(query).to_arrow_table(), "table", printed)
    assert printed.getvalue().decode() == answer


@pytest.mark.parametrize("query", [pytest.param(p.values[0], id=p.id) for p in questions()])
@pytest.mark.release
def test_a_query_runs_on_any_project(loaded: Loaded, query: str) -> None:
    """Without the samples' environment; the names of their nodes stay, so not all of them find something."""
    anywhere = re.sub(r"(\w+\.)?environment = '(prod|dev)'", "true", query)
    assert loaded.warehouse.sql(anywhere).to_arrow_table().num_columns > 0
