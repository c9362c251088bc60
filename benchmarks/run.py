"""Measure all cases, or some, as ratios against their baselines.

python benchmarks/run.py                     everything; writes RESULTS.md, and plots into the work folder
python benchmarks/run.py --quick             everything, smaller; prints the table and the profile
python benchmarks/run.py --case cold_load    one case at its full size; prints its rows
python benchmarks/run.py --profile           where the processor time of a cold load goes
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import growth
import report
from bench import Bench, Row, say
from cases import CASES, loading
from measure import HERE, ask


def profile(bench: Bench) -> dict[str, Any]:
    """Where the processor time of a cold load goes."""
    folder = loading.run_results(bench, "100 KB", bench.pick(5000, 500))
    found: dict[str, Any] = ask("profiling.py", bench.scratch("profile.duckdb"), folder)
    return found


def measured(bench: Bench, names: list[str]) -> list[Row]:
    """The rows of these cases; says how long each took."""
    rows: list[Row] = []
    for name in names:
        say(f"{name}: {CASES[name].__doc__}")
        start = time.perf_counter()
        for row in CASES[name](bench):
            say(f"  {row.ratio:.3g} x {row.baseline}: {row.case}")
            rows.append(row)
        say(f"  took {time.perf_counter() - start:.0f} s")
    return rows


def everything(bench: Bench, out: Path) -> None:
    """Write RESULTS.md and the plots."""
    start = time.perf_counter()
    rows = measured(bench, [*CASES])
    say("growth")
    curves = growth.curves(bench)
    for curve in curves:
        growth.plot(curve, bench.work / "plots")
    hostile = json.loads((bench.work / "hostile.json").read_text())
    page = out / "RESULTS.md"
    notes = report.notes(page.read_text() if page.exists() else "")
    minutes = (time.perf_counter() - start) / 60
    page.write_text(report.page(rows, profile(bench), curves, hostile, minutes, notes))
    say(f"wrote {page} and {bench.work / 'plots'}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--case", action="append", choices=[*CASES], default=[])
    parser.add_argument("--growth", action="store_true", help="only the growth")
    parser.add_argument("--profile", action="store_true", help="only the profile")
    parser.add_argument("--repeats", type=int, help="turns of each case: 5, or 3 with --quick")
    parser.add_argument("--work", type=Path, default=HERE / "work", help="the folder that keeps generated data")
    parser.add_argument("--out", type=Path, help="the folder of RESULTS.md (without --quick, this one)")
    given = parser.parse_args()
    bench = Bench(given.work, given.quick, given.repeats or (3 if given.quick else 5))
    bench.work.mkdir(parents=True, exist_ok=True)
    if given.profile:
        print(report.profile_table(profile(bench)))
    elif given.growth:
        print(report.growth_section(growth.curves(bench)))
    elif given.case:
        print(report.table(measured(bench, given.case)))
    elif given.quick and not given.out:
        print(report.table(measured(bench, [*CASES])))
        print(report.profile_table(profile(bench)))
    else:
        everything(bench, given.out or HERE)


if __name__ == "__main__":
    main()
