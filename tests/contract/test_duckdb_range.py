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
from artifact_warehouse.storage.duckdb_config import loses_matches

OLDEST = "1.4.5"
OTHERS = ("1.4.5", "1.5.6")
VIEWS = [file.full_name for file in sql_files.sql_files() if file.schema == "v1" and file.kind == "view"]
MACROS = [
    "v1.ancestors_of('model.harbor_cafe.fct_orders')",
    "v1.descendants_of('source.harbor_cafe.pos.orders')",
    "v1.ancestors_of('model.harbor_cafe.fct_orders', across := true)",
    "v1.column_ancestors_of('model.harbor_cafe.fct_orders', 'order_id')",
    "v1.column_descendants_of('model.harbor_cafe.stg_orders', 'order_id')",
    "v1.column_descendants_of('model.harbor_cafe.stg_orders', 'order_id', across := true)",
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

EMPTY = """
import json, sys, duckdb
from pathlib import Path
from artifact_warehouse.storage import empty_file

folder = Path(sys.argv[1])
files = {name: folder / f"{name}.duckdb" for name in ("first", "copied", "deployed")}
empty_file.write(files["first"])  # fills the cache
empty_file.write(files["copied"])
empty_file.make(files["deployed"])
catalogs = {}
for name, file in files.items():
    with duckdb.connect(str(file), read_only=True) as connection:
        for about in ("schemas", "tables", "columns", "constraints", "indexes", "views", "functions"):
            found = connection.sql(f"FROM duckdb_{about}() WHERE database_name = current_database()")
            names = [column for column in found.columns if not column.endswith("oid") and column != "database_name"]
            catalogs.setdefault(name, {})[about] = sorted(map(repr, found.project(", ".join(names)).fetchall()))
        catalogs[name]["meta"] = sorted(map(repr, connection.execute("FROM stored.meta").fetchall()))
[cached] = Path(empty_file._cache()[0]).glob("*.duckdb")
is_copy = files["copied"].read_bytes() == cached.read_bytes()
print(json.dumps({"version": duckdb.__version__, "is_copy": is_copy, "catalogs": catalogs}))
"""


def with_duckdb(version: str, folder: Path) -> dict[str, str]:
    """An environment in which Python finds a release of DuckDB, which is installed into the folder."""
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    subprocess.run([*pip, "--target", str(folder), f"duckdb=={version}"], check=True)
    return {**os.environ, "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"}


@pytest.fixture(scope="module")
def oldest(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment in which Python finds the oldest supported DuckDB."""
    return with_duckdb(OLDEST, tmp_path_factory.mktemp("duckdb"))


@pytest.mark.release
@pytest.mark.parametrize("version", [duckdb.__version__, *OTHERS])
def test_a_copied_empty_warehouse_is_equal_to_a_deployed_one(version: str, tmp_path: Path) -> None:
    environment = dict(os.environ) if version == duckdb.__version__ else with_duckdb(version, tmp_path / "duckdb")
    environment["XDG_CACHE_HOME"] = str(tmp_path / "cache")
    command = [sys.executable, "-c", EMPTY, str(tmp_path)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout.splitlines()[-1])  # 1.4 prints a progress bar to stdout after two seconds
    assert (found["version"], found["is_copy"]) == (version, True)
    catalogs = found["catalogs"]
    assert catalogs["copied"] == catalogs["deployed"] == catalogs["first"]
    assert len(catalogs["copied"]["views"]) == len([file for file in sql_files.sql_files() if file.kind == "view"])


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


@pytest.mark.release
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
    """In DuckDB 2.0 a LEFT JOIN can lose its matches in some plans: the views must not run into one."""
    with duckdb.connect(str(newest_file), read_only=True) as connection:
        optimized = {name: connection.execute(f"FROM {name} ORDER BY ALL").fetchall() for name in VIEWS}
        connection.execute("PRAGMA disable_optimizer")
        plain = {name: connection.execute(f"FROM {name} ORDER BY ALL").fetchall() for name in VIEWS}
    assert optimized == plain


SHARED_PART = """
CREATE TABLE definitions AS
SELECT 'd' || i AS definition, 'n' || i AS node, CASE WHEN i % 3 = 0 THEN 'model' ELSE 'test' END AS kind
FROM range(10) AS t (i);
CREATE TABLE renderings AS SELECT 'r' || i AS rendering, 'd' || i AS definition FROM range(10) AS t (i) WHERE i % 5 > 0;
CREATE TABLE members AS
SELECT 'graph' || j AS set_id, definition AS member FROM definitions, range(8) AS t (j)
UNION ALL SELECT 'rendered' || j, rendering FROM renderings, range(8) AS t (j);
CREATE TABLE manifests AS
SELECT 'e' || i AS environment, 'graph' || i AS graph, 'rendered' || i AS rendered FROM range(2) AS t (i);
CREATE TABLE runs AS
SELECT 'e' || i % 2 AS environment, node, kind FROM definitions, range(10) AS t (i) WHERE node = 'n' || i;
CREATE VIEW nodes AS
WITH rendered AS (
    SELECT members.set_id, renderings.definition
    FROM members INNER JOIN renderings ON renderings.rendering = members.member
)
SELECT manifests.environment, definitions.node, definitions.definition, definitions.kind
FROM manifests
INNER JOIN members ON members.set_id = manifests.graph
INNER JOIN definitions ON definitions.definition = members.member
LEFT JOIN rendered ON rendered.set_id = manifests.rendered AND rendered.definition = definitions.definition;
"""
TWICE = """
SELECT runs.node, again.definition
FROM runs
LEFT JOIN nodes ON nodes.environment = runs.environment AND nodes.node = runs.node
LEFT JOIN nodes AS again ON again.environment = runs.environment AND again.node = runs.node
WHERE coalesce(nodes.kind, runs.kind) IN ('test', 'unit_test')
ORDER BY ALL
"""
TESTS = [(f"n{number}", f"d{number}") for number in range(10) if number % 3]


def test_a_left_join_of_views_that_share_a_part_keeps_its_matches(warehouse: Warehouse) -> None:
    """How an early v1.test_failure_rates read the nodes twice: DuckDB 2.0.0 and 2.0.1 lose one match of six."""
    warehouse.load(SAMPLES)
    disabled = "SELECT value FROM duckdb_settings() WHERE name = 'disabled_optimizers'"
    setting = warehouse.sql(disabled).fetchall()
    assert setting == [("common_subplan" if loses_matches(duckdb.__version__) else "",)]
    with duckdb.connect() as memory:
        memory.execute(SHARED_PART)
        if not loses_matches(duckdb.__version__):
            assert memory.execute(TWICE).fetchall() == TESTS
        memory.execute(f"SET disabled_optimizers = '{setting[0][0]}'")
        assert memory.execute(TWICE).fetchall() == TESTS


@pytest.mark.parametrize(
    "version, is_affected",
    [
        ("1.4.5", False),
        ("1.5.5", False),
        ("2.0.0.dev2610192346", True),
        ("2.0.0", True),
        ("2.0.1", True),
        ("2.1.0", True),
    ],
)
def test_every_release_from_2_0_on_is_taken_to_lose_matches(version: str, is_affected: bool) -> None:
    assert loses_matches(version) == is_affected
