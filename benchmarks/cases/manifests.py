"""Loading manifests: a first one, further ones of the same project, and a real one.

All times are of whole processes; what a further manifest costs is the difference between two of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bench import ROOT, Bench, Case, Row, constant
from measure import Command, alternate, ask, python, warehouse_command, warm

REAL = ROOT.parent / "shared" / "real_runs" / "scale.tar.xz"
FURTHER = 3


def manifests(bench: Bench, compilation: str) -> Path:
    """A folder with a manifest of 80 MB and about 20,000 nodes, and further ones of the same project."""
    models = bench.pick(5600, 1120)
    options = ("--models", models, "--columns", 8, "--runs", 1 + FURTHER, "--compilation", compilation)
    return bench.artifacts(f"manifests_{compilation}_{models}", *options, "--no-run-results")


def first(bench: Bench) -> Iterator[Row]:
    """The first manifest of a large project."""
    folder = bench.subset(manifests(bench, "dated"), 1)
    [file] = folder.rglob("manifest.json")
    warm(folder)
    commands = {
        "load": bench.load("first.duckdb", folder),
        "loads": Command(python("baselines.py", "loads", folder)),
        "without gc": Command(python("baselines.py", "loads_without_gc", folder)),
    }
    found = alternate(commands, bench.repeats)
    ask("checks.py", "manifests", bench.work / "scratch" / "first.duckdb", folder)
    size = file.stat().st_size
    case = f"first manifest of {size / 1e6:.0f} MB"
    yield Row(case, "orjson.loads of it", 3.0, found["load"], found["loads"])
    yield Row(case, "orjson.loads of it, garbage collector off", None, found["load"], found["without gc"])
    peak = constant(found["load"].peak_bytes or 0, "bytes", found["load"].peak_bytes)
    yield Row("peak memory of that", "the file's size", 4.0, peak, constant(size))


def further(bench: Bench) -> Iterator[Row]:
    """Each further manifest: 1 % of nodes changed, created_at and compilation different everywhere."""
    variants = {"dated": "all compiled code differs", "alternating": "parse and build in turn"}
    for compilation, said in [*variants.items()][: bench.pick(2, 1)]:
        folder = manifests(bench, compilation)
        one = bench.subset(folder, 1)
        warm(folder)
        commands = {
            "load one": bench.load("one.duckdb", one),
            "load all": bench.load("all.duckdb", folder),
            "nothing": Command(python("baselines.py", "loads")),
            "loads": Command(python("baselines.py", "loads", *sorted(folder.iterdir())[1:])),
        }
        found = alternate(commands, bench.repeats)
        ask("checks.py", "manifests", bench.work / "scratch" / "all.duckdb", folder)
        load = found["load all"].less(found["load one"], FURTHER)
        loads = found["loads"].less(found["nothing"], FURTHER)
        yield Row(f"each further manifest, {said}", "orjson.loads of it", 0.4, load, loads)


def further_alone(bench: Bench) -> Iterator[Row]:
    """A further manifest, loaded by a process of its own into the warehouse of the day before."""
    folder = manifests(bench, "dated")
    first_run, second_run, *_ = sorted(folder.iterdir())
    yesterday = bench.loaded("yesterday.duckdb", first_run)
    today = bench.work / "scratch" / "today.duckdb"
    warm(folder)
    commands = {
        "load": Command(warehouse_command("load", today, second_run), lambda: bench.copy(yesterday, today.name)),
        "loads": Command(python("baselines.py", "loads", second_run)),
    }
    found = alternate(commands, bench.repeats)
    case = "a further manifest, all compiled code differs, as a process of its own"
    yield Row(case, "orjson.loads of it, as a process of its own", None, found["load"], found["loads"])


def real(bench: Bench) -> Iterator[Row]:
    """The artifacts of a real project of 10,277 nodes, where they lie beside the checkout."""
    if bench.is_quick or not REAL.exists():
        return
    folder = bench.made("real", "data.py", "unpack", str(REAL))
    warm(folder)
    for kind in ("manifest", "run_results", "catalog"):
        [file] = (folder / kind).rglob("*.json")
        commands = {
            "load": bench.load(f"real_{kind}.duckdb", file),
            "loads": Command(python("baselines.py", "loads", file)),
        }
        found = alternate(commands, bench.repeats)
        if kind != "catalog":
            check = {"manifest": "manifests", "run_results": "executions"}[kind]
            ask("checks.py", check, bench.work / "scratch" / f"real_{kind}.duckdb", folder / kind)
        case = f"a real {kind} of {file.stat().st_size / 1e6:.0f} MB"
        goal = 3.0 if kind == "manifest" else None
        yield Row(case, "orjson.loads of it", goal, found["load"], found["loads"])


CASES = (
    Case("first_manifest", "a manifest of 80 MB, about 20,000 nodes, and its peak memory", first),
    Case("further_manifest", "each further manifest of that project", further),
    Case("further_alone", "a further manifest, as a process of its own", further_alone),
    Case("real", "the artifacts of a real project of 10,277 nodes", real),
)
