"""A load in several processes stores what a load in one does."""

from __future__ import annotations

import io
import json
import shutil
import signal
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from disturbed import assert_intact, contents
from testdata import SAMPLES, release_only

from artifact_warehouse import Warehouse, errors
from artifact_warehouse.limits import Limits
from artifact_warehouse.load import LoadSettings, worker_pool

pytestmark = pytest.mark.slow

MANY_PARTS = LoadSettings(min_parts=1, part_bytes=1, max_workers=2)
"""Any load is worth two processes, and every file is a part of its own."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The samples, twice, so that the processes meet the same artifacts; with a broken file, twice as well."""
    for name in ("one", "two"):
        shutil.copytree(SAMPLES, tmp_path / "artifacts" / name)
        (tmp_path / "artifacts" / name / "manifest.json").write_bytes(b'{"metadata": {')
    return tmp_path / "artifacts"


def test_several_processes_store_what_one_does(tmp_path: Path, folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    alone = Warehouse(tmp_path / "alone.duckdb").load(folder)
    told: list[tuple[int, int]] = []
    wh = Warehouse(tmp_path / "together.duckdb")
    together = wh.load(folder, progress=lambda *at: told.append(at), settings=MANY_PARTS)
    assert together.outcomes == alone.outcomes
    assert len(together.quarantined) == 2 and len(together.unchanged) >= len(together.loaded)
    assert told[-1] == (len(together.outcomes), len(together.outcomes)) and told == sorted(told)
    assert contents(tmp_path / "together.duckdb") == contents(tmp_path / "alone.duckdb")
    assert_intact(tmp_path / "together.duckdb")
    again = Warehouse(tmp_path / "together.duckdb").load(folder, settings=MANY_PARTS)
    assert (len(again.loaded), len(again.quarantined)) == (0, 2)
    assert capfd.readouterr() == ("", "")


@pytest.mark.release
def test_a_process_that_dies_costs_nothing_that_was_stored(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "wh.duckdb"
    Warehouse(path).load(SAMPLES / "environment=dev")
    before = contents(path)
    with monkeypatch.context() as patch:
        patch.setattr(worker_pool, "_PROGRAM", "import sys; sys.stdin.buffer.read(1)")
        with pytest.raises(errors.WorkerFailed, match="load again"):
            Warehouse(path).load(folder, settings=MANY_PARTS)
    assert contents(path) == before
    assert len(Warehouse(path).load(folder, settings=MANY_PARTS).loaded) > 0
    assert_intact(path)


DEADLY = """
import os, signal, sys
sys.path[:] = sys.argv[1:]
from artifact_warehouse.load import batches, worker_pool
flatten = batches.flatten
def deadly(artifact, rows, cache):
    flatten(artifact, rows, cache)
    if artifact.metadata.get("deadly"):
        try:
            os.unlink(artifact.metadata["deadly"])
        except OSError:
            return
        os.kill(os.getpid(), signal.SIGKILL)
batches.flatten = deadly
worker_pool.serve()
"""
"""Kills itself with an artifact that names a file, as long as it can delete that file."""


def deadly(target: Path, kills: Path) -> bytes:
    """An artifact that ends the process that flattens it."""
    content = json.loads(next(SAMPLES.rglob("run_results.json")).read_bytes())
    content["metadata"] |= {"deadly": str(kills), "invocation_id": str(target)}
    return json.dumps(content).encode()


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="kills as POSIX does")
@pytest.mark.parametrize(
    "is_lasting, is_in_archive", [(True, True), *release_only((False, False), (True, False), (False, True))]
)
def test_a_file_that_ends_its_process_costs_that_file_only(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, is_lasting: bool, is_in_archive: bool
) -> None:
    whole = Warehouse(tmp_path / "whole.duckdb").load(folder)
    kill = tmp_path / "kill"
    kill.touch()
    bad = folder / ("bad.tar" if is_in_archive else "bad.json")
    content = deadly(bad, kill)
    if is_in_archive:
        with tarfile.open(bad, "w") as tar:
            for name, data in (("a.json", b"{}"), ("run_results.json", content), ("z.json", b"[]")):
                member = tarfile.TarInfo(name)
                member.size = len(data)
                tar.addfile(member, io.BytesIO(data))
    else:
        bad.write_bytes(content)
    program = DEADLY.replace("return", "pass") if is_lasting else DEADLY
    path = tmp_path / "wh.duckdb"
    with monkeypatch.context() as patch:
        patch.setattr(worker_pool, "_PROGRAM", program)
        report = Warehouse(path).load(folder, settings=MANY_PARTS._replace(part_bytes=200_000))
    of_bad = [outcome for outcome in report.outcomes if outcome.uri.startswith(str(bad))]
    others = [outcome for outcome in report.outcomes if outcome not in of_bad]
    assert sorted(others) == sorted(whole.outcomes)
    found = {(Path(o.uri).name, o.status) for o in of_bad if o.status != "skipped"}
    name = "bad.tar" if is_in_archive and is_lasting else Path("run_results.json" if is_in_archive else bad).name
    assert found == {(name, "quarantined" if is_lasting else "loaded")}
    assert_intact(path)
    assert len(Warehouse(path).load(folder).loaded) == is_lasting


ENDLESS = """
import sys
sys.path[:] = sys.argv[1:]
from artifact_warehouse.load import batches, worker_pool
flatten = batches.flatten
def endless(artifact, rows, cache):
    flatten(artifact, rows, cache)
    while artifact.metadata.get("deadly"):
        sum(range(10**15))
batches.flatten = endless
worker_pool.serve()
"""
"""Never comes back from a call into the interpreter, in which no signal is handled."""


@pytest.mark.skipif(not hasattr(signal, "SIGXCPU"), reason="limits processor time as POSIX does")
@pytest.mark.release
def test_a_file_that_takes_endless_processor_time_is_quarantined(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, path = folder / "bad.json", tmp_path / "wh.duckdb"
    bad.write_bytes(deadly(bad, tmp_path / "kill"))
    with monkeypatch.context() as patch:
        patch.setattr(worker_pool, "_PROGRAM", ENDLESS)
        report = Warehouse(path).load(folder, settings=MANY_PARTS, limits=Limits(processor_seconds=1))
    assert {outcome.uri: outcome.status for outcome in report.outcomes}[str(bad)] == "quarantined"
    assert len(report.quarantined) == 3
    assert len(Warehouse(path).load(folder).loaded) == 1


ENDLESS_HERE = """
import sys
from artifact_warehouse import Warehouse
from artifact_warehouse.limits import Limits
from artifact_warehouse.load import batches
from artifact_warehouse.process import install_processor_clock
install_processor_clock(kills=False)
flatten = batches.flatten
def endless(artifact, rows, cache):
    flatten(artifact, rows, cache)
    while artifact.metadata.get("deadly"):
        pass
batches.flatten = endless
for outcome in Warehouse(sys.argv[1]).load(sys.argv[2], limits=Limits(processor_seconds=1)).quarantined:
    print(outcome.uri, outcome.reason, sep=": ")
"""


@pytest.mark.release
@pytest.mark.skipif(not hasattr(signal, "SIGXCPU"), reason="limits processor time as POSIX does")
def test_a_file_that_takes_endless_processor_time_is_quarantined_without_workers(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "bad.json").write_bytes(deadly(folder, tmp_path / "kill"))
    shutil.copy(next(SAMPLES.rglob("sources.json")), folder)
    call = [sys.executable, "-c", ENDLESS_HERE, str(tmp_path / "wh.duckdb"), str(folder)]
    done = subprocess.run(call, capture_output=True, text=True, check=True)
    assert done.stdout == f"{folder / 'bad.json'}: takes more processor time than an artifact of its size may take\n"
    assert len(Warehouse(tmp_path / "wh.duckdb").load(folder).unchanged) == 1


def test_what_goes_wrong_before_there_is_work_is_told_as_it_is(tmp_path: Path, folder: Path) -> None:
    path = tmp_path / "wh.duckdb"
    path.write_bytes(b"no DuckDB file" * 1000)
    with pytest.raises(errors.NotAWarehouse):
        Warehouse(path).load(folder, settings=MANY_PARTS)


def test_the_processes_import_from_where_the_caller_does(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pickle.py").write_text("raise SystemExit('a file of the current folder was imported')")
    monkeypatch.chdir(tmp_path)
    assert len(Warehouse("wh.duckdb").load(folder, settings=MANY_PARTS).loaded) > 0


@pytest.mark.release
def test_a_script_without_a_guard_is_not_run_again(tmp_path: Path, folder: Path) -> None:
    """What starts processes by importing the caller's script again would load in each of them."""
    script = tmp_path / "script.py"
    script.write_text(
        "from artifact_warehouse import Warehouse\n"
        "from artifact_warehouse.load import LoadSettings\n"
        "settings = LoadSettings(min_parts=1, part_bytes=1, max_workers=2)\n"
        f"print(len(Warehouse({str(tmp_path / 'wh.duckdb')!r}).load({str(folder)!r}, settings=settings).loaded))\n"
    )
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=True)
    assert (done.stdout.count("\n"), done.stderr) == (1, "")
