"""The notebooks of docs/notebooks/ run, and show what is stored in them."""

from __future__ import annotations

import runpy
from typing import Any

import pytest
from testdata import ROOT, release_only

pytestmark = pytest.mark.slow

nbformat = pytest.importorskip("nbformat", reason="nbclient is not installed; it is in the extra `test`")
NOTEBOOKS = ROOT / "docs" / "notebooks"


def pictures(notebook: Any) -> list[tuple[str, Any]]:
    """The pictures, and the text of what has one. Tables are DuckDB's, and differ by its version."""
    shown = [output.data for cell in notebook.cells for output in cell.get("outputs", ()) if "data" in output]
    return [(data["text/plain"], data["image/svg+xml"]) for data in shown if "image/svg+xml" in data]


@pytest.mark.release
@pytest.mark.parametrize("name", ["failed_run", *release_only("tour")])
def test_a_notebook_runs_and_shows_what_is_stored_in_it(name: str) -> None:
    path = NOTEBOOKS / f"{name}.ipynb"
    executed = runpy.run_path(str(ROOT / "scripts" / "write_notebooks.py"))["executed"]
    found, stored = pictures(executed(path)), pictures(nbformat.read(path, as_version=4))
    assert len(stored) >= 3
    assert found == stored, "`make notebooks` runs them again"


def test_every_notebook_is_executed() -> None:
    assert sorted(path.stem for path in NOTEBOOKS.iterdir()) == ["failed_run", "tour"]
