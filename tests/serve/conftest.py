"""A server of the samples, in this process, and the numbers of its environments and jobs."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from serving import CALLER, HERE, Numbers
from starlette.testclient import TestClient
from testdata import BESIDE, SAMPLES, Loaded

from artifact_warehouse import Warehouse
from artifact_warehouse.serve import app
from artifact_warehouse.serve.snapshots import Follower, Snapshot


@pytest.fixture(scope="session")
def served_file(shared_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of its own of the samples: a server copies it, and nobody else in this process holds it."""
    Loaded(SAMPLES, shared_folder / "samples_loaded").warehouse.close()
    path = tmp_path_factory.mktemp("served") / "wh.duckdb"
    shutil.copyfile(shared_folder / "samples_loaded" / "wh.duckdb", path)
    return path


@pytest.fixture(scope="session")
def snapshot(served_file: Path) -> Iterator[Snapshot]:
    follower = Follower(served_file, 1 << 30, every=3600)
    with follower.snapshot() as found:
        yield found
    follower.close()


@pytest.fixture(scope="session")
def client(served_file: Path) -> Iterator[TestClient]:
    with TestClient(app(served_file, every=3600), base_url=HERE, client=CALLER) as found:
        yield found


@pytest.fixture(scope="session")
def ask(client: TestClient) -> Callable[..., Any]:
    """Sends a document and gives the data; the answer has no errors."""

    def asked(query: str, **variables: Any) -> Any:
        answer = client.post("/graphql", json={"query": query, "variables": variables}).json()
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    return asked


@pytest.fixture(scope="session")
def numbers(ask: Callable[..., Any]) -> Numbers:
    found = ask("{ environments { id name } jobs { id name environmentId } }")
    [prod] = [row["id"] for row in found["environments"] if row["name"] == "prod"]
    jobs = {row["name"]: row["id"] for row in found["jobs"] if row["environmentId"] == prod}
    return Numbers(prod, jobs["nightly"], jobs["freshness"])


@pytest.fixture(scope="session")
def v1(served_file: Path) -> Iterator[Callable[..., list[dict[str, Any]]]]:
    """Asks the public views of the same rows, past the server: in another file, as it would hold the first."""
    path = served_file.with_name("asked.duckdb")
    shutil.copyfile(served_file, path)
    with Warehouse(path, read_only=True) as warehouse:
        yield lambda sql, *values: warehouse.sql(sql, list(values)).to_arrow_table().to_pylist()


@pytest.fixture(scope="session")
def discovery() -> Path:
    """Queries, schemas and answers of clients of dbt's API, beside the checkout."""
    folder = BESIDE / "discovery_api"
    if not folder.exists():
        pytest.skip("discovery_api is not beside the checkout")
    return folder
