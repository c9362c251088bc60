"""Column lineage: a large project at once, again, and hostile SQL. All figures are processor time.

dbt-colibri runs with the release of sqlglot with which it was fastest.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from math import log2
from pathlib import Path
from typing import Any

from bench import Bench, Row, constant, say
from cases.manifests import REAL
from measure import Command, Failed, Measured, alternate, ask, python, run_once, warehouse_command

COLIBRI = ("dbt-colibri==0.3.7", "sqlglot[c]==30.18.0")
HOSTILE_SECONDS = 0.1
HOSTILE_BYTES = 400e6


def _generated(bench: Bench) -> Path:
    models = bench.pick(4750, 300)
    return bench.made(f"compiled_{models}", "compiled.py", models)


def _resolve_columns(bench: Bench, loaded: Path, name: str) -> Command:
    """The command line that resolves the columns of a copy of a warehouse."""
    return Command(warehouse_command("columns", bench.work / "scratch" / name), lambda: bench.copy(loaded, name))


def _processor_times(commands: dict[str, Command], repeats: int) -> dict[str, Measured]:
    found = alternate(commands, repeats)
    return {name: measured._replace(values=measured.cpu_values, cpu_values=()) for name, measured in found.items()}


def columns(bench: Bench) -> Iterator[Row]:
    """The columns of a generated project, and of a real one where its archive is beside the checkout."""
    yield from _columns(bench, f"a project of {bench.pick(4750, 300):,} models", _generated(bench) / "cold")
    if not bench.is_quick and REAL.exists():
        yield from _columns(bench, "a real project of 3,000 models", bench.made("real", "data.py", "unpack", str(REAL)))


def _columns(bench: Bench, said: str, folder: Path) -> Iterator[Row]:
    manifest, catalog = (next(folder.rglob(f"{kind}.json")) for kind in ("manifest", "catalog"))
    found = ask("resolving.py", "project", manifest, catalog, bench.repeats)
    parsing, resolving = (Measured(tuple(found[name])) for name in ("parsing", "resolving"))
    yield Row(f"columns of {said}, resolved in one process", "sqlglot: parsing the same texts", 1.5, resolving, parsing)
    try:
        peer = bench.made("colibri", "data.py", "environment", *COLIBRI)
    except Failed as error:
        say(f"  dbt-colibri cannot be installed: {error}")
        return
    loaded = bench.loaded("uncolumned.duckdb", manifest, catalog)
    commands = {
        "columns": _resolve_columns(bench, loaded, "cold.duckdb"),
        "colibri": Command([peer / "bin" / "python", *python("baselines.py", "colibri", manifest, catalog)[1:]]),
    }
    turns = _processor_times(commands, bench.pick(1, 2))
    case = f"columns of {said}: `columns`, from the start of Python to the last row written"
    yield Row(case, "dbt-colibri 0.3.7, sqlglot 30.18", 0.09, turns["columns"], turns["colibri"])


def columns_again(bench: Bench) -> Iterator[Row]:
    """The columns of a later manifest: all models known, or all but a hundredth."""
    folder = _generated(bench)
    resolved = bench.loaded("before.duckdb", folder / "cold")
    loaded = {"cold": bench.copy(resolved, "cold.loaded")}
    run_once(Command(warehouse_command("columns", resolved)))
    for name in ("unchanged", "changed"):
        loaded[name] = bench.copy(resolved, f"{name}.loaded")
        run_once(Command(warehouse_command("load", loaded[name], folder / name)))
    commands = {name: _resolve_columns(bench, path, f"{name}.duckdb") for name, path in loaded.items()}
    whole = _processor_times(commands, bench.repeats)
    steps: dict[str, list[float]] = {name: [] for name in loaded}
    for _ in range(bench.repeats):
        for name, path in loaded.items():
            steps[name].append(ask("resolving.py", "step", bench.copy(path, f"{name}.duckdb")))
    inner = {name: Measured(tuple(seconds)) for name, seconds in steps.items()}
    for name, said, goal in (("unchanged", "nothing changed", 0.1), ("changed", "1 % of the models changed", 0.05)):
        case = f"`columns` after a later manifest, {said}"
        yield Row(f"{case}: the step alone", "of the first one", goal, inner[name], inner["cold"])
        yield Row(f"{case}: the whole command", "of the first one", None, whole[name], whole["cold"])


def hostile(bench: Bench) -> Iterator[Row]:
    """The hostile SQL of the tests: its time, its memory, and how both grow."""
    found: dict[str, dict[str, Any]] = ask("resolving.py", "hostile")
    for name in found:
        found[name] |= ask("resolving.py", "hostile", name, bench.repeats)
    (bench.work / "hostile.json").write_text(json.dumps(found))
    slowest = max(found, key=lambda name: float(found[name]["resolving"]))
    hungriest = max(found, key=lambda name: int(found[name]["peak_bytes"]))
    steepest = max(found, key=lambda name: growth(found[name]))
    of_slowest, of_steepest = found[slowest], found[steepest]
    case = f"the slowest of {len(found)} hostile texts: {of_slowest['size']:,} {slowest}"
    yield Row(case, "0.1 s", 1.0, constant(of_slowest["resolving"], "s"), constant(HOSTILE_SECONDS, "s"))
    case = f"the steepest of them: {2 * of_steepest['size']:,} {steepest}"
    half, whole = constant(of_steepest["resolving"], "s"), constant(of_steepest["twice"], "s")
    yield Row(case, f"{of_steepest['size']:,} of them", None, whole, half)
    case = f"the peak memory of a process that resolves {found[hungriest]['size']:,} {hungriest}"
    yield Row(case, "400 MB", 1.0, constant(found[hungriest]["peak_bytes"]), constant(HOSTILE_BYTES))


def growth(found: dict[str, Any]) -> float:
    """The exponent with which the time of a hostile text grows: 1 is linear."""
    return log2(found["twice"] / found["resolving"])
