"""What the tests of loads that go wrong share: an input, a load in small steps, and what must hold afterwards."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import duckdb
from testdata import SAMPLES

from artifact_warehouse.schema import tables
from artifact_warehouse.storage import broken_integrity

STOPS = """
import json, os, sys

def stop(name, event, count, number):
    calls = 0
    def watch(frame, what, argument):
        nonlocal calls
        if what == event and f"{frame.f_globals.get('__name__')}.{frame.f_code.co_name}" == name:
            calls += 1
            if calls == count:
                os.kill(os.getpid(), number)
    sys.setprofile(watch)

if "STOP_AT" in os.environ:
    stop(*json.loads(os.environ["STOP_AT"]))
"""
"""The beginning of a program that sends itself a signal at the moment that STOP_AT names."""

IN_SMALL_STEPS = f"""
from artifact_warehouse.process import skip_slow_imports, install_sigint_handler
install_sigint_handler()
skip_slow_imports()
{STOPS}
from artifact_warehouse.cli import main
from artifact_warehouse.load import LoadSettings
main(LoadSettings(**json.loads(os.environ["LOAD_SETTINGS"])))
"""
"""The command line, as LOAD_SETTINGS says."""


class Moment(NamedTuple):
    """The n-th call of a function of a module, or the n-th return from it."""

    function: str
    event: str
    number: int = 1


def stop_at(moment: Moment, number: int) -> dict[str, str]:
    """What the environment says to a program that sends itself a signal at a moment."""
    return {"STOP_AT": json.dumps([*moment, number])}


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-c", IN_SMALL_STEPS, *map(str, arguments)]


def environment(batch_bytes: int, workers: int = 0) -> dict[str, str]:
    settings = {"batch_bytes": batch_bytes, "step_bytes": 32_768}
    if workers:
        settings |= {"min_parts": 1, "part_bytes": 32_768, "max_workers": workers}
    return {**os.environ, "LOAD_SETTINGS": json.dumps(settings)}


def make_input(folder: Path, count: int) -> Path:
    """A folder of `count` artifacts of every kind, most of them run_results as a nightly job leaves them."""
    files = sorted(SAMPLES.rglob("*.json"))
    by_content = {file.read_bytes(): file for file in files}
    others = [file for file in by_content.values() if file.name in ("catalog.json", "sources.json")]
    manifests = [file for file in by_content.values() if file.name == "manifest.json"]
    others += [*manifests[::5], next(file for file in files if file.name == "semantic_manifest.json")]
    runs = [file for file in files if file.name == "run_results.json" and file.stat().st_size < 10_000]
    for number in range(count - len(others)):
        run = json.loads(runs[number % len(runs)].read_bytes())
        run["metadata"]["invocation_id"] = f"00000000-0000-4000-8000-{number:012}"
        target = folder / f"{number:04}" / "run_results.json"
        target.parent.mkdir(parents=True)
        target.write_text(json.dumps(run))
    for number, file in enumerate(others):  # among the others, not all at one end
        target = folder / f"{number * count // len(others):04}b" / file.name
        target.parent.mkdir(parents=True)
        shutil.copy(file, target)
    return folder


def contents(path: Path) -> dict[str, list[tuple]]:
    """The rows of every table, by plain duckdb, without when they were loaded."""
    with duckdb.connect(str(path), read_only=True) as connection:
        return {
            table.name: connection.execute(
                f"SELECT * {'EXCLUDE (loaded_at)' if table.name == 'artifacts' else ''} "
                f"FROM stored.{table.name} ORDER BY ALL"
            ).fetchall()
            for table in tables.TABLES
        }


def rows_of_artifacts(path: Path) -> dict[str, Counter[str]]:
    """How many rows of each table belong to each artifact, by artifact_id; those of sets and definitions too."""
    owned = [t.name for t in tables.TABLES if t.columns[0].name == "artifact_key" and t.name != "artifacts"]
    queries = [
        f"SELECT artifact_id, '{name}', count(*) FROM stored.artifacts INNER JOIN stored.{name} USING (artifact_key) "
        "GROUP BY ALL"
        for name in owned
    ]
    sets = {
        "graph_id": ("definitions", "definition_id"),
        "rendering_set_id": ("renderings", "rendering_id"),
        "catalog_set_id": ("catalog_relations", "catalog_relation_id"),
    }
    for set_id, (name, key) in sets.items():
        queries.append(
            f"SELECT artifact_id, '{name}', count(*) FROM stored.artifacts "
            f"INNER JOIN stored.set_members ON set_id = {set_id} INNER JOIN stored.{name} ON {key} = member_id "
            "GROUP BY ALL"
        )
    found: dict[str, Counter[str]] = {}
    with duckdb.connect(str(path), read_only=True) as connection:
        for artifact_id, name, count in connection.execute(" UNION ALL ".join(queries)).fetchall():
            found.setdefault(artifact_id, Counter())[name] = count
    return found


def assert_intact(path: Path) -> None:
    """Every row has its artifact, nothing is stored twice, no reference leads nowhere. Asks no view."""
    with duckdb.connect(str(path), read_only=True) as connection:
        assert broken_integrity(connection) == []


def wholly_in(path: Path, undisturbed: dict[str, Counter[str]]) -> int:
    """How many artifacts the file holds; fails unless each has all its rows, and the file is intact."""
    found = rows_of_artifacts(path)
    for artifact_id, rows in found.items():
        assert rows == undisturbed[artifact_id], artifact_id
    assert_intact(path)
    return len(found)


def descendants(pid: int) -> set[int]:
    """The processes that a process has started, and those that they have; threads may end meanwhile."""
    children: set[int] = set()
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            children.update(map(int, task.read_text().split()))
    return children.union(*map(descendants, children))


def alive(pids: set[int]) -> Iterator[int]:
    """Those of the processes that still run; a dead one that nobody has waited for does not."""
    for pid in pids:
        try:
            status = Path(f"/proc/{pid}/stat").read_text()
        except OSError:
            continue
        if status.rpartition(")")[2].split()[0] not in "ZX":
            yield pid
