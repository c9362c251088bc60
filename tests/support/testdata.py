"""Where the test data lies, and warehouses of it that many tests share."""

from __future__ import annotations

import pickle
import time
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
from oracle import Oracle

from artifact_warehouse import Warehouse

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "sample_artifacts" / "runs"
BESIDE = ROOT.parent / "shared"
"""Artifacts of public projects and of real runs, beside the checkout; tests of them skip where it is absent."""

SOME_PROJECTS = ("OpenLineage__OpenLineage", "brooklyn-data__dbt_artifacts", "DIY9__dbt", "dbt-labs__dbt-docs")
SOME_RUNS = ("2.0_extra", "extras_1.10")
"""Parts of the corpus and of the real runs that many tests load."""


def release_only(*cases: Any) -> list[Any]:
    """Parameters of a test that run before a release only; a tuple is one case of several parameters."""
    return [pytest.param(*(case if isinstance(case, tuple) else (case,)), marks=pytest.mark.release) for case in cases]


_PUBLIC = [pytest.param(name, marks=[pytest.mark.corpus, pytest.mark.release]) for name in ("corpus", "real_runs")]
of_samples_daily = pytest.mark.parametrize("loaded", ["samples", *_PUBLIC], indirect=True)
"""A test of the fixture `loaded` that reads public artifacts before a release only."""


def made_once(folder: Path, make: Callable[[Path], None]) -> Path:
    """A folder that the first process to ask for it fills; the others wait until it is done."""
    done, failed = folder.with_suffix(".done"), folder.with_suffix(".failed")
    try:
        folder.mkdir()
    except FileExistsError:
        deadline = time.monotonic() + 600
        while not done.exists():
            assert not failed.exists(), f"another process could not make {folder}"
            assert time.monotonic() < deadline, f"{folder} was begun by another process, and is not done"
            time.sleep(0.2)
        return folder
    try:
        make(folder)
    except BaseException:
        failed.touch()
        raise
    done.touch()
    return folder


class Loaded:
    """A warehouse of a folder, opened read-only, with the report of the load and the oracle's answers."""

    def __init__(self, folder: Path, home: Path) -> None:
        def load(home: Path) -> None:
            report = Warehouse(home / "wh.duckdb").load(folder, columns=True)
            (home / "report").write_bytes(pickle.dumps(report))

        made_once(home, load)
        self.folder = folder
        self.report = pickle.loads((home / "report").read_bytes())
        self.warehouse = Warehouse(home / "wh.duckdb", read_only=True)

    @cached_property
    def oracle(self) -> Oracle:
        return Oracle.read([self.folder])
