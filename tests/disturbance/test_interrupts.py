"""Ctrl-C at any moment: exit code 130, one line that says what was kept, and no process left.

Interrupts at named moments are among the tests of every day. Those at random moments are for a release: CRASH_KILLS
says how many.
"""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import sys
import tarfile
import time
from collections import Counter
from pathlib import Path

import duckdb
import pytest
from commandline import heed_interrupts
from disturbed import (
    Moment,
    alive,
    assert_intact,
    command,
    contents,
    descendants,
    environment,
    make_input,
    rows_of_artifacts,
    stop_at,
    wholly_in,
)
from testdata import SAMPLES, release_only

from artifact_warehouse import Warehouse, errors
from artifact_warehouse.load import LoadSettings, batches, loader
from artifact_warehouse.storage import writer

pytestmark = pytest.mark.slow

INTERRUPTS = int(os.environ.get("CRASH_KILLS", "25"))
FILES = 300 if INTERRUPTS >= 100 else 100
BATCH_BYTES = 100_000
RUN = SAMPLES / "environment=prod" / "job=nightly" / "2026-11-05_01_build"
KEPT = re.compile(r"interrupted: kept (\d+) of (\d+) files; load again to continue\n")
on_linux = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="counts processes as Linux does")


def interrupted(call: list[str], seconds: float, workers: int = 0, with_group: bool = False) -> tuple[int, str, str]:
    """The exit code, stdout and stderr of a call that gets a SIGINT after some seconds. Leaves no process."""
    process = subprocess.Popen(
        call,
        env=environment(BATCH_BYTES, workers),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=heed_interrupts,
    )
    others: set[int] = set()
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        others = descendants(process.pid)
        (os.killpg if with_group else os.kill)(process.pid, signal.SIGINT)
    stdout, stderr = process.communicate(timeout=30)
    deadline = time.monotonic() + 20
    while left := list(alive(others)):
        assert time.monotonic() < deadline, f"{left} stayed behind"
        time.sleep(0.02)
    return process.returncode, stdout, stderr


@pytest.mark.release
@on_linux
def test_an_interrupt_at_any_moment_ends_a_load_and_says_what_is_kept(tmp_path: Path) -> None:
    folder = make_input(tmp_path / "in", FILES)
    Warehouse(tmp_path / "whole.duckdb").load(folder)
    whole, rows = contents(tmp_path / "whole.duckdb"), rows_of_artifacts(tmp_path / "whole.duckdb")
    seconds = {}
    for workers in (0, 2):
        start = time.monotonic()
        assert interrupted(command("load", tmp_path / f"{workers}.duckdb", folder), 120, workers)[0] == 0
        seconds[workers] = time.monotonic() - start

    dice = random.Random(INTERRUPTS)
    where: Counter[str] = Counter()
    for number in range(INTERRUPTS):
        path = tmp_path / "wh.duckdb"
        workers = dice.choice((0, 0, 2))
        moment = seconds[workers] * (0.05 + 0.95 * (number + dice.random()) / INTERRUPTS)  # before that, it is Python's
        code, stdout, stderr = interrupted(command("load", path, folder), moment, workers, dice.random() < 0.5)
        stored = wholly_in(path, rows) if path.exists() else 0
        if code == 0:
            assert (stdout, stderr, stored) == (f"loaded {FILES}, unchanged 0, quarantined 0\n", "", FILES)
            where["done before"] += 1
        elif said := KEPT.fullmatch(stderr):
            assert (code, stdout) == (130, "")
            assert (int(said[1]), int(said[2])) == (stored, FILES)
            where["kept all" if stored == FILES else "kept some" if stored else "kept none"] += 1
        else:  # before there was anything to do
            assert (code, stdout, stderr, stored) == (130, "", "interrupted\n", 0)
            where["before the work"] += 1
        Warehouse(path).load(folder)
        assert contents(path) == whole
        path.unlink()
    print(f"\n{INTERRUPTS} interrupts: {dict(where)}")


INSERT = "artifact_warehouse.storage.writer.insert"
MOMENTS = (
    (Moment("artifact_warehouse.storage.empty_file.write", "return"), "interrupted: kept 0 of"),
    (Moment("artifact_warehouse.load.loader.take", "call", 2), "interrupted: kept 0 of"),
    (Moment(INSERT, "return", 4), "interrupted: kept 0 of"),
    (Moment("artifact_warehouse.storage.writer.write", "return"), "interrupted: kept "),
    (Moment(INSERT, "return", 20), "interrupted: kept "),
)
"""Moments of loads that follow each other, and what each says."""


@on_linux
@pytest.mark.parametrize("workers", [0, *release_only(2)])
def test_interrupts_at_any_step_end_a_load_and_say_what_is_kept(tmp_path: Path, workers: int) -> None:
    folder, path = make_input(tmp_path / "in", 40), tmp_path / "wh.duckdb"
    Warehouse(tmp_path / "whole.duckdb").load(folder)
    whole, rows = contents(tmp_path / "whole.duckdb"), rows_of_artifacts(tmp_path / "whole.duckdb")
    for moment, start in MOMENTS:
        settings = environment(BATCH_BYTES, workers) | stop_at(moment, signal.SIGINT)
        done = subprocess.run(
            command("load", path, folder),
            env=settings,
            capture_output=True,
            text=True,
            check=False,
            preexec_fn=heed_interrupts,
        )
        said = KEPT.fullmatch(done.stderr)
        assert said and done.stderr.startswith(start), (moment, done.stderr)
        assert (done.returncode, done.stdout) == (130, "")
        assert (int(said[1]), int(said[2])) == (wholly_in(path, rows) if path.exists() else 0, 40)
    Warehouse(path).load(folder)
    assert contents(path) == whole


@on_linux
def test_an_interrupt_while_python_starts_leaves_no_trace(tmp_path: Path) -> None:
    """The command is the package's own: its first step is to heed interrupts, and only then come the imports."""
    program = (
        "from artifact_warehouse.process import install_sigint_handler; install_sigint_handler(); "
        "print(1, flush=True); "
        "from artifact_warehouse.__main__ import main; main()"
    )
    dice = random.Random(2)
    for number in range(max(10, INTERRUPTS // 4)):
        call = [sys.executable, "-c", program, "query", str(tmp_path / "wh.duckdb"), "select 1"]
        process = subprocess.Popen(
            call, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=heed_interrupts
        )
        assert process.stdout is not None and process.stdout.readline() == "1\n"
        time.sleep(dice.random() * 0.03 * (number + 1))
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=30)
        assert (process.returncode, stdout, stderr) == (130, "", "interrupted\n") or (
            process.returncode == 3 and "no such warehouse" in stderr
        )


def test_interrupts_that_the_caller_has_ignored_stay_ignored(tmp_path: Path) -> None:
    program = (
        "import os, signal\nfrom artifact_warehouse import process\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "process.install_sigint_handler()\nos.kill(os.getpid(), signal.SIGINT)\n"
        "print('goes on')"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "goes on\n", "")


# What Python is told. The interrupt comes where a function of the package is called for the n-th time.


@pytest.fixture
def interrupt(monkeypatch: pytest.MonkeyPatch):
    """Interrupts at the n-th call of a function, before it or after it."""

    def at(place: object, name: str, number: int, after: bool = False) -> None:
        function, calls = getattr(place, name), []

        def interrupting(*arguments, **options):
            calls.append(1)
            result = function(*arguments, **options) if after or len(calls) != number else None
            if len(calls) == number:
                raise KeyboardInterrupt
            return result

        monkeypatch.setattr(place, name, interrupting)

    return at


ONE_BY_ONE = LoadSettings(batch_bytes=1, step_bytes=1)
"""A transaction for every artifact."""


def kept(path: Path, *inputs: Path, settings: LoadSettings = LoadSettings()) -> errors.LoadInterrupted:  # noqa: B008
    with pytest.raises(errors.LoadInterrupted) as caught:
        Warehouse(path).load(inputs, settings=settings)
    assert isinstance(caught.value, KeyboardInterrupt) and not isinstance(caught.value, Exception)
    assert str(caught.value) == (
        f"interrupted: kept {caught.value.kept_count} of {caught.value.file_count} files; load again to continue"
    )
    with Warehouse(path) as wh:
        stored = {row[0] for row in wh.sql("SELECT artifact_id FROM v1.artifacts").fetchall()}
    assert_intact(path)
    assert {o.artifact_id for o in caught.value.report.outcomes} <= stored
    return caught.value


@pytest.mark.parametrize("after", [False, True], ids=["before the commit", "after the commit"])
def test_the_report_of_an_interrupt_has_what_is_committed(tmp_path: Path, interrupt, after: bool) -> None:
    files = sorted(SAMPLES.rglob("run_results.json"))[:5]
    interrupt(loader, "write", 3, after)
    error = kept(tmp_path / "wh.duckdb", *files, settings=ONE_BY_ONE)
    assert (error.kept_count, error.file_count) == (2 + after, 5)
    assert [o.uri for o in error.report.loaded] == [str(file) for file in files[: 2 + after]]


def test_what_was_in_the_warehouse_before_counts_as_kept(tmp_path: Path, interrupt) -> None:
    files = sorted(SAMPLES.rglob("run_results.json"))[:5]
    Warehouse(tmp_path / "wh.duckdb").load(files[:2])
    interrupt(loader, "write", 1)
    error = kept(tmp_path / "wh.duckdb", *files)
    assert (error.kept_count, error.file_count) == (2, 5)
    assert [o.uri for o in error.report.unchanged] == [str(file) for file in files[:2]]
    assert error.report.loaded == ()


@pytest.mark.parametrize("place", ["expand", "read_all", "known_artifacts"])
def test_an_interrupt_before_anything_is_stored_kept_nothing(tmp_path: Path, interrupt, place: str) -> None:
    if place == "expand":
        interrupt(loader, "expand", 1)
        with pytest.raises(KeyboardInterrupt):
            Warehouse(tmp_path / "wh.duckdb").load(RUN)
        return
    interrupt(loader if place == "known_artifacts" else batches, place, 1)
    error = kept(tmp_path / "wh.duckdb", RUN)
    assert (error.kept_count, error.file_count, error.report.outcomes) == (0, 3, ())


def test_an_archive_is_kept_when_all_of_it_is(tmp_path: Path, interrupt) -> None:
    files = sorted(SAMPLES.rglob("run_results.json"))[:6]
    for number, some in enumerate((files[:3], files[3:])):
        with tarfile.open(tmp_path / f"{number}.tar", "w") as archive:
            for place, file in enumerate(some):
                archive.add(file, f"{place}/run_results.json")
    interrupt(loader, "write", 6)
    error = kept(tmp_path / "wh.duckdb", tmp_path / "0.tar", tmp_path / "1.tar", settings=ONE_BY_ONE)
    assert (error.kept_count, error.file_count, len(error.report.loaded)) == (1, 2, 5)


def test_an_interrupt_is_told_from_an_error() -> None:
    assert errors.is_interrupt(KeyboardInterrupt()) and errors.is_interrupt(RuntimeError("Query interrupted"))
    assert errors.is_interrupt(
        duckdb.InvalidInputException("the object registered as 'batch' failed: KeyboardInterrupt")
    )
    assert not errors.is_interrupt(RuntimeError("the power went out"))


def test_an_error_of_a_load_after_an_interrupt_is_told_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "wh.duckdb"
    path.write_bytes(b"no DuckDB file" * 1000)
    try:
        raise KeyboardInterrupt
    except KeyboardInterrupt:
        with pytest.raises(errors.NotAWarehouse):
            Warehouse(path).load(RUN)


def test_what_fails_behind_an_interrupt_does_not_hide_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        try:
            raise KeyboardInterrupt
        finally:
            raise duckdb.TransactionException("Current transaction is aborted (please ROLLBACK)")

    monkeypatch.setattr(writer, "settle_new", fail)
    assert kept(tmp_path / "wh.duckdb", RUN).kept_count == 0
