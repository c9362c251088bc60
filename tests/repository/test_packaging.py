"""What is built holds what it needs, and what it imports goes down only."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from importlib.metadata import version
from pathlib import Path

import pytest
from testdata import ROOT

import artifact_warehouse
from artifact_warehouse.storage import sql_files


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check", "--no-deps"]
    subprocess.run([*pip, "--wheel-dir", str(folder), str(ROOT)], check=True)
    [path] = folder.glob("*.whl")
    return path


@pytest.mark.release
def test_the_wheel_ships_every_sql_file_byte_for_byte(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        shipped = {
            name.removeprefix("artifact_warehouse/sql/"): archive.read(name)
            for name in archive.namelist()
            if name.startswith("artifact_warehouse/sql/") and name.endswith(".sql")
        }
    assert shipped == {str(p.relative_to(ROOT / "sql")): p.read_bytes() for p in (ROOT / "sql").rglob("*.sql")}


@pytest.mark.release
def test_an_installed_wheel_finds_its_sql(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    program = (
        "from artifact_warehouse.storage import sql_files; print(len(sql_files.sql_files()), sql_files.sql_root())"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True)
    count, root = done.stdout.split(" ", 1)
    assert int(count) == len(sql_files.sql_files())
    assert Path(root.strip()) == tmp_path / "artifact_warehouse" / "sql"


def test_the_version_is_that_of_the_package() -> None:
    assert artifact_warehouse.__version__ == version("artifact-warehouse")


@pytest.mark.release
def test_the_wheel_says_that_it_is_typed(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        assert "artifact_warehouse/py.typed" in archive.namelist()


def test_what_the_package_offers_is_there() -> None:
    assert dir(artifact_warehouse) == sorted(artifact_warehouse.__all__)
    assert {getattr(artifact_warehouse, name) for name in artifact_warehouse.__all__}
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        artifact_warehouse.nothing  # noqa: B018


def test_the_warehouse_needs_no_click_and_the_flatteners_no_database() -> None:
    program = "import sys; {}; print(sorted(set(sys.modules) & {{'duckdb', 'click', 'rich', 'sqlglot'}}))"
    for statement, loaded in (
        ("import artifact_warehouse.artifacts.flatteners, artifact_warehouse.extract.discover", "[]"),
        ("from artifact_warehouse import Warehouse", "['duckdb']"),
        ("import artifact_warehouse.cli", "['click']"),
    ):
        done = subprocess.run(
            [sys.executable, "-c", program.format(statement)], capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == loaded, statement
