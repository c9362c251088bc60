"""The statements of sql/queries/: each says what it asks and with which parameters, and is planned once."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pytest
from testdata import ROOT

from artifact_warehouse import Warehouse
from artifact_warehouse.storage import query

FOLDER = ROOT / "sql" / "queries"
FILES = sorted(FOLDER.rglob("*.sql"))
HEADER = re.compile(
    r"-- [A-Z][^\n]+(\n-- [^\n]+)*?\.\n"
    r"-- parameters: (?P<parameters>\$\w+(, \$\w+)*|none)\n"
    r"(-- literals: (?P<literals>\$\w+(, \$\w+)*)\n)?"
    r"(-- tables: (?P<tables>\w+ \([^)]+\)(, \w+ \([^)]+\))*)\n)?"
    r"-- (grain|changes): [^\n]+\n(?!--)"
)
LITERALS = {
    "$time": "TIMESTAMP 'infinity'",
    "$is_upwards": "TRUE",
    "$reached_nodes": "reached_nodes",
    "$reached_columns": "reached_columns",
    "$edges": "internal.column_edges_at(TIMESTAMP 'infinity')",
    "$uses": "internal.column_uses_at(TIMESTAMP 'infinity')",
    "$table": "links",
    "$conditions": "TRUE",
    "$order": "nodes.unique_id",
    "$column": "job_id",
    "$glossary": "SELECT 'x' AS column_name, 'X.' AS sentence",
}


def name(file: Path) -> str:
    return str(file.relative_to(FOLDER).with_suffix(""))


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    path = tmp_path_factory.mktemp("queries") / "wh.duckdb"
    Warehouse(path).migrate()
    return duckdb.connect(str(path))


@pytest.mark.parametrize("file", FILES, ids=name)
def test_a_query_is_planned_with_what_its_header_names(file: Path, empty: duckdb.DuckDBPyConnection) -> None:
    text = file.read_text()
    header = HEADER.match(text)
    assert header, "the header is a sentence, then parameters, literals, tables, and grain or changes"
    parameters = re.findall(r"\$\w+", header["parameters"])
    literals = re.findall(r"\$\w+", header["literals"] or "")
    assert {*re.findall(r"\$\w+", text[header.end() :])} == {*parameters, *literals}
    for table in re.findall(r"\w+ \([^)]+\)", header["tables"] or ""):
        empty.execute(f"CREATE OR REPLACE TEMP TABLE {table}")
    sql = query(name(file), **{literal[1:]: LITERALS[literal] for literal in literals})
    plan = empty.execute(f"EXPLAIN {sql}", {parameter[1:]: None for parameter in parameters}).fetchall()
    assert plan


def test_every_query_is_asked_by_the_package() -> None:
    code = "\n".join(path.read_text() for path in (ROOT / "artifact_warehouse").rglob("*.py"))
    assert [name(file) for file in FILES if not re.search(rf"""["']({name(file)}|{file.stem})["']""", code)] == []
