"""Many loaders and readers on one file: no row lost or doubled, no half a state seen, no endless wait."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest
from commandline import COMMAND, run_process
from disturbed import assert_intact, command, contents, environment, make_input
from testdata import SAMPLES, release_only

from artifact_warehouse import Warehouse, errors

pytestmark = pytest.mark.slow

LOADERS = 8
RUN = SAMPLES / "environment=prod" / "job=nightly" / "2026-11-05_01_build"
SHELL = shutil.which("duckdb", path=str(Path(sys.executable).parent)) or shutil.which("duckdb")

HOLDER = """
import sys, time, duckdb
from pathlib import Path
connection = duckdb.connect(sys.argv[1])
print("held", flush=True)
while not Path(sys.argv[1] + ".release").exists():
    time.sleep(0.05)
"""


@pytest.mark.parametrize(
    "workers, exists, of_every_file, count",
    [
        (0, False, 0.4, 16),
        *release_only((0, True, 0.3, 48), (2, False, 0.6, 48), (0, False, 0.6, 48), (0, False, 1.0, 48)),
    ],
)
def test_eight_loaders_at_once_store_what_one_load_does(
    tmp_path: Path, workers: int, exists: bool, of_every_file: float, count: int
) -> None:
    """Overlapping parts of one input, in small transactions; together they are all of it."""
    folder, path = make_input(tmp_path / "in", count), tmp_path / "wh.duckdb"
    files = sorted(folder.rglob("*.json"))
    dice = random.Random(f"{workers} {exists} {of_every_file}")
    parts = [
        [file for place, file in enumerate(files) if place % LOADERS == number or dice.random() < of_every_file]
        for number in range(LOADERS)
    ]
    for part in parts:
        dice.shuffle(part)
    if exists:
        Warehouse(path).migrate()
    loaders = [
        subprocess.Popen(
            command("load", path, *part, "--wait", "300"),
            env=environment(60_000, workers),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for part in parts
    ]
    ended = [(*loader.communicate(timeout=300), loader.returncode) for loader in loaders]
    for part, (stdout, stderr, code) in zip(parts, ended, strict=True):
        assert (code, stderr) == (0, "")
        counts = Counter(stdout.replace(",", "").split()[::2])
        assert counts.keys() == {"loaded", "unchanged", "quarantined"}
        assert sum(map(int, stdout.replace(",", "").split()[1::2])) == len(part)
    Warehouse(tmp_path / "alone.duckdb").load(folder)
    assert contents(path) == contents(tmp_path / "alone.duckdb")
    assert_intact(path)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["alone.duckdb", "in", "wh.duckdb"]


COUNTS = """
    SELECT (SELECT count(*) FROM stored.artifacts) AS artifacts,
    (SELECT count(*) FROM stored.settled_artifacts) AS settled,
    (SELECT count(*) FROM stored.artifact_uris) AS uris,
    (SELECT coalesce(sum(entry_count), 0)::BIGINT FROM stored.artifacts WHERE kind = 'run_results') AS promised,
    (SELECT count(*) FROM stored.node_executions) AS results
"""


class Reader:
    """What a way of reading got beside a loader: the states it saw, and how often it was refused."""

    def __init__(self) -> None:
        self.seen: list[dict[str, int]] = []
        self.refused = 0

    def got(self, answer: dict[str, int] | None) -> None:
        if answer is None:
            self.refused += 1
            return
        assert answer["settled"] == answer["uris"] == answer["artifacts"] and answer["results"] == answer["promised"]
        assert all(answer[name] >= before for name, before in (self.seen[-1] if self.seen else answer).items())
        self.seen.append(answer)


def by_command(path: Path, wait: float, holders: set[int]) -> dict[str, int] | None:
    done = run_process("query", path, COUNTS, "--format", "json", "--wait", wait)
    if done.returncode == 0:
        assert done.stderr == ""
        return json.loads(done.stdout)[0]
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (3, "", 1), done.stderr
    assert any(f"(process {pid})" in done.stderr for pid in holders), done.stderr
    return None


def by_python(path: Path, wait: float, holders: set[int]) -> dict[str, int] | None:
    try:
        with Warehouse(path, read_only=True, wait=wait) as wh:
            return wh.sql(COUNTS).to_arrow_table().to_pylist()[0]
    except errors.WarehouseLocked as error:
        assert any(f"(process {pid})" in str(error) for pid in holders), error
        return None


def by_plain_duckdb(path: Path, wait: float, holders: set[int]) -> dict[str, int] | None:
    try:
        with duckdb.connect(str(path), read_only=True) as connection:
            return connection.sql(COUNTS).to_arrow_table().to_pylist()[0]
    except duckdb.IOException as error:
        assert any(f"(PID {pid})" in str(error) for pid in holders), error
        return None


def by_shell(path: Path, wait: float, holders: set[int]) -> dict[str, int] | None:
    call = [str(SHELL), "-readonly", "-json", str(path), COUNTS]
    done = subprocess.run(call, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode == 0:
        return json.loads(done.stdout)[0]
    assert any(f"(PID {pid})" in done.stderr for pid in holders), done.stderr
    return None


@pytest.mark.parametrize("count", release_only(24, 160))
def test_readers_beside_a_loader_see_whole_batches_or_who_holds_the_file(tmp_path: Path, count: int) -> None:
    folder, path = make_input(tmp_path / "in", count), tmp_path / "wh.duckdb"
    Warehouse(path).load(RUN)
    ways = {
        "query --wait 20": (by_command, 20.0),
        "query --wait 0": (by_command, 0.0),
        "Python, wait=20": (by_python, 20.0),
        "Python, no wait": (by_python, 0.0),
        "plain duckdb": (by_plain_duckdb, 0.0),
    }
    if SHELL:
        ways["shell"] = (by_shell, 0.0)
    readers = {name: Reader() for name in ways}
    # Ways of one process share DuckDB's lock and settings, so they take turns.
    turns = [[name for name in ways if ways[name][0] in (by_python, by_plain_duckdb)]]
    turns += [[name] for name in ways if name not in turns[0]]
    call = command("load", path, folder, "--wait", "120")
    with subprocess.Popen(call, env=environment(60_000), stdout=subprocess.PIPE, text=True) as loader:

        def read(names: list[str]) -> None:
            while loader.poll() is None:
                for name in names:
                    readers[name].got(ways[name][0](path, ways[name][1], {loader.pid}))

        with ThreadPoolExecutor(len(turns)) as pool:
            list(pool.map(read, turns))
        assert loader.stdout is not None and loader.stdout.read().startswith(
            f"loaded {count}, unchanged 0, quarantined 0"
        )
    for name, (ask, wait) in ways.items():
        reader = readers[name]
        assert not (wait and reader.refused), f"{name} was refused"
        reader.got(ask(path, wait, set()))
        assert reader.seen[-1]["artifacts"] == count + 3
        print(f"\n{name}: {len(reader.seen)} times read, {reader.refused} times refused")


def release(path: Path) -> None:
    Path(f"{path}.release").touch()


@contextmanager
def held(path: Path, inside: tuple[str, ...] = ()) -> Iterator[int]:
    """Another process has the file open, until it is told to release it."""
    with subprocess.Popen([*inside, sys.executable, "-c", HOLDER, str(path)], stdout=subprocess.PIPE) as holder:
        try:
            assert holder.stdout is not None and holder.stdout.readline() == b"held\n"
            yield holder.pid
        finally:
            holder.kill()


@pytest.mark.parametrize("verb", ["query", "load", *release_only("migrate", "verify")])
def test_the_wait_for_a_file_that_stays_held_is_bounded(tmp_path: Path, verb: str) -> None:
    path = tmp_path / "wh.duckdb"
    Warehouse(path).load(RUN)
    more = {"query": ["select 1"], "load": [str(RUN)]}.get(verb, [])
    with held(path) as holder:
        start = time.monotonic()
        done = run_process(verb, path, *more, "--wait", "1")
        assert 1 <= time.monotonic() - start < 20
    assert (done.returncode, done.stdout) == (3, "")
    assert f"(process {holder})" in done.stderr and done.stderr.count("\n") == 1


ANOTHER_NAMESPACE = ("unshare", "--map-root-user", "--pid", "--fork", "--kill-child", "--mount-proc")
"""Runs a command as a container does: it sees no process outside, and none outside has a number in it."""


def can_unshare() -> bool:
    if not shutil.which(ANOTHER_NAMESPACE[0]):
        return False
    return subprocess.run([*ANOTHER_NAMESPACE, "true"], capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not can_unshare(), reason="needs Linux, and the right to make PID namespaces")
@pytest.mark.parametrize("verb", ["load", *release_only("query")])
def test_a_file_that_is_held_in_another_container_is_waited_for(tmp_path: Path, verb: str) -> None:
    path = tmp_path / "wh.duckdb"
    Warehouse(path).load(RUN)
    more = {"query": ["select 1"], "load": [str(RUN)]}[verb]
    call = [*ANOTHER_NAMESPACE, *COMMAND, verb, str(path), *more]
    with held(path, ANOTHER_NAMESPACE):
        done = subprocess.run([*call, "--wait", "0.2"], capture_output=True, text=True, timeout=60, check=False)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (3, "", 1)
        assert "is held by a process in another container" in done.stderr
        with subprocess.Popen([*call, "--wait", "120"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as waiting:
            with pytest.raises(subprocess.TimeoutExpired):
                waiting.wait(timeout=2)
            release(path)
            stderr = waiting.communicate(timeout=120)[1]
    assert (waiting.returncode, stderr) == (0, b"")


OTHER_WORDS = """
import sys, duckdb
connect = duckdb.connect
def reworded(*arguments, **options):
    try:
        return connect(*arguments, **options)
    except duckdb.IOException:
        raise duckdb.IOException("this release words it otherwise") from None
duckdb.connect = reworded
from artifact_warehouse import Warehouse
print(Warehouse(sys.argv[1], wait=float(sys.argv[2])).load(sys.argv[3]))
"""


def test_a_held_file_is_recognised_whatever_the_words_of_duckdb(tmp_path: Path) -> None:
    path = tmp_path / "wh.duckdb"
    Warehouse(path).load(RUN)
    call = [sys.executable, "-c", OTHER_WORDS, str(path)]
    with held(path) as holder:
        done = subprocess.run([*call, "0", str(RUN)], capture_output=True, text=True, timeout=60, check=False)
        assert "WarehouseLocked" in done.stderr and f"(process {holder})" in done.stderr
        with subprocess.Popen([*call, "120", str(RUN)], stdout=subprocess.PIPE) as waiting:
            release(path)
            assert waiting.communicate(timeout=120)[0].startswith(b"loaded 0, unchanged 3")


def test_while_another_process_makes_the_warehouse_a_loader_waits_and_a_reader_is_told_there_is_none(
    tmp_path: Path,
) -> None:
    fcntl = pytest.importorskip("fcntl")
    path = tmp_path / "wh.duckdb"
    descriptor = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        with pytest.raises(errors.WarehouseLocked, match="is being made by another process"):
            Warehouse(path, wait=0.2).load(RUN)
        with pytest.raises(errors.WarehouseNotFound):
            Warehouse(path, read_only=True, wait=0.2).sql("SELECT 1")
    finally:
        os.close(descriptor)
    assert len(Warehouse(path).load(RUN).loaded) == 3
