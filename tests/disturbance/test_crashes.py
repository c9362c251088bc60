"""A load may die at any moment, for any reason: what it had stored stays, whole, and the next load goes on.

Kills at named moments are among the tests of every day. Kills at random moments are for a release: CRASH_KILLS says
how many.
"""

from __future__ import annotations

import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pytest
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

KILLS = int(os.environ.get("CRASH_KILLS", "25"))
FILES = 300 if KILLS >= 100 else 60
BATCH_BYTES = 100_000
RUN = SAMPLES / "environment=prod" / "job=nightly" / "2026-11-05_01_build"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="kills and counts processes as Linux does"),
]


class Undisturbed(NamedTuple):
    """An input, and what a load of it stores."""

    folder: Path
    contents: dict[str, list[tuple]]
    rows: dict[str, Counter[str]]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    place = tmp_path_factory.mktemp("undisturbed")
    folder = make_input(place / "in", FILES)
    Warehouse(place / "wh.duckdb").load(folder)
    rows = rows_of_artifacts(place / "wh.duckdb")
    assert len(rows) == FILES
    return Undisturbed(folder, contents(place / "wh.duckdb"), rows)


@pytest.fixture(scope="module")
def seconds(undisturbed: Undisturbed, tmp_path_factory: pytest.TempPathFactory) -> dict[int, float]:
    """How long a load in small steps takes, by workers."""
    found, place = {}, tmp_path_factory.mktemp("seconds")
    for workers in (0, 2):
        path, start = place / f"{workers}.duckdb", time.monotonic()
        call = command("load", path, undisturbed.folder)
        subprocess.run(call, env=environment(BATCH_BYTES, workers), check=True, capture_output=True)
        found[workers] = time.monotonic() - start
        assert contents(path) == undisturbed.contents
    return found


def ended_by(number: int, call: list[str], seconds: float, workers: int, with_group: bool) -> bool:
    """Start a call, and send it a signal after some seconds; whether that ended it. Leaves no process.

    It may end by itself at any moment, also between the last look at it and the signal.
    """
    process = subprocess.Popen(
        call,
        env=environment(BATCH_BYTES, workers),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        others = descendants(process.pid)
        (os.killpg if with_group else os.kill)(process.pid, number)
    else:
        others = set()
    _, stderr = process.communicate(timeout=30)
    assert stderr == "", "what is left behind must be silent"
    deadline = time.monotonic() + 20
    while left := list(alive(others)):
        assert time.monotonic() < deadline, f"{left} stayed behind"
        time.sleep(0.02)
    assert process.returncode in (-number, 0)
    return process.returncode != 0


def amount(path: Path, stored: int) -> str:
    if not path.exists():
        return "no file yet"
    return "all" if stored == FILES else "partly" if stored else "nothing"


SETTLE, WRITE = "artifact_warehouse.storage.settling.settle", "artifact_warehouse.storage.writer.write"
LOAD = "artifact_warehouse.load.loader.load"
NEW_FILE = "artifact_warehouse.storage.empty_file.write"
MOMENTS = (
    (Moment(NEW_FILE, "call"), "no file yet"),
    (Moment("artifact_warehouse.storage.views.deploy", "call"), "no file yet"),
    (Moment("artifact_warehouse.storage.atomic_file._locked", "call", 2), "no file yet"),  # the cache is written
    (Moment(NEW_FILE, "return"), "no file yet"),
    (Moment("artifact_warehouse.storage.connection._create", "return"), "nothing"),
    (Moment(SETTLE, "return"), "nothing"),  # before the commit
    (Moment(WRITE, "return"), "partly"),  # after the commit
    (Moment("artifact_warehouse.storage.writer.insert", "return", 20), "partly"),  # amid a transaction
    (Moment(SETTLE, "return", 2), "partly"),
    (Moment(LOAD, "return"), "all"),
)
"""Moments of loads that follow each other, and what of the input is stored after each."""


@pytest.mark.parametrize("moments", [(*MOMENTS[4:7], MOMENTS[9]), pytest.param(MOMENTS, marks=pytest.mark.release)])
def test_loads_that_are_killed_at_any_step_keep_whole_artifacts_and_the_next_one_goes_on(
    tmp_path: Path, undisturbed: Undisturbed, moments: tuple[tuple[Moment, str], ...]
) -> None:
    """The cache is empty at first, so that the file is made."""
    (folder := tmp_path / "folder").mkdir()
    path, call = folder / "wh.duckdb", command("load", folder / "wh.duckdb", undisturbed.folder)
    settings = environment(BATCH_BYTES) | {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    stored = 0
    for moment, expected in moments:
        before = stored
        stop = stop_at(moment, signal.SIGKILL)
        killed = subprocess.run(call, env=settings | stop, capture_output=True, check=False)
        assert (killed.returncode, killed.stdout, killed.stderr) == (-signal.SIGKILL, b"", b""), moment
        stored = wholly_in(path, undisturbed.rows) if path.exists() else 0
        assert amount(path, stored) == expected, moment
        assert stored >= before
    done = subprocess.run(call, env=settings, check=True, capture_output=True, text=True)
    assert done.stdout == f"loaded 0, unchanged {FILES}, quarantined 0\n"
    assert contents(path) == undisturbed.contents
    assert [file.name for file in folder.iterdir()] == [path.name]


@pytest.mark.release
def test_a_load_that_is_killed_at_any_moment_keeps_whole_artifacts_and_the_next_one_completes_it(
    tmp_path: Path,
    undisturbed: Undisturbed,
    seconds: dict[int, float],
    record_property: Callable[[str, object], None],
) -> None:
    dice = random.Random(KILLS)
    moments = [(number + dice.random()) / KILLS for number in range(KILLS)]
    dice.shuffle(moments)
    where: Counter[str] = Counter()
    path, stored = tmp_path / "wh.duckdb", 0
    for count, moment in enumerate(moments):
        workers = dice.choice((0, 0, 2))
        number = dice.choice((signal.SIGKILL, signal.SIGKILL, signal.SIGKILL, signal.SIGTERM))
        rest = seconds[workers] * (0.3 + 0.7 * (1 - stored / FILES))  # the rest of the work
        where["in a fresh file"] += not path.exists()
        call = command("load", path, undisturbed.folder)
        is_ended = ended_by(number, call, moment * rest, workers, dice.random() < 0.5)
        where["too late"] += not is_ended
        where["a log to replay"] += path.with_name("wh.duckdb.wal").exists()
        stored = len(rows_of_artifacts(path)) if path.exists() else 0
        where[amount(path, stored)] += 1
        assert is_ended or stored == FILES
        if path.exists() and (KILLS >= 100 or count % 5 == 0):
            assert wholly_in(path, undisturbed.rows) == stored
        if stored == FILES or dice.random() < 0.3 or count == KILLS - 1:
            Warehouse(path).load(undisturbed.folder)
            assert wholly_in(path, undisturbed.rows) == FILES
            assert contents(path) == undisturbed.contents
            path.unlink()
            assert [file.name for file in tmp_path.iterdir()] == []
            stored = 0
    record_property("where the kills fell", dict(where))
    print(f"\n{KILLS} kills: {dict(where)}")


@pytest.mark.release
def test_a_kill_while_the_file_is_made_hinders_nobody(tmp_path: Path, undisturbed: Undisturbed) -> None:
    """The first file that appears starts the clock, so that every kill falls while the warehouse is made.

    The cache is empty: the views are deployed, which takes most of a second.
    """
    dice = random.Random(1)
    seen: Counter[tuple[str, ...]] = Counter()
    for number in range(max(8, KILLS // 4)):
        folder = tmp_path / str(number)
        folder.mkdir()
        path = folder / "wh.duckdb"
        settings = environment(10**9) | {"XDG_CACHE_HOME": str(tmp_path / f"cache {number}")}
        with subprocess.Popen(command("load", path, RUN), env=settings, stdout=subprocess.DEVNULL) as process:
            deadline = time.monotonic() + 60
            while not any(folder.iterdir()) and time.monotonic() < deadline:
                pass
            time.sleep(dice.random() ** 2)
            process.kill()
        seen[tuple(sorted(file.name for file in folder.iterdir()))] += 1
        if path.exists():  # a reader finds a warehouse, or none; never half a one
            assert_intact(path)
            assert Warehouse(path).pending_changes() == []
        report = Warehouse(path).load(RUN)
        assert len(report.loaded) + len(report.unchanged) == len(list(RUN.iterdir()))
        assert [file.name for file in folder.iterdir()] == ["wh.duckdb"]
    print(f"\nwhat the kills left: {dict(seen)}")


@pytest.mark.parametrize("left_over", ["", "no tables", "wh.duckdb.unfinished"])
def test_what_a_load_that_died_left_in_place_of_a_warehouse_hinders_nobody(tmp_path: Path, left_over: str) -> None:
    path = tmp_path / "wh.duckdb"
    if left_over == "no tables":
        duckdb.connect(str(path)).close()
    else:
        (tmp_path / (left_over or path.name)).write_bytes(b"x" * 4096 if left_over else b"")
    with pytest.raises(errors.WarehouseError, match="`load` makes"):
        Warehouse(path, read_only=True).sql("SELECT 1")
    assert len(Warehouse(path).load(RUN).loaded) == 3
    assert [file.name for file in tmp_path.iterdir()] == ["wh.duckdb"]
    assert_intact(path)


def test_the_log_of_a_file_that_is_gone_is_never_mixed_into_a_new_one(tmp_path: Path) -> None:
    path, log = tmp_path / "wh.duckdb", tmp_path / "wh.duckdb.wal"
    log.write_bytes(b"what was committed last")
    with pytest.raises(errors.WarehouseError, match=r"its log wh\.duckdb\.wal exists; restore the file, or remove"):
        Warehouse(path).load(RUN)
    assert [file.name for file in tmp_path.iterdir()] == [log.name]
    assert log.read_bytes() == b"what was committed last"


class Old(NamedTuple):
    """A warehouse that lacks columns and views, what `migrate` would do, and the rows once it did."""

    path: Path
    pending: list[str]
    migrated: dict[str, list[tuple]]


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Old:
    old = tmp_path_factory.mktemp("old") / "old.duckdb"
    Warehouse(old).load(RUN)
    with duckdb.connect(str(old)) as connection:
        for (view,) in connection.execute("SELECT view_name FROM duckdb_views() WHERE schema_name = 'v1'").fetchall():
            connection.execute(f"DROP VIEW v1.{view}")
        for column in ("query_id", "rows_affected", "message"):
            connection.execute(f"ALTER TABLE stored.node_executions DROP COLUMN {column}")
        connection.execute("UPDATE stored.meta SET value = 'older' WHERE key = 'views'")
    whole = Path(shutil.copy(old, old.with_name("whole.duckdb")))
    pending = Warehouse(whole).migrate()
    assert len(pending) == 4
    return Old(old, pending, contents(whole))


def assert_migrated_or_not(path: Path, pending: list[str]) -> bool:
    """A killed migration is done or not begun; the next one does the rest. Whether it was done."""
    left = Warehouse(path).pending_changes()
    assert left in ([], pending)
    assert Warehouse(path).migrate() == left
    assert_intact(path)
    return not left


@pytest.mark.release
@pytest.mark.parametrize(
    "moment, is_done",
    [
        (Moment("artifact_warehouse.storage.views.deploy", "return"), False),
        *release_only(
            (Moment("artifact_warehouse.storage.format.set_meta", "return", 2), False),  # before the commit
            (Moment("artifact_warehouse.storage.format.migrate", "return"), True),
        ),
    ],
    ids=["amid the transaction", "before the commit", "after the commit"],
)
def test_a_migration_that_is_killed_is_done_or_not_begun(
    tmp_path: Path, old: Old, moment: Moment, is_done: bool
) -> None:
    path = Path(shutil.copy(old.path, tmp_path / "wh.duckdb"))
    settings = environment(1) | stop_at(moment, signal.SIGKILL)
    killed = subprocess.run(command("migrate", path), env=settings, capture_output=True, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert assert_migrated_or_not(path, old.pending) == is_done
    assert contents(path) == old.migrated


@pytest.mark.release
def test_a_migration_that_is_killed_at_any_moment_is_done_or_not_begun(tmp_path: Path, old: Old) -> None:
    path = Path(shutil.copy(old.path, tmp_path / "wh.duckdb"))
    start = time.monotonic()
    subprocess.run(command("migrate", path), env=environment(1), check=True, capture_output=True)
    seconds = time.monotonic() - start

    where: Counter[str] = Counter()
    count = max(8, KILLS // 8)
    for number in range(count):
        shutil.copy(old.path, path)
        moment = seconds * (0.4 + 0.6 * number / count)  # before that, Python starts
        ended_by(signal.SIGKILL, command("migrate", path), moment, 0, False)
        where["done" if assert_migrated_or_not(path, old.pending) else "not begun"] += 1
        assert contents(path) == old.migrated
        path.with_name("wh.duckdb.wal").unlink(missing_ok=True)
    print(f"\n{count} kills of a migration: {dict(where)}")


# A full disk


@contextmanager
def disk(place: Path, kilobytes: int) -> Iterator[Callable[[], None]]:
    """A disk of some size at a folder; what is yielded makes room on it."""
    place.mkdir(exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(place)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("may not mount a disk")
    try:
        yield lambda: _run("mount", "-o", "remount,size=500m", str(place))
    finally:
        _run("umount", str(place))


def _run(*call: str) -> None:
    subprocess.run(call, check=True, capture_output=True)


def load_without_room(path: Path, folder: Path, batch_bytes: int, **options: Any) -> bool:
    """Load from the command line where there may be too little room; whether there was enough."""
    done = subprocess.run(
        command("load", path, folder),
        env=environment(batch_bytes),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        **options,
    )
    if done.returncode == 0:
        return True
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (3, "", 1), done.stderr
    assert str(path) in done.stderr and "free space on that disk, and run it again" in done.stderr
    return False


def assert_goes_on(path: Path, undisturbed: Undisturbed) -> None:
    """A load completes what was stored."""
    Warehouse(path).load(undisturbed.folder)
    assert wholly_in(path, undisturbed.rows) == FILES
    assert contents(path) == undisturbed.contents


SIZES = (4, 1_300)
MORE_SIZES = release_only(8, 12, 8_000, 100, 500, 900, 1_800, 2_500, 3_500, 5_000)


@pytest.mark.parametrize("kilobytes", [*SIZES, *MORE_SIZES])
def test_a_full_disk_is_told_and_costs_nothing_that_was_stored(
    tmp_path: Path, undisturbed: Undisturbed, kilobytes: int
) -> None:
    path = tmp_path / "disk" / "wh.duckdb"
    with disk(path.parent, kilobytes) as make_room:
        was_enough = load_without_room(path, undisturbed.folder, 300_000)
        assert not was_enough or kilobytes > 2_000
        stored = wholly_in(path, undisturbed.rows) if path.exists() else 0  # to read needs no room
        make_room()
        assert_goes_on(path, undisturbed)
        assert not was_enough or stored == FILES
    print(f"\n{kilobytes} KB: {stored} of {FILES} artifacts were stored")


@pytest.mark.parametrize("kilobytes", [1_500, *release_only(8, 300, 1_000, 2_500)])
def test_a_file_that_must_not_grow_is_told_and_costs_nothing_that_was_stored(
    tmp_path: Path, undisturbed: Undisturbed, kilobytes: int
) -> None:
    path = tmp_path / "wh.duckdb"
    most = kilobytes * 1024
    limited = {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))}
    load_without_room(path, undisturbed.folder, 300_000, **limited)
    if path.exists():
        wholly_in(path, undisturbed.rows)
    assert_goes_on(path, undisturbed)


def test_python_is_told_of_a_full_disk_by_an_error_of_the_package(tmp_path: Path, undisturbed: Undisturbed) -> None:
    path = tmp_path / "wh.duckdb"
    program = (
        "import resource, sys\nfrom artifact_warehouse import Warehouse, errors\n"
        "Warehouse(sys.argv[1]).migrate()\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (700_000, resource.RLIM_INFINITY))\n"
        "with Warehouse(sys.argv[1]) as wh:\n"
        "    try:\n        wh.load(sys.argv[2])\n"
        "    except errors.WarehouseError as error:\n        print(error)\n"
        "    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))\n"
        "    print(len(wh.load(sys.argv[2]).loaded))\n"
    )
    call = [sys.executable, "-c", program, str(path), str(undisturbed.folder)]
    done = subprocess.run(call, capture_output=True, text=True, check=True)
    told, loaded = done.stdout.splitlines()
    assert told.startswith(f"{path}: ") and told.endswith("free space on that disk, and run it again")
    assert loaded == str(FILES)
    assert_intact(path)
    assert contents(path) == undisturbed.contents
