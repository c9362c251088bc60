"""Column lineage: a large project at once, and again. All figures are processor time.

dbt-colibri runs with the release of sqlglot with which it was fastest.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bench import Bench, Row, say
from cases.manifests import REAL
from measure import Command, Failed, Measured, alternate, ask, python, run_once, warehouse_command

COLIBRI = ("dbt-colibri==0.3.7", "sqlglot[c]==30.18.0")


def _generated(bench: Bench) -> Path:
    models = bench.pick(4750, 300)
    return bench.made(f"compiled_{models}", "compiled", models=models)


def columns(bench: Bench) -> Iterator[Row]:
    """The columns of a generated project, and of a real one where its archive is beside the checkout."""
    yield from _columns(bench, f"a project of {bench.pick(4750, 300):,} models", _generated(bench) / "cold")
    if not bench.is_quick and REAL.exists():
        yield from _columns(bench, "a real project of 3,000 models", bench.made("real", "unpack", archive=str(REAL)))


def _columns(bench: Bench, said: str, folder: Path) -> Iterator[Row]:
    manifest, catalog = folder / "manifest.json", folder / "catalog.json"
    found = ask("resolving.py", "project", manifest, catalog, bench.repeats)
    parsing, resolving = (Measured(tuple(found[name])) for name in ("parsing", "resolving"))
    yield Row(f"columns of {said}, resolved in one process", "sqlglot: parsing the same texts", 1.5, resolving, parsing)
    try:
        peer = bench.made("colibri", "environment", requirements=COLIBRI)
    except Failed as error:
        say(f"  dbt-colibri cannot be installed: {error}")
        return
    loaded, target = bench.loaded("uncolumned.duckdb", manifest, catalog), bench.work / "scratch" / "columns.duckdb"
    commands = {
        "columns": Command(warehouse_command("columns", target), lambda: bench.copy(loaded, target.name)),
        "colibri": Command([peer / "bin" / "python", *python("baselines.py", "colibri", manifest, catalog)[1:]]),
    }
    turns = alternate(commands, bench.pick(1, 2))
    mine, theirs = (turns[name]._replace(values=turns[name].cpu_values, cpu_values=()) for name in commands)
    case = f"columns of {said}: `columns`, from the start of Python to the last row written"
    yield Row(case, "dbt-colibri 0.3.7, sqlglot 30.18", 0.09, mine, theirs)


def columns_again(bench: Bench) -> Iterator[Row]:
    """The columns of a later manifest: all models known, or all but a hundredth."""
    folder = _generated(bench)
    resolved = bench.loaded("before.duckdb", folder / "cold")
    loaded = {"cold": bench.copy(resolved, "cold.loaded")}
    run_once(Command(warehouse_command("columns", resolved)))
    for name in ("unchanged", "changed"):
        loaded[name] = bench.copy(resolved, f"{name}.loaded")
        run_once(Command(warehouse_command("load", loaded[name], folder / name)))
    steps: dict[str, list[float]] = {name: [] for name in loaded}
    for _ in range(bench.repeats):
        for name, path in loaded.items():
            steps[name].append(ask("resolving.py", "step", bench.copy(path, f"{name}.duckdb")))
    found = {name: Measured(tuple(seconds)) for name, seconds in steps.items()}
    for name, said, goal in (("unchanged", "nothing changed", 0.1), ("changed", "1 % of the models changed", 0.05)):
        case = f"`columns` after a later manifest, {said}: the step alone"
        yield Row(case, "of the first one", goal, found[name], found["cold"])
