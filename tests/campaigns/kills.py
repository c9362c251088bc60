"""Kills of every command that writes, at random moments: nothing is lost, doubled or half, and the command goes on.

    python kills.py FOLDER [KILLS] [SEED]

Each command starts from the same files. It is killed, and everything that is there is checked: the file is sound and
verified, artifacts are whole, and what was stored before is still there. Then the command runs again to its end, and
the tables equal those of a run that nobody killed.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from random import Random
from typing import NamedTuple

import duckdb

sys.path.append(str(Path(__file__).parents[1] / "support"))

from disturbed import alive, assert_intact, command, contents, descendants, environment, make_input, rows_of_artifacts

from artifact_warehouse import Warehouse

FILES = 60
BATCH_BYTES = 100_000


class Case(NamedTuple):
    """A command, the warehouse that it starts from, and the tables that it leaves."""

    name: str
    arguments: tuple[str, ...]
    before: Path | None
    workers: int = 0


def tables(path: Path) -> dict[str, list[tuple]]:
    """The rows of all tables, without the times of this run."""
    found = contents(path)
    with duckdb.connect(str(path), read_only=True) as connection:
        for table, column in (("pruned_artifacts", "pruned_at"), ("pruned_runs", "pruned_at")):
            if table in found:
                columns = f"* EXCLUDE ({column})" if column in names(connection, table) else "*"
                found[table] = connection.execute(f"SELECT {columns} FROM stored.{table} ORDER BY ALL").fetchall()
        if "pruned_at" in names(connection, "artifacts"):
            sql = "SELECT * EXCLUDE (loaded_at, pruned_at) FROM stored.artifacts ORDER BY ALL"
            found["artifacts"] = connection.execute(sql).fetchall()
    return found


def names(connection: duckdb.DuckDBPyConnection, table: str) -> set[str]:
    sql = "SELECT column_name FROM duckdb_columns() WHERE schema_name = 'stored' AND table_name = ?"
    return {name for (name,) in connection.execute(sql, [table]).fetchall()}


def run(case: Case, path: Path, folder: Path, copy: Path) -> list[str]:
    """The command line of a case."""
    places = {"FOLDER": str(folder), "COPY": str(copy)}
    verb, *others = case.arguments
    return command(verb, path, *(places.get(other, other) for other in others))


def killed(call: list[str], seconds: float, workers: int, with_group: bool) -> bool:
    """Start a call and kill it after some seconds; whether it was still at work. Leaves no process."""
    process = subprocess.Popen(
        call,
        env=environment(BATCH_BYTES, workers),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    others: set[int] = set()
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        others = descendants(process.pid)
        (os.killpg if with_group else os.kill)(process.pid, signal.SIGKILL)
    stderr = process.communicate(timeout=60)[1]
    assert process.returncode in (0, -signal.SIGKILL), stderr
    deadline = time.monotonic() + 60
    while left := list(alive(others)):
        assert time.monotonic() < deadline, f"{left} stayed behind"
        time.sleep(0.02)
    return process.returncode != 0


def check(path: Path, whole: dict[str, Counter[str]] | None, before: int) -> None:
    """The file is sound; without a prune, every artifact has all its rows, and none of those before is missing."""
    assert_intact(path)
    if whole is not None:
        found = rows_of_artifacts(path)
        assert len(found) >= before
        for artifact_id, rows in found.items():
            assert all(whole[artifact_id][name] == count for name, count in rows.items()), artifact_id


def older(path: Path) -> None:
    """Take from a warehouse what a later release adds, as if an earlier one had written it."""
    with duckdb.connect(str(path)) as connection:
        for (view,) in connection.execute("SELECT view_name FROM duckdb_views() WHERE schema_name = 'v1'").fetchall():
            connection.execute(f"DROP VIEW v1.{view}")
        for column in ("query_id", "rows_affected", "message"):
            connection.execute(f"ALTER TABLE stored.node_executions DROP COLUMN {column}")
        connection.execute("UPDATE stored.meta SET value = 'older' WHERE key = 'views'")


def made(folder: Path) -> tuple[Path, list[Case]]:
    """An input, and the cases with the warehouses that they start from."""
    source = make_input(folder / "in", FILES)
    half, full, old = (folder / f"{name}.duckdb" for name in ("half", "full", "old"))
    Warehouse(half).load(sorted(source.rglob("*.json"))[::2])
    Warehouse(full).load(source, columns=True)
    shutil.copy(half, old)
    older(old)
    load = ("load", "FOLDER")
    prune = ("prune", "--before", "2026-11-05", "--keep-daily-rates", "--yes")
    return source, [
        Case("load", load, half),
        Case("load into no file", load, None),
        Case("load with workers", load, half, 2),
        Case("load --columns --publish", (*load, "--columns", "--publish", "COPY"), half),
        Case("load into an older file", load, old),
        Case("columns", ("columns",), half),
        Case("prune", prune, full),
        Case("prune, no rates", (*prune[:3], "--yes"), full),
        Case("migrate", ("migrate",), old),
    ]


def main() -> None:
    folder = Path(sys.argv[1])
    kills, seed = (int(text) for text in (*sys.argv[2:], *("200", "0")[len(sys.argv[2:]) :]))
    folder.mkdir(parents=True, exist_ok=True)
    source, cases = made(folder)
    whole = rows_of_artifacts(folder / "full.duckdb")
    dice, where = Random(seed), Counter[tuple[str, str]]()
    place = folder / "place"
    path, copy = place / "wh.duckdb", place / "copy.duckdb"

    def start(case: Case) -> None:
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        if case.before:
            shutil.copy(case.before, path)
            shutil.copy(case.before, copy)

    expected, seconds = {}, {}
    for case in cases:
        start(case)
        begun = time.monotonic()
        subprocess.run(
            run(case, path, source, copy), env=environment(BATCH_BYTES, case.workers), check=True, capture_output=True
        )
        seconds[case.name], expected[case.name] = time.monotonic() - begun, tables(path)
    for number in range(kills):
        case = cases[number % len(cases)]
        start(case)
        before = len(rows_of_artifacts(case.before)) if case.before and case.name != "migrate" else 0
        call = run(case, path, source, copy)
        moment = seconds[case.name] * dice.uniform(0.25, 1.0)
        if not killed(call, moment, case.workers, dice.random() < 0.5):
            where[case.name, "too late"] += 1
        left = {file.name for file in place.iterdir()} - {path.name, copy.name}
        where[case.name, "a log to replay" if "wh.duckdb.wal" in left else "killed"] += 1
        if path.exists():
            check(path, None if "prune" in case.name or "old" in str(case.before) else whole, before)
        if copy.exists():
            check(copy, None, 0)
        done = subprocess.run(
            call, env=environment(BATCH_BYTES, case.workers), capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, (case.name, done.stderr)
        assert tables(path) == expected[case.name], f"{case.name}: other rows than without the kill"
        assert {file.name for file in place.iterdir()} <= {path.name, copy.name}
        if "COPY" in case.arguments:
            assert tables(copy) == expected[case.name]
        with Warehouse(path, read_only=True) as warehouse:
            assert warehouse.verify() == []
        print(f"{number} {case.name}: killed after {moment:.2f} of {seconds[case.name]:.2f} s", flush=True)
    print(f"{kills} kills, seed {seed}: nothing lost, doubled or half; verified. {dict(sorted(where.items()))}")


if __name__ == "__main__":
    main()
