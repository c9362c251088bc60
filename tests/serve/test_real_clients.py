"""Clients of dbt's API, unchanged but for the address, against a running server behind a proxy with TLS."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import venv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import tls
from serving import Numbers

pytestmark = pytest.mark.release

TOKEN = "s3cret-of-the-test"
CLIENTS_HOME = os.environ.get("CLIENTS_HOME")
"""A folder with a virtual environment of each client; without it they are installed."""


class Address(NamedTuple):
    """Where the server is: behind the proxy, and what a client needs to trust it."""

    host: str
    environment: dict[str, str]


@pytest.fixture(scope="module")
def address(served_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Address]:
    folder = tmp_path_factory.mktemp("tls")
    certificate, key = tls.certificate(folder)
    call = [sys.executable, "-m", "artifact_warehouse", "serve", served_file, "--port", "0", "--token-env", "TOKEN"]
    server = subprocess.Popen(call, env={**os.environ, "TOKEN": TOKEN}, stderr=subprocess.PIPE, text=True)
    assert server.stderr
    port = re.search(r"127\.0\.0\.1:(\d+)", server.stderr.readline())
    assert port
    try:
        with tls.proxy(int(port[1]), certificate, key) as secure:
            yield Address(f"{tls.HOST}:{secure}", {**os.environ, **tls.trusting(folder, certificate)})
    finally:
        server.terminate()
        server.wait(30)


@pytest.fixture
def witness(address: Address, tmp_path: Path) -> Callable[..., Any]:
    """Runs a script with a client's packages, and gives the JSON that it prints."""

    def run(name: str, requirements: list[str], script: str, *arguments: object) -> Any:
        home = Path(CLIENTS_HOME) / name if CLIENTS_HOME else tmp_path / name
        python = home / "bin" / "python"
        if not python.exists():
            venv.create(home, with_pip=True)
            install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *requirements]
            if subprocess.run(install, check=False, capture_output=True).returncode:
                pytest.skip(f"{name} cannot be installed")
        file = tmp_path / "witness.py"
        file.write_text(script)
        call = [python, file, address.host, TOKEN, *map(str, arguments)]
        done = subprocess.run(call, env=address.environment, check=False, capture_output=True, text=True, timeout=600)
        assert done.returncode == 0, done.stderr[-3000:]
        return json.loads(done.stdout.strip().splitlines()[-1])

    return run


DBTC = """
import json, sys
from dbtc import dbtCloudClient
host, token, environment, job, model = sys.argv[1:]
metadata = dbtCloudClient(service_token=token, host=host).metadata
found = metadata.query("query($id: BigInt!) { environment(id: $id) { applied { models(first: 500) { edges { node "
                       "{ uniqueId } } } } } }", {"id": int(environment)})
names = [name for name in dir(metadata) if not name.startswith("_")]
print(json.dumps({"models": found, "names": names}))
"""


def test_dbtc(witness, numbers: Numbers, v1) -> None:
    found = witness("dbtc", ["dbtc==0.11.7", "pyarrow<18"], DBTC, numbers.prod, numbers.nightly, "x")
    ids = {edge["node"]["uniqueId"] for edge in found["models"]["data"]["environment"]["applied"]["models"]["edges"]}
    assert ids == {row["unique_id"] for row in v1("FROM v1.models WHERE environment = 'prod' AND is_enabled")}


DBTERD = """
import json, sys
from dbterd.plugins.dbt_cloud.discovery import DbtCloudMetadata
host, token, environment = sys.argv[1:]
asked = DbtCloudMetadata(dbt_cloud_host_url=f"metadata.{host}", dbt_cloud_service_token=token,
                         dbt_cloud_environment_id=int(environment), algo="test_relationship")
pages = asked.query_erd_data(page_size=5)
found = {kind: sorted({edge["node"]["uniqueId"] for page in pages for edge in page.get(kind, {}).get("edges", [])})
         for kind in ("models", "sources", "tests", "exposures", "semanticModels")}
print(json.dumps({"found": found, "pages": len(pages)}))
"""


def test_dbterd(witness, numbers: Numbers, v1) -> None:
    found = witness("dbterd", ["dbterd"], DBTERD, numbers.prod)
    for kind, view in {"models": "models", "sources": "sources", "exposures": "exposures"}.items():
        rows = v1(f"FROM v1.{view} WHERE environment = 'prod' AND is_enabled")
        assert found["found"][kind] == sorted(row["unique_id"] for row in rows), kind
    assert found["pages"] > 2


DATAHUB = """
import json, sys
from datahub.ingestion.run.pipeline import Pipeline
host, token, job, output = sys.argv[1:]
pipeline = Pipeline.create({
    "source": {"type": "dbt-cloud", "config": {
        "metadata_endpoint": f"https://metadata.{host}/graphql", "token": token, "account_id": 1, "project_id": 1,
        "job_id": int(job), "target_platform": "duckdb", "write_semantics": "OVERRIDE"}},
    "sink": {"type": "file", "config": {"filename": output}},
})
pipeline.run()
report = pipeline.source.get_report()
events = json.load(open(output))
print(json.dumps({"failures": len(report.failures), "messages": [str(one)[:300] for one in report.failures],
                  "datasets": sorted({e["entityUrn"] for e in events if e.get("entityType") == "dataset"}),
                  "assertions": len({e["entityUrn"] for e in events if e.get("entityType") == "assertion"})}))
"""


def test_datahub(witness, numbers: Numbers, v1, tmp_path: Path) -> None:
    requirements = ["acryl-datahub[dbt-cloud]"]
    found = witness("datahub", requirements, DATAHUB, numbers.nightly, tmp_path / "events.json")
    assert found["failures"] == 0, found["messages"]
    urns = " ".join(found["datasets"])
    for row in v1("FROM v1.models WHERE environment = 'prod' AND is_enabled AND materialized <> 'ephemeral'"):
        assert f"{row['schema_name']}.{row['alias']}," in urns
    assert found["assertions"]


DBT_MCP = """
import asyncio, json, os, sys
from pathlib import Path
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client
host, token, environment, model = sys.argv[1:]
off = ("DBT_CLI", "SEMANTIC_LAYER", "ADMIN_API", "SQL", "DBT_CODEGEN", "LSP", "PRODUCT_DOCS", "MCP_SERVER_METADATA")
settings = {**os.environ, "DBT_HOST": host, "DISABLE_REMOTE": "true",
            "DBT_TOKEN": token, "DBT_PROD_ENV_ID": environment, "DO_NOT_TRACK": "1",
            **{f"DISABLE_{name}": "true" for name in off}}
calls = {
    "get_all_models": {}, "get_mart_models": {}, "get_all_sources": {}, "get_exposures": {}, "get_all_macros": {},
    "get_model_details": {"name": model}, "get_model_parents": {"name": model}, "get_model_children": {"name": model},
    "get_model_health": {"name": model}, "get_model_performance": {"name": model},
    "get_related_models": {"name": model},
    "get_lineage": {"unique_id": f"model.harbor_cafe.{model}"}, "get_source_details": {"name": "orders"},
    "get_exposure_details": {"name": "harbour_dashboard"}, "get_macro_details": {"name": "cents_to_euros"},
    "get_seed_details": {"name": "cafes"}, "get_test_details": {"name": "unique_stg_orders_order_id"},
    "get_semantic_model_details": {"name": "orders"}, "get_snapshot_details": {"name": "products_snapshot"},
    "get_node_details": {"resource_type": "model", "name": model},
}

async def main():
    server = StdioServerParameters(command=str(Path(sys.executable).with_name("dbt-mcp")), env=settings)
    async with stdio_client(server) as streams, ClientSession(*streams) as session:
        await session.initialize()
        names = [tool.name for tool in (await session.list_tools()).tools]
        found = {}
        for name, arguments in calls.items():
            if name in names:
                answer = await session.call_tool(name, arguments)
                found[name] = [answer.isError, " ".join(part.text for part in answer.content)]
        print(json.dumps({"names": names, "found": found}))

asyncio.run(main())
"""


@pytest.mark.skipif(sys.version_info < (3, 12) and not CLIENTS_HOME, reason="dbt-mcp needs Python 3.12")
def test_dbt_mcp(witness, numbers: Numbers, v1) -> None:
    found = witness("dbtmcp", ["dbt-mcp"], DBT_MCP, numbers.prod, "fct_cafe_days")
    wrong = {name: text[:500] for name, (is_error, text) in found["found"].items() if is_error}
    assert not wrong
    rows = v1("FROM v1.models WHERE environment = 'prod' AND is_enabled")
    assert all(row["unique_id"] in found["found"]["get_all_models"][1] for row in rows)
    assert len(found["found"]) >= 15
