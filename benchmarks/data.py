"""Data that takes more than one call of the generator: `python benchmarks/data.py PATH NAME ARGUMENTS`."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import duckdb

from artifact_warehouse import Warehouse
from generate import START, History, Run, runs, write
from measure import warehouse_command
from project import Project, Shape

RUNS_AT_ONCE = 25
DAYS = 30
"""Days, and so runs, of the project that `executions` multiplies."""


def load(warehouse: Path | str, *folders: Path) -> None:
    """Load with the command line, so that its memory is given back."""
    _finish(_start_loading(warehouse, *folders))


def _start_loading(warehouse: Path | str, *folders: Path) -> subprocess.Popen[bytes]:
    command = [*map(str, warehouse_command("load", warehouse, *folders))]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _finish(loading: subprocess.Popen[bytes]) -> None:
    if loading.wait():
        raise subprocess.CalledProcessError(loading.returncode, loading.args)


def nightly(folder: Path, run_count: int, models: int) -> None:
    """`full.duckdb` with many small runs of a project, `empty.duckdb` with none, and `next`, a run to come."""
    project, jobs = Project(Shape(models=models), seed=1), History(results_per_file=20)
    write(folder / "history", (Run(project, jobs, n, seed=1) for n in range(run_count)), manifests=run_count // 10)
    after = run_count * 20 // len(project.nodes) + 1
    write(folder / "next", [Run(project, History(), after, seed=1)])
    load(folder / "full.duckdb", folder / "history")
    with Warehouse(folder / "empty.duckdb") as warehouse:
        warehouse.migrate()
    shutil.rmtree(folder / "history")


def unpack(folder: Path, archive: str) -> None:
    """manifest, run_results and catalog of the large project in the archive of real runs, a folder each."""
    with tarfile.open(archive) as files:
        for member in files:
            path = Path(member.name)
            if member.isfile() and path.parent.name == "1.10_docs":
                (folder / path.stem).mkdir()
                source = files.extractfile(member)
                assert source
                with (folder / path.stem / path.name).open("wb") as target:
                    shutil.copyfileobj(source, target)


def years(folder: Path, warehouse: str, run_count: int, models: int) -> dict[str, int]:
    """Load so many runs of a project, a few at a time, and say how large their JSON was, and what was in it.

    The next runs are made while the last ones are loaded.
    """
    made = runs(Shape(models=models), History(), run_count)
    json_bytes = 0
    loading: tuple[subprocess.Popen[bytes], Path] | None = None
    for start in range(0, run_count, RUNS_AT_ONCE):
        part = folder / str(start)
        written = write(part, islice(made, RUNS_AT_ONCE))
        json_bytes += sum(path.stat().st_size for path in part.rglob("*.json"))
        if loading:
            _finish_and_delete(*loading)
        loading = _start_loading(warehouse, part), part
    if loading:
        _finish_and_delete(*loading)
    nodes = written[-1].project.nodes
    return {
        "json_bytes": json_bytes,
        "results": run_count * len(nodes),
        "versions": sum(1 + node.revision for node in nodes),
    }


def _finish_and_delete(loading: subprocess.Popen[bytes], folder: Path) -> None:
    _finish(loading)
    shutil.rmtree(folder)


def executions(folder: Path, models: int) -> None:
    """`1.duckdb` with 30 runs of a project, to be multiplied."""
    write(folder / "runs", runs(Shape(models=models), History(failure_rate=0.02), DAYS), manifests=10)
    load(folder / "1.duckdb", folder / "runs")


def multiply(path: Path, first: int, last: int) -> None:
    """Add copies number `first` up to `last` of the first 30 days' runs to a warehouse, each 30 days later.

    Every copy has artifacts and invocations of its own; its execution times are a little longer.
    """
    with Warehouse(path) as warehouse:
        connection = warehouse.connection
        connection.execute(
            "CREATE TEMP TABLE originals AS SELECT artifact_key FROM stored.artifacts "
            f"WHERE kind = 'run_results' AND generated_at < TIMESTAMP '{START}' + INTERVAL {DAYS} DAY"
        )
        for copy in range(first, last):
            connection.execute("BEGIN")
            for table, columns in _keyed_columns(connection).items():
                selected = ", ".join(_copied(name, kind, copy) for name, kind in columns)
                connection.execute(
                    f"INSERT INTO stored.{table} SELECT {selected} FROM stored.{table} SEMI JOIN originals "
                    f"ON originals.artifact_key = {table}.artifact_key ORDER BY {table}.rowid"
                )
            connection.execute("COMMIT")
        connection.execute("DELETE FROM stored.settled_artifacts")
        connection.execute("INSERT INTO stored.settled_artifacts BY NAME FROM internal.settled_artifacts")
        connection.execute("CHECKPOINT")


def _keyed_columns(connection: duckdb.DuckDBPyConnection) -> dict[str, list[tuple[str, str]]]:
    """Name and type of all columns of the tables whose rows belong to an artifact."""
    found: dict[str, list[tuple[str, str]]] = {}
    for table, name, kind in connection.execute(
        "SELECT table_name, column_name, data_type FROM duckdb_columns() WHERE schema_name = 'stored' "
        "AND database_name = current_database() ORDER BY table_name, column_index"
    ).fetchall():
        found.setdefault(table, []).append((name, kind))
    return {
        table: columns
        for table, columns in found.items()
        if table != "settled_artifacts" and any(name == "artifact_key" for name, _ in columns)
    }


def _copied(name: str, kind: str, copy: int) -> str:
    """A column's value in a copy."""
    changed = {
        "artifact_key": f"CAST(hash(artifact_key, {copy}) >> 1 AS BIGINT)",
        "artifact_id": f"sha256(concat(artifact_id, ' {copy}'))",
        "invocation_id": f"md5(concat(invocation_id, ' {copy}'))",
        "uri": f"concat(uri, ' {copy}')",
        "execution_seconds": f"execution_seconds * {1 + copy / 1000}",
        "loaded_at": "loaded_at",
    }
    return changed.get(name) or (f"{name} + INTERVAL {copy * DAYS} DAY" if kind == "TIMESTAMP" else name)


def main() -> None:
    folder, name, *arguments = sys.argv[1:]
    all_makers: tuple[Callable[..., object], ...] = (nightly, unpack, years, executions, multiply)
    makers = {maker.__name__: maker for maker in all_makers}
    said = makers[name](Path(folder), *(int(a) if a.isdigit() else a for a in arguments))
    print(json.dumps(said))


if __name__ == "__main__":
    main()
