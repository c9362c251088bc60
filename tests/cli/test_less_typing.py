"""Less to type: the default warehouse, the configuration, completion, views without a schema, and the shell."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from commandline import COMMAND, run
from testdata import SAMPLES

from artifact_warehouse import Warehouse
from artifact_warehouse.cli import cli

pytestmark = pytest.mark.slow

Complete = Callable[..., list[str]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a warehouse of two nights."""
    folder = tmp_path_factory.mktemp("typing")
    Warehouse(folder / "dbt.duckdb").load(
        [
            SAMPLES / "environment=prod" / "job=nightly" / night
            for night in ("2026-11-01_01_build", "2026-11-03_01_build")
        ]
    )
    return folder


@pytest.fixture(autouse=True)
def here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(folder)
    monkeypatch.delenv("ARTIFACT_WAREHOUSE", raising=False)
    return folder


@pytest.fixture
def config(folder: Path) -> Iterator[Callable[..., None]]:
    files: list[Path] = []

    def write(text: str, name: str = "artifact-warehouse.toml") -> None:
        files.append(folder / name)
        files[-1].write_text(text)

    yield write
    for file in files:
        file.unlink(missing_ok=True)


# The default warehouse


@pytest.mark.parametrize(
    "arguments",
    [("runs",), ("show", "fct_orders"), ("query", "from seeds"), ("views", "seeds"), ("runs", "--limit", "1")],
)
def test_the_variable_names_the_warehouse(arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    verb, *others = arguments
    expected = run(verb, "dbt.duckdb", *others)
    assert expected.exit_code == 0
    monkeypatch.setenv("ARTIFACT_WAREHOUSE", "dbt.duckdb")
    assert run(verb, *others).output == expected.output


def test_a_named_warehouse_comes_before_the_variable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ARTIFACT_WAREHOUSE", "elsewhere.duckdb")
    assert run("runs", "dbt.duckdb").exit_code == 0
    other = shutil.copy("dbt.duckdb", tmp_path / "warehouse_without_an_ending")
    assert run("runs", other).exit_code == 0
    assert "elsewhere.duckdb" in run("runs").output


def test_load_takes_all_its_paths_where_the_warehouse_is_left_out(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ARTIFACT_WAREHOUSE", str(tmp_path / "new.duckdb"))
    assert run("load", SAMPLES / "environment=dev").exit_code == 0
    assert (tmp_path / "new.duckdb").exists()


def test_without_a_default_the_warehouse_is_missing() -> None:
    result = run("runs")
    assert result.exit_code == 2 and "Missing argument 'WH'" in result.output


# The configuration


def test_a_file_holds_the_warehouse_and_options(
    config: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config('warehouse = "dbt.duckdb"\n[runs]\nlimit = 1\nformat = "csv"\n[check]\nmax-failing = 0\nmax-age = "1d"\n')
    (Path.cwd() / "below").mkdir(exist_ok=True)
    monkeypatch.chdir("below")
    assert len(run("runs").stdout.splitlines()) == 2
    assert len(run("runs", "--limit", "2").stdout.splitlines()) == 3
    checked = run("check")
    assert checked.exit_code == 1 and "failing nodes" in checked.stdout and "last successful run" in checked.stdout


def test_the_table_of_a_pyproject_counts_and_others_do_not(config: Callable[..., None]) -> None:
    config('[tool.other]\nwarehouse = "other"', "pyproject.toml")
    assert run("runs").exit_code == 2
    config('[tool.artifact-warehouse]\nwarehouse = "dbt.duckdb"', "pyproject.toml")
    assert run("runs").exit_code == 0


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[chek]\nmax-failing = 0", "chek is unknown; did you mean check?"),
        ("[check]\nmax-failling = 0", "[check] max-failling is unknown; did you mean max-failing?"),
        ("check = 1", "check is not a table"),
        ("[check", "is not TOML"),
    ],
)
def test_what_a_file_says_is_understood_or_refused(config: Callable[..., None], text: str, complaint: str) -> None:
    config(text)
    result = run("runs", "dbt.duckdb")
    assert result.exit_code == 2 and complaint in " ".join(result.output.split())


@pytest.mark.parametrize(
    ("name", "table"), [("artifact-warehouse.toml", ""), ("pyproject.toml", "tool.artifact-warehouse.")]
)
def test_options_and_alerts_stand_in_one_file(config: Callable[..., None], name: str, table: str) -> None:
    config(f'[{table}runs]\nlimit = 1\n[{table}alerts.channels.log]\nwebhook = "https://example.com"\n', name)
    assert len(run("runs", "dbt.duckdb", "--format", "csv").stdout.splitlines()) == 2
    checked = run("config", "check")
    assert checked.exit_code == 0 and "channels: log" in checked.stderr


# Completion


@pytest.fixture
def complete(monkeypatch: pytest.MonkeyPatch) -> Complete:
    from click.shell_completion import BashComplete

    def completed(*words: str) -> list[str]:
        *arguments, incomplete = words
        completion = BashComplete(cli, {}, "aw", "_AW_COMPLETE")
        return [item.value for item in completion.get_completions(list(arguments), incomplete)]

    return completed


def test_names_in_the_file_are_completed(complete: Complete, monkeypatch: pytest.MonkeyPatch) -> None:
    assert complete("show", "dbt.duckdb", "fct_") == ["fct_cafe_days", "fct_ferry_demand", "fct_orders"]
    assert complete("views", "dbt.duckdb", "flaky") == ["flaky_tests"]
    assert complete("runs", "dbt.duckdb", "--environment", "") == ["prod"]
    assert complete("lineage", "dbt.duckdb", "model.harbor_cafe.stg_o") == [
        "model.harbor_cafe.stg_order_lines",
        "model.harbor_cafe.stg_orders",
    ]
    with Warehouse("dbt.duckdb", read_only=True) as wh:
        ids = [run_id for (run_id,) in wh.runs().project("invocation_id").fetchall()]
    assert complete("run", "dbt.duckdb", "") == ids
    assert complete("compare", "dbt.duckdb", ids[0], ids[1][:4]) == [ids[1]]
    monkeypatch.setenv("ARTIFACT_WAREHOUSE", "dbt.duckdb")
    assert complete("diagnose", ids[0][:3]) == [ids[0]]
    assert complete("runs", "--job", "") == ["nightly"]


def test_nothing_is_completed_from_a_file_that_is_none(complete: Complete, tmp_path: Path) -> None:
    (tmp_path / "other.duckdb").write_text("no database")
    assert complete("show", str(tmp_path / "other.duckdb"), "") == []
    assert complete("show", str(tmp_path / "missing.duckdb"), "") == []


# Queries


def test_views_need_no_schema() -> None:
    assert run("query", "dbt.duckdb", "from seeds").output == run("query", "dbt.duckdb", "from v1.seeds").output
    tables = run("query", "dbt.duckdb", "show tables", "--format", "csv").stdout.split()
    assert {"seeds", "flaky_tests", "invocations"} <= {*tables}
    with Warehouse("dbt.duckdb", read_only=True) as wh:
        [(count,)] = wh.sql("select count(*) from duckdb_views() where schema_name = 'v1'").fetchall()
        assert len(tables) - 1 == count
    with Warehouse("dbt.duckdb") as wh:
        assert wh.sql("from seeds").fetchall() == wh.sql("from v1.seeds").fetchall()


def test_a_query_has_parameters_and_comes_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "query.sql"
    file.write_text("select name from models where name = $name and manifest_generated_at > $since")
    call = ("query", "dbt.duckdb", "-f", file, "-p", "name=fct_orders", "--format", "csv")
    assert run(*call, "-p", "since=2026-11-01").stdout == "name\nfct_orders\n"
    assert run(*call, "-p", "since=2030-01-01").stdout == "name\n"
    assert run("query", "dbt.duckdb", "select $x as x", "-p", "x=a=b", "--format", "csv").stdout == "x\na=b\n"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ((), "give SQL, or a file"),
        (("select 1", "-f", "query.sql"), "give SQL, or a file"),
        (("select 1", "-p", "name"), "is no parameter"),
        (("select $x",), "x"),
    ],
)
def test_a_query_without_its_parts_is_refused(arguments: tuple[str, ...], complaint: str) -> None:
    Path("query.sql").write_text("select 1")
    result = run("query", "dbt.duckdb", *arguments)
    assert result.exit_code == 2 and complaint in result.output


# The shell


def test_the_shell_has_the_views_of_a_copy(folder: Path) -> None:
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    done = subprocess.run(
        [*COMMAND, "sql", "dbt.duckdb", "--shell", "duckdb"],
        input=".mode csv\nselect name from seeds order by name;\ncreate table x (i int);\n",
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    assert done.stdout.split() == ["name", "cafes", "products"]
    assert "read-only" in done.stderr
    assert sorted(path.name for path in folder.glob("*.duckdb*")) == ["dbt.duckdb"]


def test_a_copy_has_what_was_loaded(tmp_path: Path) -> None:
    copy = Warehouse("dbt.duckdb", read_only=True).copy(tmp_path / "copy.duckdb")
    with Warehouse("dbt.duckdb", read_only=True) as one, Warehouse(copy, read_only=True) as other:
        assert one.view("artifacts").fetchall() == other.view("artifacts").fetchall()


def test_a_shell_that_is_missing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    result = run("sql", "dbt.duckdb")
    assert result.exit_code == 2 and "is not installed" in result.output
