"""Fixtures that many rooms share: places of test data, and warehouses made once a run."""

from __future__ import annotations

import os
import shutil
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pages import SCREENSHOTS
from testdata import BESIDE, SAMPLES, SOME_PROJECTS, SOME_RUNS, Loaded, made_once

from artifact_warehouse import Warehouse
from artifact_warehouse.storage import duckdb_config


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say where the pictures of the report's pages are."""
    if SCREENSHOTS.exists():
        pictures = list(SCREENSHOTS.rglob("*.png"))
        terminalreporter.write_line(f"{len(pictures)} pictures of the report's pages in {SCREENSHOTS}")


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all processes of a test run have in common."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "shared"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session", autouse=True)
def cache(shared_folder: Path) -> Iterator[None]:
    """A cache of the test run's own, for its processes and for those that they start."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(shared_folder / "cache"))
        yield


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    """One thread for each database of a worker: the workers share the cores, and threads that wait cost time."""
    with pytest.MonkeyPatch.context() as patch:
        if "PYTEST_XDIST_WORKER" in os.environ:
            patch.setitem(duckdb_config.CONFIG, "threads", 1)
        yield


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    with Warehouse(tmp_path / "warehouse.duckdb") as wh:
        yield wh


@pytest.fixture(scope="session")
def samples() -> Path:
    return SAMPLES


@pytest.fixture(scope="session")
def unpacked(shared_folder: Path) -> Callable[[str], Path]:
    """Unpacks an archive beside the checkout, once a test run; skips the test where there is none."""

    def unpack(name: str) -> Path:
        archive = BESIDE / name
        if not archive.exists():
            pytest.skip(f"{name} is not beside the checkout")

        def extract(folder: Path) -> None:
            with tarfile.open(archive) as tar:
                tar.extractall(folder, filter="data")

        return made_once(shared_folder / Path(name).name.split(".")[0], extract)

    return unpack


@pytest.fixture(scope="session")
def corpus(unpacked: Callable[[str], Path]) -> Path:
    return unpacked("corpus/corpus.tar.xz")


@pytest.fixture(scope="session")
def real_runs(unpacked: Callable[[str], Path]) -> Path:
    return unpacked("real_runs/runs.tar.xz")


@pytest.fixture(scope="session")
def projects(corpus: Path, real_runs: Path, shared_folder: Path) -> Path:
    """A part of the corpus and of the real runs: all kinds of artifacts, old and new, superseded and unnamed ones."""

    def link(folder: Path) -> None:
        for source, names in ((corpus, SOME_PROJECTS), (real_runs, SOME_RUNS)):
            for name in names:
                shutil.copytree(source / name, folder / name, copy_function=os.link)

    return made_once(shared_folder / "projects", link)


@pytest.fixture(
    scope="session",
    params=[
        "samples",
        pytest.param("projects", marks=pytest.mark.corpus),
        pytest.param("corpus", marks=[pytest.mark.corpus, pytest.mark.release]),
        pytest.param("real_runs", marks=[pytest.mark.corpus, pytest.mark.release]),
    ],
)
def loaded(request: pytest.FixtureRequest, shared_folder: Path) -> Iterator[Loaded]:
    """The samples, some projects, and for a release all of the corpus and of the real runs."""
    folder = request.getfixturevalue(request.param)
    found = Loaded(folder, shared_folder / f"{request.param}_loaded")
    yield found
    found.warehouse.close()


@pytest.fixture(scope="session")
def sample_warehouse(shared_folder: Path) -> Iterator[Warehouse]:
    """The samples, opened read-only."""
    found = Loaded(SAMPLES, shared_folder / "samples_loaded")
    yield found.warehouse
    found.warehouse.close()
