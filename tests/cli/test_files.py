"""Results in files: the name says the format, and the warehouse is never one of them."""

from __future__ import annotations

import csv
import json
import os
import shutil
from pathlib import Path

import pytest
from commandline import run
from pyarrow import parquet
from testdata import BESIDE, SAMPLES

from artifact_warehouse import Warehouse

RUN = SAMPLES / "environment=prod" / "job=nightly" / "2026-11-03_01_build"
SQL = "select * from (values (1, 'a|b'), (2, null)) as t(id, text)"
ROWS = [{"id": 1, "text": "a|b"}, {"id": 2, "text": None}]


@pytest.fixture(scope="module")
def wh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("files") / "wh.duckdb"
    Warehouse(path).load(RUN)
    return path


def rows_in(file: Path) -> list[dict]:
    """What another reader finds in a file."""
    suffix = file.suffix.lower()
    if suffix == ".parquet":
        return parquet.read_table(file).to_pylist()
    if suffix == ".json":
        return json.loads(file.read_text())
    if suffix in (".jsonl", ".ndjson"):
        return [json.loads(line) for line in file.read_text().splitlines()]
    with file.open(newline="") as stream:
        return [{"id": int(row["id"]), "text": row["text"] or None} for row in csv.DictReader(stream)]


@pytest.mark.parametrize("name", ["x.parquet", "x.csv", "x.json", "x.jsonl", "x.ndjson", "x.CSV", "a.b.json"])
def test_the_ending_is_the_format(wh: Path, tmp_path: Path, name: str) -> None:
    result = run("query", wh, SQL, "-o", tmp_path / name)
    assert (result.exit_code, result.output) == (0, "")
    assert rows_in(tmp_path / name) == ROWS


def test_markdown_is_a_table_of_githubs(wh: Path, tmp_path: Path) -> None:
    run("query", wh, SQL, "-o", tmp_path / "x.md")
    assert (tmp_path / "x.md").read_text() == "| id | text |\n| ---: | --- |\n| 1 | a\\|b |\n| 2 |  |\n"
    lines = run("query", wh, "select E'a\\nb\\r\\nc\\x1b' as \"x|y\"", "--format", "md").stdout
    assert lines == "| x\\|y |\n| --- |\n| a<br>b<br>c\\x1b |\n"


@pytest.mark.parametrize("name", ["x.txt", "x"])
def test_text_and_no_ending_are_the_table(wh: Path, tmp_path: Path, name: str) -> None:
    run("query", wh, SQL, "-o", tmp_path / name)
    assert (tmp_path / name).read_text() == run("query", wh, SQL).stdout


@pytest.mark.parametrize("call", [["query", "WH", SQL], ["views", "WH"], ["lineage", "WH", "fct_orders"]])
@pytest.mark.parametrize("name", ["x.xlsx", "x.json.gz", "x.tsv", "x.duckdb"])
def test_an_unknown_ending_is_refused(wh: Path, tmp_path: Path, call: list[str], name: str) -> None:
    result = run(*(wh if word == "WH" else word for word in call), "-o", tmp_path / name)
    assert result.exit_code == 2 and ".parquet" in result.stderr
    assert not (tmp_path / name).exists()


@pytest.mark.parametrize("call", [["views", "WH"], ["views", "WH", "nodes"], ["lineage", "WH", "fct_orders"]])
def test_every_command_with_a_file_goes_by_its_ending(wh: Path, tmp_path: Path, call: list[str]) -> None:
    words = [wh if word == "WH" else word for word in call]
    assert run(*words, "-o", tmp_path / "x.json").exit_code == 0
    assert rows_in(tmp_path / "x.json") == json.loads(run(*words, "--format", "json").stdout)


def test_a_format_that_is_asked_for_takes_any_name_but_that_of_another(wh: Path, tmp_path: Path) -> None:
    for output_format, name in (("csv", "x.tmp"), ("json", "x.txt"), ("jsonl", "x.json"), ("parquet", "x")):
        assert run("query", wh, SQL, "--format", output_format, "-o", tmp_path / name).exit_code == 0
    result = run("query", wh, SQL, "--format", "csv", "-o", tmp_path / "x.parquet")
    assert result.exit_code == 2 and "ending of parquet" in result.stderr
    assert not (tmp_path / "x.parquet").exists()


@pytest.mark.parametrize("link", ["itself", "relative", "symbolic", "hard", "log"])
@pytest.mark.parametrize("call", [["query", "WH", "select 1"], ["views", "WH"], ["lineage", "WH", "fct_orders"]])
def test_the_warehouse_is_never_overwritten(wh: Path, tmp_path: Path, call: list[str], link: str) -> None:
    own = Path(shutil.copy(wh, tmp_path / "own.duckdb"))
    before = own.read_bytes()
    named = tmp_path / "other.csv"
    if link == "symbolic":
        named.symlink_to(own)
    elif link == "hard":
        os.link(own, named)
    else:
        other = {"itself": own, "relative": tmp_path / "x" / ".." / "own.duckdb", "log": tmp_path / "own.duckdb.wal"}
        named = other[link]
    (tmp_path / "x").mkdir()
    result = run(*(own if word == "WH" else word for word in call), "--format", "csv", "-o", named)
    assert result.exit_code == 2 and "is the warehouse" in result.stderr
    assert own.read_bytes() == before
    assert not (tmp_path / "own.duckdb.wal").exists()


def test_json_of_any_depth_is_written(tmp_path: Path) -> None:
    file = BESIDE / "cases" / "reliability" / "deep_json_500.run_results.json"
    if not file.exists():
        pytest.skip("the case is not beside the checkout")
    Warehouse(tmp_path / "wh.duckdb").load(file)
    expected = json.loads(file.read_bytes())["args"]["vars"]
    for output_format in ("json", "jsonl"):
        sql = "select vars, args from v1.invocations"
        result = run("query", tmp_path / "wh.duckdb", sql, "--format", output_format)
        assert result.exit_code == 0
        [row] = json.loads(result.stdout) if output_format == "json" else [json.loads(result.stdout)]
        assert row["vars"] == row["args"]["vars"] == expected


@pytest.mark.parametrize("depth", [10, 900, 5_000, 100_000])
def test_json_of_any_depth_keeps_its_text(wh: Path, depth: int) -> None:
    sql = f"select (repeat('[{{\"a\":', {depth}) || '1' || repeat('}}]', {depth}))::json as j"
    result = run("query", wh, sql, "--format", "jsonl")
    if result.exit_code == 2:  # deeper than DuckDB's own limit
        assert "depth" in result.stderr.lower() or "json" in result.stderr.lower()
        return
    assert result.stdout.replace(" ", "") == '{"j":' + '[{"a":' * depth + "1" + "}]" * depth + "}\n"


@pytest.mark.parametrize(
    "text, expected",
    [
        ('{"a":1,"b":[true,null]}', {"a": 1, "b": [True, None]}),
        ('{"a: b, c" : "d, e: \\"f\\" \\\\", "n\\n": 1e3}', {"a: b, c": 'd, e: "f" \\', "n\n": 1000.0}),
        ('{\n  "a": [\n    1\n  ]\n}', {"a": [1]}),
        ('"nan, inf"', "nan, inf"),
        ("NaN", None),
        ("[-Infinity, 1]", [None, 1]),
        ('{"big": 123456789012345678901234567890}', {"big": 123456789012345678901234567890}),
    ],
)
def test_json_columns_are_on_one_line_and_mean_what_they_meant(wh: Path, text: str, expected: object) -> None:
    quoted = text.replace("'", "''")
    result = run("query", wh, f"select '{quoted}'::json as j", "--format", "jsonl")
    if result.exit_code == 2 and ("NaN" in text or "Infinity" in text):
        pytest.skip("this DuckDB takes no such number")
    [line] = result.stdout.splitlines()
    assert json.loads(line) == {"j": expected}
