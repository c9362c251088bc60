"""The oldest sqlglot that the package takes finds every edge that the newest finds; the other tests have the newest."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import sqlglot
from testdata import ROOT

CASES = ["test_column_lineage.py", "test_column_dialects.py", "test_column_corners.py"]
NEWER = "TABLE and alone"  # a statement that sqlglot reads from 30.30 on


@pytest.fixture(scope="module")
def oldest() -> str:
    """The version that pyproject.toml begins with."""
    found = re.search(r'"sqlglot>=([0-9.]+),', (ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert found
    return found[1]


@pytest.mark.release
def test_every_case_holds_with_the_oldest_sqlglot(oldest: str, tmp_path: Path) -> None:
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    subprocess.run([*pip, "--target", str(tmp_path), f"sqlglot=={oldest}"], check=True)
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}
    version = [sys.executable, "-c", "import sqlglot; print(sqlglot.__version__, sqlglot.__file__)"]
    said = subprocess.run(version, env=environment, capture_output=True, text=True, check=True).stdout
    assert said.startswith(oldest) and str(tmp_path) in said, said
    cases = [str(ROOT / "tests" / "lineage" / name) for name in CASES]
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:xdist",
        "-k",
        f"not ({NEWER})",
        *cases,
    ]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stdout[-3000:]


def test_the_newest_sqlglot_is_within_what_the_package_takes(oldest: str) -> None:
    assert [*map(int, oldest.split("."))] <= [*map(int, sqlglot.__version__.split(".")[:3])]
