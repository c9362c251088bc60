"""Loading run_results: many files into a fresh warehouse, and again.

All times are of whole processes, the start of Python included, on both sides.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

from bench import Bench, Case, Row, constant
from measure import Command, Measured, alternate, ask, python, warehouse_command, warm

RESULTS = {"100 KB": 100, "small": 20}
"""Results in a file: 100 with compiled code are about 100 KB."""


def run_results(bench: Bench, size: str, files: int) -> Path:
    """A folder with so many run_results of a project of 1,000 models."""
    options = ("--runs", files, "--results-per-file", RESULTS[size], "--manifests", 0)
    return bench.artifacts(f"run_results_{size.replace(' ', '_')}_{files}", *options)


def cold_load(bench: Bench) -> Iterator[Row]:
    """Many run_results of 100 KB, end to end into a fresh file."""
    files = bench.pick(5000, 500)
    folder = run_results(bench, "100 KB", files)
    warm(folder)
    parsed = files // 10
    plain = bench.work / "scratch" / "plain.duckdb"
    found = alternate(
        {
            "load": bench.load("cold.duckdb", folder),
            "loads": Command(python("baselines.py", "loads", folder)),
            "nothing": Command(python("baselines.py", "import_parser")),
            "parser": Command(python("baselines.py", "parser", folder, parsed)),
            "duckdb": Command(python("baselines.py", "plain_duckdb", folder, plain), lambda: bench.scratch(plain.name)),
        },
        bench.repeats,
    )
    ask("checks.py", "executions", bench.work / "scratch" / "cold.duckdb", folder)
    case = f"cold load of {files:,} run_results of 100 KB"
    scaled = found["parser"].scaled(found["nothing"], files / parsed)
    yield Row(case, "reading and orjson.loads of every file", 2.0, found["load"], found["loads"], stretch=1.0)
    yield Row(case, f"dbt-artifacts-parser ({parsed:,} files, scaled)", 0.4, found["load"], scaled)
    yield Row(case, "plain DuckDB: read_json, INSERT … SELECT", 0.25, found["load"], found["duckdb"])


def small_jobs(bench: Bench) -> Iterator[Row]:
    """Many run_results of 20 results each."""
    files = bench.pick(5000, 500)
    folder = run_results(bench, "small", files)
    warm(folder)
    commands = {
        "load": bench.load("small.duckdb", folder),
        "loads": Command(python("baselines.py", "loads", folder)),
    }
    found = alternate(commands, bench.repeats)
    ask("checks.py", "executions", bench.work / "scratch" / "small.duckdb", folder)
    case = f"cold load of {files:,} run_results of 20 results"
    yield Row(case, "reading and orjson.loads of every file", 3.0, found["load"], found["loads"])


def reload(bench: Bench) -> Iterator[Row]:
    """Loading everything again, unchanged."""
    files = bench.pick(5000, 500)
    folder = run_results(bench, "100 KB", files)
    warehouse = bench.loaded("again.duckdb", folder)
    warm(folder)
    commands = {
        "load": Command(warehouse_command("load", warehouse, folder)),
        "sha256sum": Command(["sha256sum", *sorted(folder.rglob("*.json"))]),
    }
    found = alternate(commands, bench.repeats)
    ask("checks.py", "executions", warehouse, folder)
    yield Row(f"loading the {files:,} files again, unchanged", "sha256sum", 1.2, found["load"], found["sha256sum"])


@cache
def small_file_loads(bench: Bench) -> dict[int, Measured]:
    """What loading so many files of 20 results takes, each count in turn."""
    counts = [100, 300, 1000] if bench.is_quick else [100, 300, 1000, 3000, 10_000]
    folder = run_results(bench, "small", max(counts))
    subsets = {count: bench.subset(folder, count) for count in counts}
    warm(folder)
    commands = {str(count): bench.load(f"{count}.duckdb", subset) for count, subset in subsets.items()}
    found = alternate(commands, bench.pick(3, 1))
    ask("checks.py", "executions", bench.work / "scratch" / f"{max(counts)}.duckdb", folder)
    return {count: found[str(count)] for count in counts}


def memory(bench: Bench) -> Iterator[Row]:
    """Peak memory of loading ten times as many files."""
    few, many = bench.pick(1000, 50), bench.pick(10_000, 500)
    folder = run_results(bench, "100 KB", many)
    warm(folder)
    commands = {str(n): bench.load(f"{n}.duckdb", bench.subset(folder, n)) for n in (few, many)}
    turns = alternate(commands, 2)  # peaks hardly vary
    yield memory_row("100 KB", {int(count): measured for count, measured in turns.items()}, 1.1)
    yield memory_row("20 results", small_file_loads(bench), None)  # a thousand of them do not fill one batch


def memory_row(size: str, found: dict[int, Measured], goal: float | None) -> Row:
    """Compares the peaks of the largest load and of one of a tenth."""
    many = max(found)
    subject, against = (constant(found[count].peak_bytes or 0) for count in (many, many // 10))
    return Row(f"peak memory of {many:,} files of {size}", f"of {many // 10:,} of them", goal, subject, against)


CASES = (
    Case("cold_load", "5,000 run_results of 100 KB into a fresh file", cold_load),
    Case("small_jobs", "5,000 run_results of 20 results", small_jobs),
    Case("reload", "everything again, unchanged", reload),
    Case("memory", "peak memory, 10,000 files against 1,000", memory),
)
