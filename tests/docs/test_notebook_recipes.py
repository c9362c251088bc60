"""The cells of docs/notebooks.md run, those of libraries that are installed. They are in the extra `notebooks`."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from testdata import ROOT

from artifact_warehouse import Warehouse

PAGE = (ROOT / "docs" / "notebooks.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^#+ (.*?)\n(.*?)(?=^#+ |\Z)", PAGE, re.MULTILINE | re.DOTALL))
CELL = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NEEDED = {"pandas, Polars, Arrow": "polars", "Ibis": "ibis", "JupySQL": "sql.magic", "marimo": "marimo"}
"""The library of each section that needs one."""


@pytest.fixture
def here(sample_warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    shutil.copy(sample_warehouse.path, tmp_path / "dbt.duckdb")
    monkeypatch.chdir(tmp_path)
    yield


def run(section: str) -> dict[str, Any]:
    """The names that are there after the first cell of the page and those of a section."""
    names: dict[str, Any] = {}
    first, *_ = CELL.findall(SECTIONS["Notebooks"])
    cells = [first, *CELL.findall(SECTIONS[section])]
    if "%sql" not in cells[-1]:
        for cell in cells:
            exec(cell, names)
        return names
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell.instance()
    for cell in cells:
        shell.run_cell(cell).raise_error()
    return dict(shell.user_ns)


@pytest.mark.parametrize("section", [section for section in SECTIONS if CELL.search(SECTIONS[section])])
def test_the_cells_of_a_section_run(section: str, here: None) -> None:
    if section in NEEDED:
        pytest.importorskip(NEEDED[section])
    names = run(section)
    assert "slowest" not in names or names["slowest"]["name"].tolist() == ["guest_history", "product_prices"]
    assert "seeds" not in names or [name for (name,) in names["seeds"].rows()] == ["cafes", "products"]
    names["wh"].close()
