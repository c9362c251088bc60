"""The views keep what sql/README.md promises: names, grains, comments, types and the contract file."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import duckdb
import pytest
import sqlglot
from testdata import ROOT, Loaded, of_samples_daily

from artifact_warehouse import Warehouse, errors
from artifact_warehouse.storage import sql_files
from artifact_warehouse.storage.sql_files import SqlFile
from artifact_warehouse.storage.verification import contract_of

FILES = sql_files.sql_files()
PUBLIC = [file for file in FILES if file.schema != "internal"]

TYPES_BY_SUFFIX = {
    "_at": "TIMESTAMP",
    "_date": {"DATE", "TIMESTAMP"},
    "_seconds": "DOUBLE",
    "_bytes": "BIGINT",
    "_count": "BIGINT",
    "_rate": "DOUBLE",
    "_rows": "BIGINT",
}


def name(file: SqlFile) -> str:
    return file.full_name


def columns(wh: Warehouse, schema: str = "v1") -> list[tuple[str, str, str, str | None]]:
    return wh.sql(
        "SELECT table_name, column_name, data_type, comment FROM duckdb_columns() WHERE schema_name = ? "
        "AND NOT internal ORDER BY table_name, column_index",
        [schema],
    ).fetchall()


def test_the_views_that_the_readme_names_are_there(sample_warehouse: Warehouse) -> None:
    deployed = {file.name for file in PUBLIC}
    assert deployed >= {
        *("artifacts", "invocations", "node_executions", "batch_executions", "run_success_rates"),
        *("node_success_rates", "node_execution_times", "test_failure_rates", "snapshot_changes", "nodes"),
        *("tests", "node_edges", "node_ancestors", "ancestors_of", "descendants_of"),
    }


@pytest.mark.parametrize("file", PUBLIC, ids=name)
def test_the_summary_is_a_sentence_and_since_is_said(file: SqlFile) -> None:
    assert re.fullmatch(r"[A-Z].+\.", file.summary)
    assert re.search(r"^-- since: \d+\.\d+$", file.sql, re.MULTILINE)


@pytest.mark.parametrize("file", FILES, ids=name)
def test_every_order_says_its_direction(file: SqlFile) -> None:
    """Where none is said, the setting `default_order` of a user's session decides."""
    assert [
        key.sql("duckdb") for key in parsed(file).find_all(sqlglot.exp.Ordered) if key.args.get("desc") is None
    ] == []


@pytest.mark.release
def test_the_settings_of_a_session_change_no_view(sample_warehouse: Warehouse, tmp_path: Path) -> None:
    """In a copy of the file: DuckDB gives these settings to all connections of this process to a file."""
    path = shutil.copy(sample_warehouse.path, tmp_path / "wh.duckdb")
    views = [file.full_name for file in PUBLIC if file.kind == "view"]
    rows: list[dict[str, list[str]]] = []
    for settings in (
        "",
        "SET default_order = 'desc'; SET default_null_order = 'nulls_first'; SET TimeZone = 'Asia/Tokyo'",
    ):
        with duckdb.connect(path, read_only=True) as session:
            session.execute(settings)
            rows.append({view: sorted(map(repr, session.execute(f"FROM {view}").fetchall())) for view in views})
    assert [view for view in views if rows[0][view] != rows[1][view]] == []


@pytest.mark.parametrize("file", FILES, ids=name)
def test_every_view_comes_after_those_that_it_reads(file: SqlFile) -> None:
    earlier = {other.full_name for other in FILES[: FILES.index(file)]}
    tables = {dependency for dependency in file.dependencies if dependency.startswith("stored.")}
    assert file.dependencies - tables <= earlier
    assert not any(dependency.split(".")[0] not in ("stored", "internal", file.schema) for dependency in tables)


def parsed(file: SqlFile) -> sqlglot.exp.Expression:
    definition = file.sql[: file.sql.index("\nCOMMENT ON")]
    as_view = re.sub(r"MACRO (\w+\.\w+)\([^)]*\) AS TABLE", r"VIEW \1 AS", definition)  # sqlglot knows no table macros
    as_view = re.sub(r"\), \([^)]*\) AS TABLE \(", ") UNION ALL (", as_view)  # nor those of several signatures
    return sqlglot.parse_one(as_view, dialect="duckdb")


@pytest.mark.parametrize("file", FILES, ids=name)
def test_what_a_view_reads_is_what_a_parser_finds(file: SqlFile) -> None:
    statement = parsed(file)
    created = statement.find(sqlglot.exp.Table)
    tables = [table for table in statement.find_all(sqlglot.exp.Table) if table is not created]
    read = [table for table in tables if table.db not in ("", "recurring")]  # a recursion's own table
    assert file.dependencies == {f"{table.db}.{table.name or table.this.name}" for table in read}


def steps(sql: str) -> list[str]:
    return re.findall(r"^(\w+)(?: \([^)]*\))? AS \($", sql, re.MULTILINE)


def read(part: Path) -> tuple[list[str], list[tuple[str, str]]]:
    """What the header of a part says: the names that it reads, and what it gives with the grain."""
    reads, gives = re.match(r"-- [A-Z].*\.\n-- reads: (.+)\n-- gives: (.+)\n\n", part.read_text()).groups()
    return reads.split(", "), re.findall(r"(\w+) \[([^]]+)\]", gives)


FOLDERS = sorted(path for path in (ROOT / "sql" / "internal").iterdir() if path.is_dir())


@pytest.mark.parametrize("folder", FOLDERS, ids=str)
def test_a_part_reads_and_gives_what_its_header_says(folder: Path) -> None:
    first, *parts = sorted(folder.iterdir())
    assert first.read_text().endswith("\nWITH RECURSIVE\n")
    texts = {part: re.sub(r"--[^\n]*", "", part.read_text()) for part in parts}
    owners = {step: part for part in parts for step in steps(texts[part])}
    named = {
        part: {relation for _, relation in re.findall(r"\b(FROM|JOIN) (internal\.\w+|stored\.\w+|\w+)", text)}
        for part, text in texts.items()
    }
    for part in parts:
        reads, gives = read(part)
        assert sorted(reads) == sorted(n for n in named[part] if "." in n or owners.get(n, part) != part)
        later = set().union(*(named[other] for other in parts if other != part))
        if part != parts[-1]:
            assert sorted(step for step, _ in gives) == sorted(n for n in steps(texts[part]) if n in later)


def test_the_parts_of_run_schedules_keep_their_grains(loaded: Loaded) -> None:
    _, *parts, _ = sorted((ROOT / "sql" / "internal" / "run_schedules").iterdir())
    text = "".join(part.read_text() for part in parts).rstrip().removesuffix(",")
    text = re.sub(r"\b(of_invocations|last_runs)\b", "NULL", text)
    for part in parts:
        for step, grain in read(part)[1]:
            repeated = f"SELECT {grain} FROM {step} GROUP BY {grain} HAVING count(*) > 1"
            assert loaded.warehouse.sql(f"WITH RECURSIVE {text} {repeated}").fetchall() == [], step


@pytest.mark.parametrize("file", FILES, ids=name)
def test_few_ctes_say_that_they_are_materialized(file: SqlFile) -> None:
    """DuckDB 1.4 writes what follows such a CTE once more for each: a macro with 24 took 4 GB and 15 seconds."""
    assert file.sql.count("AS MATERIALIZED (") <= 8


@pytest.mark.parametrize("file", FILES, ids=name)
def test_a_star_stands_for_a_step_of_the_file_or_for_one_internal_view(file: SqlFile) -> None:
    statement = parsed(file)
    steps = {cte.alias for cte in statement.find_all(sqlglot.exp.CTE)}
    for select in statement.find_all(sqlglot.exp.Select):
        if select.is_star:
            [read] = [source.this for source in (select.args["from_"], *select.args.get("joins", []))]
            whole = select is statement.expression and read.db == "internal" and len(select.expressions) == 1
            assert whole or read.name in steps or isinstance(read, sqlglot.exp.Values)


@of_samples_daily
@pytest.mark.parametrize("file", [file for file in FILES if file.kind == "view"], ids=name)
def test_the_grain_is_unique(loaded: Loaded, file: SqlFile) -> None:
    if file.full_name == "internal.settled_artifacts":
        pytest.skip("its rows are those of stored.settled_artifacts, which `verify` compares")
    keys = ", ".join(file.grain)
    repeated = f"SELECT {keys} FROM {file.full_name} GROUP BY {keys} HAVING count(*) > 1"
    assert loaded.warehouse.sql(repeated).fetchall() == []


def test_every_public_column_is_described_by_a_sentence(sample_warehouse: Warehouse) -> None:
    undescribed = [c[:2] for c in columns(sample_warehouse) if not re.fullmatch(r"\S(.|\n)*\.", c[3] or "")]
    assert undescribed == []


def glossary() -> list[tuple[str, str]]:
    with duckdb.connect() as empty:
        return empty.execute((ROOT / "sql" / "glossary.sql").read_text()).fetchall()


def test_the_glossary_describes_only_what_several_views_have(sample_warehouse: Warehouse) -> None:
    names = [column for column, _ in glossary()]
    assert names == sorted(set(names))
    deployed = [(column, comment) for _, column, _, comment in columns(sample_warehouse)]
    assert [entry for entry in glossary() if deployed.count(entry) < 2] == []


@pytest.mark.parametrize("file", PUBLIC, ids=name)
def test_no_view_repeats_a_sentence_of_the_glossary(file: SqlFile) -> None:
    quoted = r"'((?:[^']|'')*)'"
    own = re.findall(rf"^COMMENT ON COLUMN {file.full_name}\.(\w+) IS\s+{quoted};", file.sql, re.MULTILINE)
    assert len(own) == file.sql.count("\nCOMMENT ON COLUMN ")
    assert {(column, sentence.replace("''", "'")) for column, sentence in own} & {*glossary()} == set()


def test_every_public_view_and_macro_is_described(sample_warehouse: Warehouse) -> None:
    described = sample_warehouse.sql(
        "SELECT view_name FROM duckdb_views() WHERE schema_name = 'v1' AND comment LIKE '%.' UNION "
        "SELECT function_name FROM duckdb_functions() WHERE schema_name = 'v1' AND comment LIKE '%.'"
    ).fetchall()
    assert {row[0] for row in described} == {file.name for file in PUBLIC}


def test_every_table_and_its_columns_are_described(sample_warehouse: Warehouse) -> None:
    undescribed = [c[:2] for c in columns(sample_warehouse, "stored") if not (c[3] or "").endswith((".", "…"))]
    assert [c for c in undescribed if c[0] != "meta"] == []


def test_a_suffix_fixes_the_type(sample_warehouse: Warehouse) -> None:
    for view, column, data_type, _ in columns(sample_warehouse):
        for suffix, types in TYPES_BY_SUFFIX.items():
            if column.endswith(suffix):
                assert data_type in types, f"v1.{view}.{column} is {data_type}"
        assert data_type not in ("HUGEINT", "TIMESTAMP WITH TIME ZONE"), f"v1.{view}.{column}"


def test_the_contract_file_equals_the_deployed_views(sample_warehouse: Warehouse) -> None:
    with duckdb.connect() as empty:
        empty.execute((ROOT / "sql" / "v1" / "contract.sql").read_text())
        promised = empty.execute(
            "SELECT table_name, column_name, data_type FROM duckdb_columns() WHERE schema_name = 'main' "
            "AND NOT internal ORDER BY table_name, column_index"
        ).fetchall()
    assert promised == [column[:3] for column in columns(sample_warehouse)]


def test_the_contract_file_is_as_make_contract_writes_it(tmp_path: Path) -> None:
    path = tmp_path / "wh.duckdb"
    Warehouse(path).migrate()
    with duckdb.connect(str(path), read_only=True) as connection:
        assert contract_of(connection, "v1") == (ROOT / "sql" / "v1" / "contract.sql").read_text()


def test_a_broken_contract_is_found(tmp_path: Path) -> None:
    path = tmp_path / "wh.duckdb"
    Warehouse(path).migrate()
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE OR REPLACE VIEW v1.snapshot_changes AS SELECT 1 AS invocation_id")
    with Warehouse(path, read_only=True) as wh:
        assert any("v1.snapshot_changes" in line for line in wh.verify())


def test_deploying_again_changes_nothing_and_drops_what_is_gone(tmp_path: Path) -> None:
    path = tmp_path / "wh.duckdb"
    Warehouse(path).migrate()
    assert Warehouse(path).migrate() == []
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE VIEW v1.gone AS SELECT 1 AS x")
        connection.execute("UPDATE stored.meta SET value = 'older' WHERE key = 'views'")
    assert Warehouse(path).migrate() == ["deploy the views of this release"]
    with Warehouse(path, read_only=True) as wh:
        assert {row[0] for row in columns(wh)} == {file.name for file in PUBLIC if file.kind == "view"}


@pytest.mark.parametrize(
    "sql, complaint",
    [
        ("SELECT 1", "no CREATE OR REPLACE"),
        (
            "-- A.\n-- grain: a\nCREATE OR REPLACE VIEW v1.other AS SELECT 1 AS a;\nCOMMENT ON VIEW v1.other IS 'A.';",
            "agree",
        ),
        ("-- A.\nCREATE OR REPLACE VIEW v1.a AS SELECT 1 AS a;\nCOMMENT ON VIEW v1.a IS 'A.';", "grain"),
        ("-- A.\n-- grain: a\nCREATE OR REPLACE VIEW v1.a AS SELECT 1 AS a;", "COMMENT ON"),
    ],
)
def test_a_file_that_breaks_the_rules_is_refused(sql: str, complaint: str) -> None:
    with pytest.raises(errors.InvalidSqlFile, match=complaint):
        sql_files.parse("v1", "a", sql)
