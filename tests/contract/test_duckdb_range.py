"""A finished file answers in a stock DuckDB: the oldest supported client, the newest, and the shell."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from testdata import ROOT, SAMPLES

from artifact_warehouse import Warehouse
from artifact_warehouse.storage import sql_files

OLDEST = "1.4.5"
VIEWS = [file.full_name for file in sql_files.sql_files() if file.schema == "v1" and file.kind == "view"]
MACROS = [
    "v1.ancestors_of('model.harbor_cafe.fct_orders')",
    "v1.descendants_of('source.harbor_cafe.pos.orders')",
    "v1.column_ancestors_of('model.harbor_cafe.fct_orders', 'order_id')",
    "v1.column_descendants_of('model.harbor_cafe.stg_orders', 'order_id')",
    "v1.simulate_run((SELECT max(invocation_id) FROM v1.invocations WHERE command = 'build'), 2)",
]

READ = """
import json, sys, duckdb
def plain(value):  # DuckDB 1.4 and 2.0 interpolate quantiles with another last digit
    return f"{value:.12g}" if isinstance(value, float) else repr(value)
with duckdb.connect(sys.argv[1], read_only=True) as connection:
    connection.execute("SET enable_progress_bar = false")  # 1.4 prints one to stdout after two seconds
    rows = {
        name: sorted([*map(plain, row)] for row in connection.execute(f"FROM {name}").fetchall())
        for name in sys.argv[2:]
    }
print(json.dumps({"version": duckdb.__version__, "rows": rows}))
"""
LOAD = "import sys; from artifact_warehouse import Warehouse; Warehouse(sys.argv[1]).load(sys.argv[2], columns=True)"


@pytest.fixture(scope="module")
def oldest(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment in which Python finds the oldest supported DuckDB."""
    folder = tmp_path_factory.mktemp("duckdb")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    subprocess.run([*pip, "--target", str(folder), f"duckdb=={OLDEST}"], check=True)
    return {**os.environ, "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"}


@pytest.fixture(scope="module")
def newest_file(sample_warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copy(sample_warehouse.path, tmp_path_factory.mktemp("newest") / "dbt.duckdb"))


def answers(path: Path, environment: dict[str, str] | None = None) -> dict:
    command = [sys.executable, "-c", READ, str(path), *VIEWS, *MACROS]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


@pytest.mark.release
def test_the_oldest_client_answers_every_view_of_a_file_of_the_newest(
    newest_file: Path, oldest: dict[str, str]
) -> None:
    old, new = answers(newest_file, oldest), answers(newest_file)
    assert (old["version"], new["version"]) == (OLDEST, duckdb.__version__)
    assert old["rows"] == new["rows"]
    assert all(old["rows"][name] for name in MACROS)


@pytest.mark.release
def test_the_package_runs_on_the_oldest_and_the_newest_reads_its_file(
    newest_file: Path, oldest: dict[str, str], tmp_path: Path
) -> None:
    path = tmp_path / "dbt.duckdb"
    subprocess.run([sys.executable, "-c", LOAD, str(path), str(SAMPLES)], env=oldest, check=True)
    by_old, by_new = answers(path)["rows"], answers(newest_file)["rows"]
    del by_old["v1.artifacts"], by_new["v1.artifacts"]  # has loaded_at
    assert by_old == by_new
    with Warehouse(path, read_only=True) as wh:
        assert wh.verify() == []


def test_the_stock_shell_answers_every_view(newest_file: Path, tmp_path: Path) -> None:
    shell = shutil.which("duckdb", path=str(Path(sys.executable).parent)) or shutil.which("duckdb")
    assert shell, "duckdb-cli is not installed"
    names = (*VIEWS, *MACROS)
    program = "".join(f"COPY (FROM {name}) TO '{tmp_path / str(n)}' (HEADER);\n" for n, name in enumerate(names))
    subprocess.run([shell, "-readonly", "-bail", str(newest_file)], input=program, text=True, check=True)
    with Warehouse(newest_file, read_only=True) as wh:
        for number, name in enumerate(names):
            with (tmp_path / str(number)).open(newline="") as file:
                header, *rows = csv.reader(file)
            relation = wh.sql(f"FROM {name}")
            assert header == relation.columns
            assert len(rows) == len(relation.fetchall()), name


@pytest.mark.release
def test_every_view_answers_as_it_does_without_an_optimizer(newest_file: Path) -> None:
    """In DuckDB 2.0.0 a LEFT JOIN can lose its matches in some plans: the views must not run into one."""
    with duckdb.connect(str(newest_file), read_only=True) as connection:
        optimized = {name: connection.execute(f"FROM {name} ORDER BY ALL").fetchall() for name in VIEWS}
        connection.execute("PRAGMA disable_optimizer")
        plain = {name: connection.execute(f"FROM {name} ORDER BY ALL").fetchall() for name in VIEWS}
    assert optimized == plain
