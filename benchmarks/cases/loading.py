"""Loads of run_results. All times are of whole processes, the start of Python included, on both sides."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

from bench import Bench, Row, constant, orjson_loads
from measure import Command, Measured, alternate, ask, python, run_once, warehouse_command

RESULTS = {"100 KB": 100, "20 results": 20}
"""Results in a file: 100 with compiled code are about 100 KB."""
ORJSON = "reading and orjson.loads of every file"


def run_results(bench: Bench, size: str, files: int) -> Path:
    """A folder with run_results of a project of 1,000 models."""
    name = f"run_results_{size.replace(' ', '_')}_{files}"
    return bench.made(name, "runs", count=files, manifests=0, results_per_file=RESULTS[size])


def cold_load(bench: Bench) -> Iterator[Row]:
    """Many run_results of 100 KB into a fresh file."""
    files = bench.pick(5000, 500)
    folder = run_results(bench, "100 KB", files)
    parsed = files // 10
    plain = bench.work / "scratch" / "plain.duckdb"
    others = {
        "nothing": Command(python("baselines.py", "parser", folder, 0)),
        "parser": Command(python("baselines.py", "parser", folder, parsed)),
        "duckdb": Command(python("baselines.py", "plain_duckdb", folder, plain), lambda: bench.scratch(plain.name)),
    }
    found = bench.against_orjson("cold.duckdb", folder, check="run_results", others=others)
    case = f"cold load of {files:,} run_results of 100 KB"
    factor = files / parsed
    scaled = found["parser"].combined(found["nothing"], lambda parse, start: start + (parse - start) * factor)
    yield Row(case, ORJSON, 2.0, found["load"], found["orjson"], stretch=1.0)
    yield Row(case, f"dbt-artifacts-parser ({parsed:,} files, scaled)", 0.4, found["load"], scaled)
    yield Row(case, "plain DuckDB: read_json, INSERT … SELECT", 0.25, found["load"], found["duckdb"])


def small_jobs(bench: Bench) -> Iterator[Row]:
    """Many run_results of 20 results."""
    files = bench.pick(5000, 500)
    found = bench.against_orjson("small.duckdb", run_results(bench, "20 results", files), check="run_results")
    yield Row(f"cold load of {files:,} run_results of 20 results", ORJSON, 3.0, found["load"], found["orjson"])


def reload(bench: Bench) -> Iterator[Row]:
    """A second load of the same files."""
    files = bench.pick(5000, 500)
    folder = run_results(bench, "100 KB", files)
    warehouse = bench.loaded("again.duckdb", folder)
    commands = {
        "load": Command(warehouse_command("load", warehouse, folder)),
        "sha256sum": Command(["sha256sum", *sorted(folder.rglob("*.json"))]),
    }
    found = alternate(commands, bench.repeats)
    ask("checks.py", "run_results", warehouse, folder)
    yield Row(f"loading the {files:,} files again, unchanged", "sha256sum", 1.2, found["load"], found["sha256sum"])


@cache
def loads_by_count(bench: Bench, size: str, counts: tuple[int, ...], repeats: int) -> dict[int, Measured]:
    """Loads of the first files of a folder, in turn, by the number of files."""
    folder = run_results(bench, size, max(counts))
    run_once(orjson_loads(folder))
    commands = {str(count): bench.load(f"{count}.duckdb", bench.subset(folder, count)) for count in counts}
    found = alternate(commands, repeats)
    ask("checks.py", "run_results", bench.work / "scratch" / f"{max(counts)}.duckdb", folder)
    return {int(count): measured for count, measured in found.items()}


def small_file_loads(bench: Bench) -> dict[int, Measured]:
    """Loads of files of 20 results, by the number of files."""
    counts = (100, 300, 1000) if bench.is_quick else (100, 300, 1000, 3000, 10_000)
    return loads_by_count(bench, "20 results", counts, bench.pick(3, 1))


def memory(bench: Bench) -> Iterator[Row]:
    """Peak memory of a load of ten times as many files."""
    most = bench.pick(10_000, 500)
    found = loads_by_count(bench, "100 KB", (most // 10, most), 2)
    subject, against = (constant(found[count].peak_bytes or 0) for count in (most, most // 10))
    yield Row(f"peak memory of {most:,} files of 100 KB", f"of {most // 10:,} of them", 1.1, subject, against)
