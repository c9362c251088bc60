"""dbt Cloud through its Administrative API: what is fetched, how often, and what the runs become."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import random
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import dbt_cloud
import pytest
from commandline import COMMAND, run
from dbt_cloud import ACCOUNT, BEGIN, PROJECT, TOKEN, Account, Server, account
from testdata import release_only

from artifact_warehouse import Warehouse
from artifact_warehouse.cli import cli
from artifact_warehouse.errors import SourceRefused, SourceUnavailable
from artifact_warehouse.limits import Limits
from artifact_warehouse.sources import SOURCES, DbtCloud
from artifact_warehouse.sources.http import ATTEMPTS, Client

pytestmark = pytest.mark.slow

FATES = len(dbt_cloud.FATES)


@pytest.fixture(autouse=True)
def token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBT_CLOUD_TOKEN", TOKEN)


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(account(FATES)).running() as found:
        yield found


def source(server: Server, **choice: Any) -> DbtCloud:
    return DbtCloud(ACCOUNT, host=server.url, **choice)


def fetch(warehouse: object, server: Server, *options: object, **more: Any) -> Any:
    return run("fetch", warehouse, "dbt-cloud", "--account", ACCOUNT, "--host", server.url, *options, **more)


def expected(account: Account) -> list[tuple]:
    """The invocations: run, command, is_success, is_aborted, executed nodes."""
    rows: list[tuple] = []
    for run_id, fate in account.fates.items():
        if fate == "running":
            continue
        if fate == "clone_error":
            rows.append((str(run_id), "build", False, True, 0))
            continue
        rows.append((str(run_id), "build", fate != "failed_node", False, 2))
        if fate == "parse_error":
            rows.append((str(run_id), "test", False, True, 0))
        elif fate == "cancelled":
            rows.append((str(run_id), "test", None, False, 0))
        elif fate == "success":
            rows += [(str(run_id), "test", True, False, 2), (str(run_id), "generate", None, False, 0)]
    return sorted(rows, key=str)


def invocations(wh: Warehouse) -> list[tuple]:
    columns = "dbt_cloud_run_id, command, is_success, is_aborted, executed_count"
    return sorted(wh.sql(f"SELECT {columns} FROM v1.invocations").fetchall(), key=str)


def check_complete(wh: Warehouse, account: Account) -> None:
    """The warehouse has every artifact of every run that has ended, each once, and every invocation."""
    ended = {run_id for run_id, fate in account.fates.items() if fate != "running"}
    contents = {body for (run_id, *_), body in account.artifacts.items() if run_id in ended}
    ids = wh.sql("SELECT artifact_id FROM v1.artifacts WHERE kind <> 'run'").fetchall()
    assert sorted(ids) == sorted((hashlib.sha256(body).hexdigest(),) for body in contents)
    assert invocations(wh) == expected(account)
    [(told_count,)] = wh.sql("SELECT count(*) FROM v1.artifacts WHERE kind = 'run' AND status = 'loaded'").fetchall()
    assert told_count == len(expected(account))


def test_runs_fare_in_the_warehouse_as_they_did(warehouse: Warehouse, server: Server) -> None:
    server.account.add(1900, "running")
    warehouse.fetch(source(server))
    check_complete(warehouse, server.account)
    fates = Counter(server.account.fates.values())
    [(successes, failures)] = warehouse.sql(
        "SELECT count(*) FILTER (WHERE is_success), count(*) FILTER (WHERE NOT is_success) FROM v1.logical_runs"
    ).fetchall()
    # A cancelled run counts by what it executed before.
    assert successes == fates["success"] + fates["cancelled"]
    assert failures == fates["failed_node"] + fates["parse_error"] + fates["clone_error"]
    rates = "SELECT sum(run_count), sum(failure_count) FROM v1.run_success_rates"
    counted = [is_success for _, _, is_success, _, _ in expected(server.account) if is_success is not None]
    assert warehouse.sql(rates).fetchall() == [(len(counted), counted.count(False))]
    assert warehouse.verify() == []


def test_labels_ids_and_triggers_are_those_of_the_run(warehouse: Warehouse, server: Server) -> None:
    warehouse.fetch(source(server))
    columns = (
        "project_name, environment, job_name, dbt_cloud_account_id, dbt_cloud_project_id, dbt_cloud_environment_id, "
        "dbt_cloud_job_id, dbt_cloud_run_reason, dbt_cloud_run_reason_category, git_branch, dbt_cloud_project_name, "
        "dbt_cloud_environment_name, dbt_cloud_job_name"
    )
    names = ("shop", "Production", "Nightly", "4711", "17", "23", "5", "scheduled", "scheduled", "main")
    assert warehouse.sql(f"SELECT DISTINCT {columns} FROM v1.invocations").fetchall() == [
        (*names, "Harbour café", "Production", "Nightly")
    ]
    commits = warehouse.sql("SELECT DISTINCT dbt_cloud_run_id, git_sha FROM v1.invocations").fetchall()
    assert dict(commits) == {str(run_id): f"{run_id:040x}" for run_id in server.account.runs}
    [(log,)] = warehouse.sql(
        "SELECT extra -> 'step' ->> 'logs' FROM v1.invocations WHERE is_aborted AND command = 'test'"
    ).fetchall()
    assert log.endswith("it went wrong at the end")
    kept = warehouse.sql("SELECT string_agg(extra) FROM v1.invocations").fetchall()[0][0]
    assert "debug_logs" not in kept and "humanized" not in kept and "all is well" not in kept


def test_nothing_is_requested_again(warehouse: Warehouse, server: Server) -> None:
    warehouse.fetch(source(server))
    assert Counter(server.delivered).most_common(1)[0][1] == 1
    before = len(server.requests)
    report = warehouse.fetch(source(server))
    assert report.outcomes == ()
    assert [path.partition("?")[0] for path, _ in server.requests[before:]] == [f"/api/v2/accounts/{ACCOUNT}/runs/"]
    server.account.add(1900, "success")
    before = len(server.requests)
    warehouse.fetch(source(server))
    assert all("/runs/?" in path or "/runs/1900/" in path or "projects" in path for path, _ in server.requests[before:])
    check_complete(warehouse, server.account)


def test_a_run_that_was_running_is_fetched_when_it_has_ended(warehouse: Warehouse, server: Server) -> None:
    server.account.add(1900, "running")
    warehouse.fetch(source(server))
    del server.account.runs[1900], server.account.fates[1900]
    server.account.add(1900, "success")
    warehouse.fetch(source(server))
    check_complete(warehouse, server.account)


def test_choices_leave_out_runs(tmp_path: Path, server: Server) -> None:
    server.account.add(1900, "success", job=(6, "Hourly"))
    server.account.add(1901, "success", project_id=dbt_cloud.OTHER_PROJECT)
    late = BEGIN + timedelta(hours=FATES - 2, minutes=-30)
    for number, (option, runs) in enumerate(
        {
            ("--job", 6): {1900},
            ("--project", PROJECT): {*server.account.runs} - {1901},
            ("--since", f"{late:%Y-%m-%dT%H:%M}"): {1006, 1007, 1900, 1901},
        }.items()
    ):
        path = tmp_path / f"{number}.duckdb"
        assert fetch(path, server, *option).exit_code == 0
        with Warehouse(path) as wh:
            found = {int(run_id) for (run_id,) in wh.sql("SELECT dbt_cloud_run_id FROM v1.invocations").fetchall()}
        assert found == runs


def test_pages_are_read_to_the_end(warehouse: Warehouse) -> None:
    many = Account()
    for run_id in range(1, 251):
        many.add(run_id, "clone_error")
    with Server(many).running() as server:
        warehouse.fetch(source(server))
        assert sum("/runs/?" in path for path, _ in server.requests) == 3
    assert invocations(warehouse) == expected(many)


@pytest.mark.parametrize("way", ["429", "500", "503", "reset", "truncate"])
def test_passing_faults_lose_nothing(warehouse: Warehouse, server: Server, way: str) -> None:
    chance, faults = random.Random(way), Counter[str]()

    def fault(number: int, path: str) -> str | None:
        if chance.random() < 0.2 and faults[path] < 2:
            faults[path] += 1
            return way
        return None

    server.fault = fault
    if way in ("reset", "truncate"):  # without a Retry-After pauses grow; two faults are enough
        server.fault = lambda number, path: way if number in (1, 30) else None
    warehouse.fetch(source(server))
    check_complete(warehouse, server.account)
    assert server.most_at_once <= 4


@pytest.mark.parametrize(
    "header, least, most", [({}, 0.5, 1.0), ({"Retry-After": "7"}, 6.5, 7.0), ({"Retry-After": "yesterday"}, 0.5, 1.0)]
)
def test_pauses_are_those_that_the_server_asks_for(
    server: Server, header: dict[str, str], least: float, most: float
) -> None:
    server.headers, server.fault = header, lambda number, path: "429" if number == 1 else None
    pauses: list[float] = []
    client = Client("it", server.url, TOKEN, lambda seconds: bool(pauses.append(seconds)))
    assert client.json(f"/api/v2/accounts/{ACCOUNT}/runs/")["data"]
    assert len(pauses) == 1 and least - 0.5 < pauses[0] <= most


def test_pauses_grow_and_end(server: Server) -> None:
    server.headers, server.fault = {}, lambda number, path: "503"
    pauses: list[float] = []
    client = Client("it", server.url, TOKEN, lambda seconds: bool(pauses.append(seconds)))
    with pytest.raises(SourceUnavailable, match="6 attempts"):
        client.json("/api/v2/")
    assert len(server.requests) == ATTEMPTS and pauses == sorted(pauses) and pauses[-1] > 4
    server.headers = {"Retry-After": "86400"}
    with pytest.raises(SourceUnavailable, match="asks to wait 86,400 seconds"):
        Client("it", server.url, TOKEN).json("/api/v2/")


def test_an_expired_token_ends_the_fetch_and_keeps_what_came(tmp_path: Path, server: Server) -> None:
    path = tmp_path / "wh.duckdb"
    server.before = lambda number: setattr(server, "token", TOKEN if number < 60 else "another")
    result = fetch(path, server)
    assert result.exit_code == 2 and "401" in result.stderr and "Invalid token" in result.stderr
    with Warehouse(path) as wh:
        known = {uri.removeprefix(server.url) for (uri,) in wh.sql("FROM stored.artifact_uris SELECT uri").fetchall()}
    assert 10 < len(known) < len(server.account.artifacts)
    server.before = lambda number: setattr(server, "token", TOKEN)
    before = len(server.requests)
    assert fetch(path, server).exit_code == 0
    assert not known & {request for request, _ in server.requests[before:]}
    with Warehouse(path) as wh:
        check_complete(wh, server.account)


def test_a_server_that_is_away_is_tried_again_later(tmp_path: Path, server: Server) -> None:
    server.fault = lambda number, path: "503"
    result = fetch(tmp_path / "wh.duckdb", server)
    assert result.exit_code == 75 and "fetch again" in result.stderr


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["--account", 1], "there is no account 1"),
        (["--host", "http://cloud.getdbt.com"], "would send the token unencrypted"),
        (["--host", "https://me@cloud.getdbt.com"], "is no host"),
        (["--since", "soon"], "soon"),
    ],
)
def test_wrong_arguments_are_named(tmp_path: Path, server: Server, arguments: list[object], message: str) -> None:
    result = fetch(tmp_path / "wh.duckdb", server, *arguments)
    assert result.exit_code == 2 and message in result.stderr


def test_a_token_is_needed(tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DBT_CLOUD_TOKEN")
    result = fetch(tmp_path / "wh.duckdb", server)
    assert result.exit_code == 2 and "DBT_CLOUD_TOKEN" in result.stderr and not server.requests


def test_the_token_is_nowhere(tmp_path: Path, server: Server) -> None:
    """Not in the warehouse, where artifacts and logs have it, and not in messages of a server that repeats it."""
    path, account = tmp_path / "wh.duckdb", server.account
    key = (1000, 4, "run_results.json")
    account.artifacts[key] = account.artifacts[key].replace(b'"build"', f'"build", "note": "{TOKEN}"'.encode())
    account.runs[1003]["run_steps"][-1]["logs"] = f"curl -H 'Authorization: Token {TOKEN}'"
    outputs = [fetch(path, server, "-v", "--log-format", "json")]
    for number, way in enumerate(["403", "418", "503"]):
        server.fault = lambda number, path, way=way: way
        outputs.append(fetch(tmp_path / f"{number}.duckdb", server, "--log-format", "json"))
        outputs.append(fetch(tmp_path / f"{number}.duckdb", server))
    assert outputs[0].exit_code == 0 and not any(output.exit_code == 0 for output in outputs[1:])
    for output in outputs:
        assert TOKEN not in output.stdout + output.stderr + repr(output.exception)
    assert TOKEN not in repr(source(server))
    for file in tmp_path.iterdir():
        assert TOKEN.encode() not in file.read_bytes()
    with Warehouse(path) as wh:
        assert wh.sql("SELECT count(*) FROM v1.artifacts WHERE redaction_count > 0").fetchall() == [(2,)]
        for (table,) in wh.sql("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'stored'").fetchall():
            assert TOKEN not in str(wh.sql(f"FROM stored.{table}").fetchall())


def test_another_server_does_not_see_the_token(warehouse: Warehouse, server: Server) -> None:
    with Server(server.account).running() as store:
        store.token = "None"
        store.fault = lambda number, path: None
        server.fault = lambda number, path: store.url if "/artifacts/run_results" in path else None
        with pytest.raises(SourceRefused, match="401"):  # the store asks for a token, which it does not get
            warehouse.fetch(source(server))
        assert store.authorizations == {None}


def test_an_artifact_beyond_the_limits_is_named(warehouse: Warehouse, server: Server) -> None:
    largest = max(map(len, server.account.artifacts.values()))
    server.account.artifacts[1000, 4, "run_results.json"] += b" " * largest
    report = warehouse.fetch(source(server), limits=Limits(artifact_bytes=largest))
    [refused] = report.quarantined
    assert "/runs/1000/artifacts/run_results.json?step=4" in refused.uri
    # The step is known by its manifest, and counts by the word of dbt Cloud.
    [row] = [row for row in invocations(warehouse) if row[:2] == ("1000", "build")]
    assert row == ("1000", "build", True, False, 0)


def test_artifacts_that_are_gone_leave_the_word_of_dbt_cloud(warehouse: Warehouse, server: Server) -> None:
    server.account.artifacts.clear()
    warehouse.fetch(source(server))
    succeeded = {"success": 2, "parse_error": 1, "cancelled": 1}
    fates = Counter(server.account.fates.values())
    [(successes, failures)] = warehouse.sql(
        "SELECT sum(success_count), sum(failure_count) FROM v1.run_success_rates"
    ).fetchall()
    assert successes == sum(count * succeeded.get(fate, 0) for fate, count in fates.items())
    assert failures == fates["failed_node"] + fates["parse_error"] + fates["clone_error"]
    [(logical,)] = warehouse.sql("SELECT count(*) FROM v1.logical_runs WHERE is_success").fetchall()
    assert logical == fates["success"] + fates["cancelled"]


@pytest.mark.release
def test_the_order_of_loading_does_not_matter(tmp_path: Path, server: Server) -> None:
    """The artifacts of a fetch as files, loaded in several orders: the same rows."""
    inputs = [*itertools.chain.from_iterable(source(server).runs({}, Limits(), lambda done, total: None))]
    files = []
    for number, item in enumerate(inputs):
        files.append(tmp_path / f"{number}.json")
        files[-1].write_bytes(item.data)
    rows = []
    for seed in range(2):
        random.Random(seed).shuffle(files)
        with Warehouse(tmp_path / f"{seed}.duckdb") as wh:
            wh.load(files[:10])
            wh.load(files[10:])
            rows.append(wh.sql("FROM v1.invocations ORDER BY invocation_id, command").fetchall())
            assert wh.verify() == []
    assert rows[0] == rows[1]
    assert len(rows[0]) == len(expected(server.account))


def test_pruned_runs_are_not_fetched_again(tmp_path: Path, server: Server) -> None:
    with Warehouse(tmp_path / "wh.duckdb") as wh:
        wh.fetch(source(server))
        rates = "SELECT command, sum(run_count), sum(success_count) FROM v1.run_success_rates GROUP BY ALL ORDER BY ALL"
        before = wh.sql(rates).fetchall()
        wh.prune(BEGIN + timedelta(days=9), keep_daily_rates=True, dry_run=False)
        assert wh.sql(rates).fetchall() == before
        assert wh.sql("FROM v1.invocations").fetchall() == []
        assert wh.fetch(source(server)).outcomes == ()
        assert wh.sql(rates).fetchall() == before


def test_every_source_is_a_command() -> None:
    group = cli.commands["fetch"]
    assert isinstance(group, __import__("click").Group)
    assert group.list_commands(None) == [*SOURCES]


def killed(path: Path, server: Server, at_request: int) -> bool:
    """Fetch in a process that is killed at a request. Returns whether it was."""
    command = [*COMMAND, "fetch", str(path), "dbt-cloud", "--account", str(ACCOUNT), "--host", server.url]
    first = len(server.requests)
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ}) as process:
        ready = threading.Event()

        def before(number: int) -> None:
            if number - first >= at_request:
                process.kill()
                ready.set()

        server.before = before
        process.wait()
        server.before = lambda number: None
        return ready.is_set()


def known_uris(path: Path, server: Server) -> set[str]:
    if not path.exists():
        return set()
    with Warehouse(path, wait=10) as wh:
        return {uri.removeprefix(server.url) for (uri,) in wh.sql("SELECT uri FROM stored.artifact_uris").fetchall()}


@pytest.mark.release
@pytest.mark.parametrize("run_count, kill_count", [(40, 2), *release_only((500, 20))])
def test_a_killed_fetch_goes_on_where_it_was(tmp_path: Path, run_count: int, kill_count: int) -> None:
    path, chance = tmp_path / "wh.duckdb", random.Random(run_count)
    most = run_count * 19 // kill_count
    with Server(account(run_count)).running() as server:
        for _ in range(kill_count):
            known, first = known_uris(path, server), len(server.requests)
            assert killed(path, server, chance.randrange(1, most))
            assert not known & {request for request, _ in server.requests[first:]}
        known, first = known_uris(path, server), len(server.requests)
        with Warehouse(path) as wh:
            wh.fetch(source(server))
            assert not known & {request for request, _ in server.requests[first:]}
            check_complete(wh, server.account)
            assert wh.verify() == []
    assert TOKEN.encode() not in path.read_bytes()


WITNESS = """
import json, os, sys
import requests
from urllib.parse import urlsplit
from dbtc import dbtCloudClient

server, account = sys.argv[1], int(sys.argv[2])
send = requests.Session.request
requests.Session.request = lambda self, method, url, **more: send(
    self, method, server + urlsplit(url)._replace(scheme="", netloc="").geturl(), **more
)
cloud = dbtCloudClient(service_token=os.environ["DBT_CLOUD_TOKEN"], host="cloud.getdbt.com").cloud
runs, offset = [], 0
while page := cloud.list_runs(account, include_related=["job", "environment"], limit=100, offset=offset)["data"]:
    runs += page
    offset += len(page)
found = []
for run in runs:
    detail = cloud.get_run(account, run["id"], include_related=["run_steps", "trigger"])["data"]
    for step in detail["run_steps"]:
        for name in ("run_results.json", "manifest.json", "catalog.json"):
            document = cloud.get_run_artifact(account, run["id"], name, step=step["index"])
            if "metadata" in document:
                found.append([run["id"], step["index"], name, document["metadata"]["invocation_id"]])
project = cloud.get_project(account, runs[0]["project_id"])["data"]["name"]
print(json.dumps({"runs": [[r["id"], r["job"]["name"], r["environment"]["name"]] for r in runs], "found": found,
                  "project": project}))
"""


@pytest.mark.release
def test_another_client_reads_the_same_from_the_server(tmp_path: Path, warehouse: Warehouse, server: Server) -> None:
    """dbtc, which many use against dbt Cloud itself, finds in our server what the warehouse has of it."""
    venv = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", venv], check=True)
    install = [venv / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check", "dbtc==0.11.7", "pyarrow<18"]
    if subprocess.run(install, check=False, capture_output=True).returncode:
        pytest.skip("dbtc cannot be installed")
    script = tmp_path / "witness.py"
    script.write_text(WITNESS)
    call = [venv / "bin" / "python", script, server.url, str(ACCOUNT)]
    answer = subprocess.run(call, check=False, capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr
    said = json.loads(answer.stdout)
    warehouse.fetch(source(server))
    columns = "CAST(dbt_cloud_run_id AS BIGINT), job_name, environment, dbt_cloud_project_name"
    rows = warehouse.sql(f"SELECT DISTINCT {columns} FROM v1.invocations").fetchall()
    assert sorted(map(tuple, said["runs"])) == sorted(row[:3] for row in rows)
    assert {said["project"]} == {row[3] for row in rows}
    stored = warehouse.sql(
        "SELECT uris.uri, artifacts.invocation_id FROM stored.artifact_uris AS uris "
        "JOIN stored.artifacts AS artifacts USING (artifact_key) WHERE artifacts.kind <> 'run'"
    ).fetchall()
    root = f"{server.url}/api/v2/accounts/{ACCOUNT}/runs"
    found = [(f"{root}/{run_id}/artifacts/{name}?step={step}", own) for run_id, step, name, own in said["found"]]
    assert sorted(found) == sorted(stored)
