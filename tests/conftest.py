"""Where the test data lies, and warehouses of it that many tests share."""

from __future__ import annotations

import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from oracle import Oracle

from artifact_warehouse import Warehouse

ROOT = Path(__file__).parents[1]
SAMPLES = ROOT / "sample_artifacts" / "runs"
BESIDE = ROOT.parent / "shared"
"""Artifacts of public projects and of real runs, beside the checkout; tests of them skip where it is absent."""


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    with Warehouse(tmp_path / "warehouse.duckdb") as wh:
        yield wh


@pytest.fixture(scope="session")
def samples() -> Path:
    return SAMPLES


@pytest.fixture(scope="session")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Unpacks an archive beside the checkout, once a session; skips the test where there is none."""
    done: dict[str, Path] = {}

    def unpack(name: str) -> Path:
        archive = BESIDE / name
        if not archive.exists():
            pytest.skip(f"{name} is not beside the checkout")
        if name not in done:
            done[name] = tmp_path_factory.mktemp(Path(name).name.split(".")[0])
            with tarfile.open(archive) as tar:
                tar.extractall(done[name], filter="data")
        return done[name]

    return unpack


@pytest.fixture(scope="session")
def corpus(unpacked: Callable[[str], Path]) -> Path:
    return unpacked("corpus/corpus.tar.xz")


@pytest.fixture(scope="session")
def real_runs(unpacked: Callable[[str], Path]) -> Path:
    return unpacked("real_runs/runs.tar.xz")


class Loaded:
    """A warehouse of a folder, opened read-only, with the oracle's answers and the report of the load."""

    def __init__(self, folder: Path, path: Path) -> None:
        self.folder = folder
        self.report = Warehouse(path).load(folder, columns=True)
        self.oracle = Oracle.read([folder])
        self.warehouse = Warehouse(path, read_only=True)


@pytest.fixture(
    scope="session",
    params=[
        "samples",
        pytest.param("corpus", marks=pytest.mark.corpus),
        pytest.param("real_runs", marks=pytest.mark.corpus),
    ],
)
def loaded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loaded]:
    """The samples, the corpus and the real runs, one after the other."""
    folder = request.getfixturevalue(request.param)
    found = Loaded(folder, tmp_path_factory.mktemp("loaded") / f"{request.param}.duckdb")
    yield found
    found.warehouse.close()


@pytest.fixture(scope="session")
def sample_warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """The samples, opened read-only."""
    path = tmp_path_factory.mktemp("samples") / "samples.duckdb"
    Warehouse(path).load(SAMPLES, columns=True)
    with Warehouse(path, read_only=True) as wh:
        yield wh
