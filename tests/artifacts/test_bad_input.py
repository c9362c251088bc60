"""Bad input gets a clear error or a quarantine row, and costs nothing that was already stored."""

from __future__ import annotations

import gzip
import io
import json
import os
import shutil
import tarfile
import zipfile
from pathlib import Path

import duckdb
import pytest
from commandline import run
from disturbed import assert_intact
from testdata import SAMPLES, release_only

from artifact_warehouse import Warehouse, errors
from artifact_warehouse.extract import reader
from artifact_warehouse.limits import Limits
from artifact_warehouse.storage import views

pytestmark = pytest.mark.slow

GOOD = SAMPLES / "environment=prod" / "job=nightly" / "2026-11-03_01_build" / "run_results.json"


@pytest.fixture
def wh(tmp_path: Path) -> Path:
    """A warehouse that holds one good artifact."""
    path = tmp_path / "wh.duckdb"
    Warehouse(path).load(GOOD)
    return path


def stored(path: Path) -> list[tuple]:
    """Everything that is loaded, to see that nothing of it changes."""
    with Warehouse(path, read_only=True) as opened:
        executions = "SELECT * FROM v1.node_executions ORDER BY ALL"
        ledger = "SELECT artifact_id, uri, loaded_at FROM v1.artifacts WHERE status = 'loaded' ORDER BY ALL"
        return opened.sql(executions).fetchall() + opened.sql(ledger).fetchall()


def nested(depth: int) -> bytes:
    return b'{"metadata": ' + b'{"a": [' * depth + b"]}" * depth + b"}"


BROKEN = {
    "empty": (b"", "empty"),
    "white space": (b" \n ", "empty"),
    "truncated": (GOOD.read_bytes()[:20_000], "cut off"),
    "conflict markers": (b"<<<<<<< HEAD\n" + GOOD.read_bytes() + b"\n=======\n{}\n>>>>>>> main\n", "conflict"),
    "not UTF-8": (GOOD.read_bytes().replace(b"1.7.20", b"1.7.\xff0"), "UTF-8"),
    "not JSON": (b"no JSON at all", "not JSON"),
    "a comma too many": (b'{"metadata": {},}', "not JSON"),
    "nested too deeply": (nested(100_000), "nested too deeply"),
    "nodes is a list": (
        b'{"metadata": {"dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v12.json"}, "nodes": [1]}',
        "'nodes'",
    ),
}


@pytest.mark.parametrize("content, reason", BROKEN.values(), ids=BROKEN)
def test_a_broken_artifact_is_quarantined_with_its_reason(
    wh: Path, tmp_path: Path, content: bytes, reason: str
) -> None:
    before = stored(wh)
    file = tmp_path / "target" / "run_results.json"
    file.parent.mkdir()
    file.write_bytes(content)

    result = run("load", wh, file.parent)

    assert result.exit_code == 1
    assert result.stdout == "loaded 0, unchanged 0, quarantined 1\n"
    assert reason in result.stderr and str(file) in result.stderr
    assert stored(wh) == before
    with Warehouse(wh, read_only=True) as opened:
        query = "SELECT uri, error FROM v1.artifacts WHERE status = 'quarantined'"
        [(uri, error)] = opened.sql(query).fetchall()
        assert (uri, reason in error) == (str(file), True)


def test_a_quarantined_file_is_loaded_once_it_is_whole(wh: Path, tmp_path: Path) -> None:
    other = GOOD.parents[1] / "2026-11-04_01_build" / "run_results.json"
    file = tmp_path / "run_results.json"
    file.write_bytes(other.read_bytes()[:-100])
    assert run("load", wh, file).exit_code == 1
    assert run("load", wh, file).exit_code == 1  # still broken, still said

    shutil.copy(other, file)

    assert run("load", wh, file).stdout == "loaded 1, unchanged 0, quarantined 0\n"
    with Warehouse(wh, read_only=True) as opened:
        assert opened.sql("SELECT DISTINCT status FROM v1.artifacts").fetchall() == [("loaded",)]
    assert_intact(wh)


def test_strict_stores_nothing_when_anything_is_broken(wh: Path, tmp_path: Path) -> None:
    before = stored(wh)
    shutil.copy(GOOD.parents[1] / "2026-11-04_01_build" / "run_results.json", tmp_path / "good.json")
    (tmp_path / "manifest.json").write_bytes(b"{")
    result = run("load", wh, tmp_path / "good.json", tmp_path / "manifest.json", "--strict")
    assert result.exit_code == 1
    assert "manifest.json" in result.stderr
    assert stored(wh) == before
    with pytest.raises(errors.QuarantinedArtifacts):
        Warehouse(wh).load(tmp_path / "manifest.json", strict=True)


LENIENT = {
    "a byte order mark": lambda data: b"\xef\xbb\xbf" + data,
    "UTF-16": lambda data: data.decode().encode("utf-16"),
    "NaN": lambda data: data.replace(b'"elapsed_time": ', b'"nothing": NaN, "elapsed_time": ', 1),
    "duplicate keys": lambda data: data.replace(b'"metadata": {', b'"args": {"which": "x"}, "metadata": {', 1),
    "a trailing newline": lambda data: data + b"\n",
    "pretty print": lambda data: json.dumps(json.loads(data), indent=2).encode(),
    "a lone surrogate": lambda data: data.replace(b'"args": {', b'"args": {"x": "\\ud800", ', 1),
}


def executions(file: Path) -> list[tuple]:
    with Warehouse(file.with_suffix(".duckdb")) as wh:
        assert len(wh.load(file, environment="e", job="j").loaded) == 1
        return wh.sql("SELECT * EXCLUDE (definition_id) FROM v1.node_executions ORDER BY ALL").fetchall()


@pytest.fixture(scope="module")
def good_executions(tmp_path_factory: pytest.TempPathFactory) -> list[tuple]:
    return executions(Path(shutil.copy(GOOD, tmp_path_factory.mktemp("good") / "run_results.json")))


@pytest.mark.parametrize("change", LENIENT.values(), ids=LENIENT)
def test_what_can_be_read_is_read(tmp_path: Path, good_executions: list[tuple], change) -> None:
    file = tmp_path / "run_results.json"
    file.write_bytes(change(GOOD.read_bytes()))
    assert executions(file) == good_executions


@pytest.mark.parametrize("megabytes", [10, *release_only(300)])
def test_a_text_of_many_megabytes_is_kept(tmp_path: Path, megabytes: int) -> None:
    artifact = json.loads(GOOD.read_bytes())
    artifact["results"][0]["message"] = "x" * megabytes * 1_000_000
    file = tmp_path / "run_results.json"
    file.write_text(json.dumps(artifact))
    with Warehouse(tmp_path / "wh.duckdb") as wh:
        assert len(wh.load(file).loaded) == 1
        assert wh.sql("SELECT max(length(message)) FROM v1.node_executions").fetchall() == [(megabytes * 1_000_000,)]


def test_the_kind_follows_from_the_content_not_from_the_name(tmp_path: Path) -> None:
    shutil.copy(GOOD, tmp_path / "manifest.json")
    with Warehouse(tmp_path / "wh.duckdb") as wh:
        [outcome] = wh.load(tmp_path / "manifest.json").loaded
        assert outcome.kind == "run_results"


def test_foreign_json_is_skipped(wh: Path, tmp_path: Path) -> None:
    folder = tmp_path / "target"
    folder.mkdir()
    (folder / "manifest.json").write_text('{"name": "a web application", "icons": []}')
    (folder / "graph_summary.json").write_text('{"with_metadata": {}}')
    (folder / "list.json").write_text("[1, 2]")
    (folder / "tsconfig.json").write_text("// a comment\n{}")
    result = run("load", wh, folder)
    assert result.exit_code == 0
    assert result.stdout == "loaded 0, unchanged 0, quarantined 0\n"
    assert "skipped 3 JSON files" in result.stderr  # graph_summary.json is a known file of dbt's


def test_a_missing_path_is_an_error_before_anything_is_loaded(tmp_path: Path) -> None:
    wh = tmp_path / "wh.duckdb"
    for path in (tmp_path / "nowhere", tmp_path / "*.json"):
        result = run("load", wh, GOOD, path)
        assert result.exit_code == 2
        assert str(path) in result.stderr
    assert not wh.exists()


def test_a_folder_without_artifacts_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    result = run("load", tmp_path / "wh.duckdb", tmp_path / "empty")
    assert result.exit_code == 2
    assert "no JSON files" in result.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_reported_and_the_rest_loads(tmp_path: Path) -> None:
    shutil.copy(GOOD, tmp_path / "run_results.json")
    (tmp_path / "manifest.json").write_text("{}")
    (tmp_path / "manifest.json").chmod(0)
    result = run("load", tmp_path / "wh.duckdb", tmp_path / "*.json")
    assert result.exit_code == 1
    assert "permission denied" in result.stderr
    assert result.stdout == "loaded 1, unchanged 0, quarantined 1\n"


def test_an_unreadable_file_is_reported_and_the_rest_loads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copy(GOOD, tmp_path / "run_results.json")
    (tmp_path / "manifest.json").write_text("{}")
    content = reader._content

    def refuse(path: str, limits: Limits) -> bytes:
        if path.endswith("manifest.json"):
            raise PermissionError(13, "Permission denied", path)
        return content(path, limits)

    monkeypatch.setattr(reader, "_content", refuse)
    result = run("load", tmp_path / "wh.duckdb", tmp_path / "*.json")
    assert result.exit_code == 1
    assert "manifest.json: cannot be read: permission denied" in result.stderr
    assert result.stdout == "loaded 1, unchanged 0, quarantined 1\n"


def test_a_folder_that_does_not_exist_for_the_warehouse(tmp_path: Path) -> None:
    result = run("load", tmp_path / "nowhere" / "wh.duckdb", GOOD)
    assert result.exit_code == 3
    assert "does not exist" in result.stderr


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a read-only file system")
def test_a_read_only_target_is_an_error() -> None:
    result = run("load", "/proc/self/wh.duckdb", GOOD)
    assert result.exit_code == 3
    assert "/proc/self/wh.duckdb" in result.stderr


@pytest.mark.parametrize("content", [b"no database", b"\x00" * 20_000, b"SQLite format 3\x00" + b"\x00" * 4096])
def test_a_file_that_is_no_warehouse_is_left_alone(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "notes.txt"
    file.write_bytes(content)
    for verb in (["load", file, GOOD], ["status", file], ["query", file, "select 1"], ["verify", file]):
        result = run(*verb)
        assert result.exit_code == 3, result.output
        assert str(file) in result.stderr
    assert file.read_bytes() == content


def test_a_database_that_is_no_warehouse_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "other.duckdb"
    with duckdb.connect(str(file)) as connection:
        connection.execute("CREATE TABLE mine AS SELECT 42 AS answer")
    result = run("load", file, GOOD)
    assert result.exit_code == 3
    assert "not a warehouse" in result.stderr
    with duckdb.connect(str(file)) as connection:
        assert connection.execute("SHOW TABLES").fetchall() == [("mine",)]


def test_broken_archives_and_compressed_files_are_quarantined(wh: Path, tmp_path: Path) -> None:
    before = stored(wh)
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "manifest.json.gz").write_bytes(gzip.compress(b"{}")[:-6])
    (folder / "manifest.json.zst").write_bytes(b"no zstandard")
    (folder / "runs.zip").write_bytes(b"PK no zip")
    (folder / "runs.tar.gz").write_bytes(gzip.compress(b"x" * 2000)[:-5])
    result = run("load", wh, folder)
    assert result.exit_code == 1
    assert result.stdout == "loaded 0, unchanged 0, quarantined 4\n"
    assert stored(wh) == before


def test_members_of_archives_that_point_outside_lead_nowhere(tmp_path: Path) -> None:
    (tmp_path / "secret.json").write_bytes(GOOD.read_bytes())
    archive = tmp_path / "evil.tar"
    with tarfile.open(archive, "w") as tar:
        link = tarfile.TarInfo("run_results.json")
        link.type, link.linkname = tarfile.SYMTYPE, "../secret.json"
        tar.addfile(link)
        member = tarfile.TarInfo("../../run_results.json")
        member.size = len(GOOD.read_bytes())
        tar.addfile(member, io.BytesIO(GOOD.read_bytes()))
    with zipfile.ZipFile(tmp_path / "evil.zip", "w") as zipped:
        zipped.writestr("../../../run_results.json", GOOD.read_bytes())
    with Warehouse(tmp_path / "wh.duckdb") as wh:
        report = wh.load([archive, tmp_path / "evil.zip"])
        assert (len(report.loaded), len(report.unchanged)) == (1, 1)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["evil.tar", "evil.zip", "secret.json", "wh.duckdb"]


def test_two_broken_files_of_one_content_are_two_quarantines(wh: Path, tmp_path: Path) -> None:
    files = [tmp_path / name / "manifest.json" for name in "ab"]
    for file in files:
        file.parent.mkdir()
        file.touch()
    result = run("load", wh, *files)
    assert result.stdout == "loaded 0, unchanged 0, quarantined 2\n"
    assert all(str(file) in result.stderr for file in files)


def test_a_file_that_gets_its_old_content_back_is_no_longer_quarantined(tmp_path: Path) -> None:
    file, path = tmp_path / "run_results.json", tmp_path / "wh.duckdb"
    for content in (GOOD.read_bytes(), GOOD.read_bytes()[:-10], GOOD.read_bytes()):
        file.write_bytes(content)
        run("load", path, file)
    with Warehouse(path, read_only=True) as opened:
        assert opened.sql("SELECT status FROM v1.artifacts").fetchall() == [("loaded",)]


def test_strict_reads_stdin_once(tmp_path: Path) -> None:
    result = run("load", tmp_path / "wh.duckdb", "-", "--strict", input=GOOD.read_bytes())
    assert result.stdout == "loaded 1, unchanged 0, quarantined 0\n"


def changed(change, name: str = "run_results.json") -> bytes:
    """The good artifact after a change of its JSON."""
    artifact = json.loads((GOOD.parent / name).read_bytes())
    change(artifact)
    return json.dumps(artifact).encode()


ODD = {
    "a year beyond nanoseconds": lambda a: a["results"][0]["timing"][0].update(started_at="9999-12-31T00:00:00Z"),
    "a time that is none": lambda a: a["results"][0]["timing"][0].update(started_at="yesterday"),
    "batches that are none": lambda a: a["results"][0].update(batch_results={"failed": 5, "successful": [1]}),
    "a text of failures": lambda a: a["results"][0].update(failures="Test failure"),
    "huge numbers": lambda a: a["results"][0].update(failures=10**40, execution_time=1e300),
    "no time at all": lambda a: a.update(elapsed_time=1e30),
    "a negative time": lambda a: a["results"][0].update(execution_time=-5.0),
    "nothing": lambda a: a.update(args=None, elapsed_time=None, results=None),
    "other types": lambda a: a["results"][0].update(message=7, status=1.5, timing=None, adapter_response=[]),
    "no ids": lambda a: [result.pop("unique_id") for result in a["results"][:3]],
    "a null result": lambda a: a["results"].append(None),
    "quotes": lambda a: a["results"][0].update(unique_id="model.x.'; DROP TABLE x; --", message='"\x00\x1b[31m'),
}


@pytest.mark.release
def test_odd_values_load_and_every_view_still_answers(wh: Path, tmp_path: Path) -> None:
    """Each as a run of its own, in an environment of its own."""
    for name, change in ODD.items():
        content = json.loads(changed(change))
        content["metadata"]["invocation_id"] = name
        file = tmp_path / f"environment={name}" / "run_results.json"
        file.parent.mkdir()
        file.write_text(json.dumps(content))
    assert run("load", wh, tmp_path).stdout == f"loaded {len(ODD)}, unchanged 0, quarantined 0\n"
    with Warehouse(wh, read_only=True) as opened:
        assert opened.verify() == []
        for view in views.public_views():
            if view.kind == "view":
                opened.view(view.name).fetchall()


def test_encrypted_and_cut_off_archives_are_quarantined(tmp_path: Path) -> None:
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w") as tar:
        for i in range(3):
            member = tarfile.TarInfo(f"{i}/run_results.json")
            data = GOOD.read_bytes() + b" " * i
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    size = 512 * 2 + (len(GOOD.read_bytes()) + 511) // 512 * 512
    (tmp_path / "cut.tar").write_bytes(whole.getvalue()[: size - 512])
    (tmp_path / "cut.tar.gz").write_bytes(gzip.compress(whole.getvalue()[: size - 512]))
    with zipfile.ZipFile(tmp_path / "plain.zip", "w") as zipped:
        zipped.writestr("run_results.json", GOOD.read_bytes())
    encrypted = bytearray((tmp_path / "plain.zip").read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        encrypted[encrypted.index(signature) + offset] |= 1
    (tmp_path / "plain.zip").write_bytes(encrypted)
    report = Warehouse(tmp_path / "wh.duckdb").load(
        [tmp_path / "cut.tar", tmp_path / "cut.tar.gz", tmp_path / "plain.zip"]
    )
    assert [o.uri.removeprefix(f"{tmp_path}{os.sep}") for o in report.quarantined] == [
        "cut.tar",
        "cut.tar.gz",
        "plain.zip!/run_results.json",
    ]
    assert "cut off" in (report.quarantined[0].reason or "")
