"""Loads of manifests. All times are of whole processes, or differences between two of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bench import ROOT, Bench, Row, constant, orjson_loads
from measure import Command, alternate, ask, python, run_once, warehouse_command

REAL = ROOT.parent / "shared" / "real_runs" / "scale.tar.xz"
FURTHER = 3


def manifests(bench: Bench, compilation: str) -> Path:
    """A folder with a manifest of 80 MB and about 20,000 nodes, and further manifests of the same project."""
    models = bench.pick(5600, 1120)
    options = ("--models", models, "--columns", 8, "--runs", 1 + FURTHER, "--compilation", compilation)
    return bench.made(f"manifests_{compilation}_{models}", "generate.py", *options, "--no-run-results")


def first_manifest(bench: Bench) -> Iterator[Row]:
    """The first manifest of a large project, and its peak memory."""
    folder = bench.subset(manifests(bench, "dated"), 1)
    [file] = folder.rglob("manifest.json")
    without_gc = {"without gc": Command(python("baselines.py", "loads_without_gc", folder))}
    found = bench.against_orjson("first.duckdb", folder, check="manifests", others=without_gc)
    size = file.stat().st_size
    case = f"first manifest of {size / 1e6:.0f} MB"
    yield Row(case, "orjson.loads of it", 3.0, found["load"], found["orjson"])
    yield Row(case, "orjson.loads of it, garbage collector off", None, found["load"], found["without gc"])
    peak = constant(found["load"].peak_bytes or 0, "bytes", found["load"].peak_bytes)
    yield Row("peak memory of that", "the file's size", 4.0, peak, constant(size))


def further_manifest(bench: Bench) -> Iterator[Row]:
    """Each further manifest: 1 % of nodes changed, created_at and compilation different everywhere."""
    variants = {"dated": "all compiled code differs", "alternating": "parse and build in turn"}
    for compilation, said in [*variants.items()][: bench.pick(2, 1)]:
        folder = manifests(bench, compilation)
        others = {
            "load one": bench.load("one.duckdb", bench.subset(folder, 1)),
            "nothing": orjson_loads(),
            "further": orjson_loads(*sorted(folder.iterdir())[1:]),
        }
        found = bench.against_orjson("all.duckdb", folder, check="manifests", others=others)
        load = found["load"].per_part(found["load one"], FURTHER)
        loads = found["further"].per_part(found["nothing"], FURTHER)
        yield Row(f"each further manifest, {said}", "orjson.loads of it", 0.4, load, loads)


def further_alone(bench: Bench) -> Iterator[Row]:
    """A further manifest, loaded by a process of its own into the warehouse of the day before."""
    first, second, *_ = sorted(manifests(bench, "dated").iterdir())
    yesterday = bench.loaded("yesterday.duckdb", first)
    today = bench.work / "scratch" / "today.duckdb"
    run_once(orjson_loads(second))
    commands = {
        "load": Command(warehouse_command("load", today, second), lambda: bench.copy(yesterday, today.name)),
        "orjson": orjson_loads(second),
    }
    found = alternate(commands, bench.repeats)
    ask("checks.py", "manifests", today, first, second)
    case = "a further manifest, all compiled code differs, as a process of its own"
    yield Row(case, "orjson.loads of it, as a process of its own", None, found["load"], found["orjson"])


def real(bench: Bench) -> Iterator[Row]:
    """The artifacts of a real project of 10,277 nodes, where their archive is beside the checkout."""
    if bench.is_quick or not REAL.exists():
        return
    folder = bench.made("real", "data.py", "unpack", str(REAL))
    for kind, check in (("manifest", "manifests"), ("run_results", "run_results"), ("catalog", None)):
        file = folder / kind / f"{kind}.json"
        found = bench.against_orjson(f"real_{kind}.duckdb", file, check=check)
        case = f"a real {kind} of {file.stat().st_size / 1e6:.0f} MB"
        goal = 3.0 if kind == "manifest" else None
        yield Row(case, "orjson.loads of it", goal, found["load"], found["orjson"])
