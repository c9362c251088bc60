"""Column lineage: a large project at once, against dbt-colibri and against parsing alone; again; and hostile SQL.

All figures are processor time. dbt-colibri is what it is with the sqlglot that it works best with.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from math import log2
from pathlib import Path
from typing import Any

from bench import Bench, Case, Row, constant, say
from cases.manifests import REAL
from measure import Command, Failed, Measured, alternate, ask, python, run_once, warehouse_command, warm

COLIBRI = ("dbt-colibri==0.3.7", "sqlglot[c]==30.18.0")
HOSTILE_SECONDS = 0.1
HOSTILE_BYTES = 400e6


def generated(bench: Bench) -> Path:
    """Three folders with a manifest and a catalog of one project; see compiled.py."""
    models = bench.pick(4750, 300)
    return bench.made(f"compiled_{models}", "compiled.py", models)


def _processor_time(measured: Measured) -> Measured:
    return measured._replace(values=measured.cpu_values, cpu_values=())


def _columns(bench: Bench, loaded: Path, name: str) -> Command:
    """The command line resolves the columns of a copy of a warehouse."""
    return Command(warehouse_command("columns", bench.work / "scratch" / name), lambda: bench.copy(loaded, name))


def cold(bench: Bench) -> Iterator[Row]:
    """All columns of a generated project, and of a real one where it lies beside the checkout."""
    folder = generated(bench) / "cold"
    said = f"a project of {bench.pick(4750, 300):,} models"
    yield from _cold(
        bench, said, bench.loaded("compiled.duckdb", folder), folder / "manifest.json", folder / "catalog.json"
    )
    if not bench.is_quick and REAL.exists():
        real = bench.made("real", "data.py", "unpack", str(REAL))
        files = [real / kind / f"{kind}.json" for kind in ("manifest", "catalog")]
        yield from _cold(bench, "a real project of 3,000 models", bench.loaded("real_columns.duckdb", *files), *files)


def _cold(bench: Bench, said: str, loaded: Path, manifest: Path, catalog: Path) -> Iterator[Row]:
    warm(manifest, catalog)
    found = ask("columnwork.py", "parsing", loaded, bench.repeats)
    parsing, resolving = (Measured(tuple(found[name])) for name in ("parsing", "resolving"))
    yield Row(f"columns of {said}, resolved in one process", "sqlglot: parsing the same texts", 1.5, resolving, parsing)
    try:
        peer = bench.made("colibri", "peers.py", *COLIBRI)
    except Failed as error:
        say(f"  dbt-colibri cannot be installed: {error}")
        return
    commands = {
        "columns": _columns(bench, loaded, "cold.duckdb"),
        "colibri": Command([peer / "bin" / "python", *python("peers.py", "colibri", manifest, catalog)[1:]]),
    }
    turns = {name: _processor_time(m) for name, m in alternate(commands, bench.pick(1, 2)).items()}
    case = f"columns of {said}: `columns`, from the start of Python to the last row written"
    yield Row(case, "dbt-colibri 0.3.7, sqlglot 30.18", 0.09, turns["columns"], turns["colibri"])


def again(bench: Bench) -> Iterator[Row]:
    """A later manifest of that project, of which all is known, or all but a hundredth."""
    folder = generated(bench)
    resolved = bench.loaded("before.duckdb", folder / "cold")
    loaded = {"cold": bench.copy(resolved, "cold.loaded")}
    run_once(Command(warehouse_command("columns", resolved)))
    for name in ("unchanged", "changed"):
        loaded[name] = bench.copy(resolved, f"{name}.loaded")
        run_once(Command(warehouse_command("load", loaded[name], folder / name)))
    commands = {name: _columns(bench, path, f"{name}.duckdb") for name, path in loaded.items()}
    whole = {name: _processor_time(m) for name, m in alternate(commands, bench.repeats).items()}
    steps: dict[str, list[float]] = {name: [] for name in loaded}
    for _ in range(bench.repeats):
        for name, path in loaded.items():
            steps[name].append(ask("columnwork.py", "step", bench.copy(path, f"{name}.duckdb")))
    inner = {name: Measured(tuple(seconds)) for name, seconds in steps.items()}
    for name, said, goal in (("unchanged", "nothing changed", 0.1), ("changed", "1 % of the models changed", 0.05)):
        case = f"`columns` after a later manifest, {said}"
        yield Row(f"{case}: the step alone", "of the first one", goal, inner[name], inner["cold"])
        yield Row(f"{case}: the whole command", "of the first one", None, whole[name], whole["cold"])


def hostile(bench: Bench) -> Iterator[Row]:
    """SQL that is made to be slow: its time, its memory, and how both grow."""
    found: dict[str, dict[str, Any]] = ask("hostile.py")
    for name in found:
        found[name] |= ask("hostile.py", name, bench.repeats)
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


CASES = (
    Case("columns", "the columns of 4,750 models and of a real project, all at once", cold),
    Case("columns_again", "the columns of a later manifest", again),
    Case("hostile", "SQL that is made to be slow", hostile),
)
