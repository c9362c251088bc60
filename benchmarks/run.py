"""Measure all cases, or some, as ratios against their baselines.

python benchmarks/run.py                     everything; writes RESULTS.md and plots/
python benchmarks/run.py --quick             everything, smaller, in two minutes; prints the table
python benchmarks/run.py --case cold_load    one case at its full size; prints its rows
python benchmarks/run.py --profile           where the time of a cold load goes
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path
from typing import Any

import growth
import report
from bench import Bench, Case, Row, say
from cases import CASES, loading
from measure import HERE, ask


def profile(bench: Bench) -> dict[str, Any]:
    """Where the time of a cold load goes."""
    folder = loading.run_results(bench, "100 KB", bench.pick(5000, 500))
    found: dict[str, Any] = ask("profiling.py", bench.scratch("profile.duckdb"), folder)
    return found


def measured(bench: Bench, cases: list[Case]) -> list[Row]:
    """The rows of all cases; says how long each took."""
    rows: list[Row] = []
    for case in cases:
        say(f"{case.name}: {case.about}")
        stopwatch = Stopwatch()
        for row in case.run(bench):
            say(f"  {row.ratio:.3g} x {row.baseline}: {row.case}")
            rows.append(row)
        say(f"  took {stopwatch}")
    return rows


class Stopwatch:
    """How long something took, and how much processor time: more of the one than of the other is waiting."""

    def __init__(self) -> None:
        self._start, self._cpu = time.perf_counter(), self._cpu_seconds()

    @staticmethod
    def _cpu_seconds() -> float:
        return sum(os.times()[:4])

    @property
    def minutes(self) -> float:
        return (time.perf_counter() - self._start) / 60

    def __str__(self) -> str:
        return f"{self.minutes * 60:.0f} s, {self._cpu_seconds() - self._cpu:.0f} s of processor time"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--case", action="append", choices=[case.name for case in CASES], default=[])
    parser.add_argument("--growth", action="store_true", help="only the growth")
    parser.add_argument("--profile", action="store_true", help="only the profile")
    parser.add_argument("--repeats", type=int, help="turns of each case: 5, or 3 with --quick")
    parser.add_argument("--work", type=Path, default=HERE / "work", help="where data is kept that is made once")
    parser.add_argument("--out", type=Path, help="where RESULTS.md and plots/ are written (without --quick, here)")
    given = parser.parse_args()
    bench = Bench(given.work, given.quick, given.repeats or (3 if given.quick else 5))
    bench.work.mkdir(parents=True, exist_ok=True)
    stopwatch = Stopwatch()
    if given.profile:
        print(report.profile_table(profile(bench)))
    elif given.growth:
        print(report.growth_section(growth.curves(bench)))
    elif given.case:
        print(report.table(measured(bench, [case for case in CASES if case.name in given.case])))
    elif given.quick and not given.out:
        print(report.table(measured(bench, [*CASES])))
        print(report.profile_table(profile(bench)))
    else:
        everything(bench, given.out or HERE, stopwatch)
    say(f"all of it took {stopwatch}")


def everything(bench: Bench, out: Path, stopwatch: Stopwatch) -> None:
    """Write RESULTS.md and the plots."""
    rows = measured(bench, [*CASES])
    say("growth")
    curves = growth.curves(bench)
    shares = profile(bench)
    hostile = json.loads((bench.work / "hostile.json").read_text())
    minutes = stopwatch.minutes
    for curve in curves:
        growth.plot(curve, out / "plots")
    (out / "RESULTS.md").write_text(report.page(rows, shares, curves, hostile, minutes))


if __name__ == "__main__":
    main()
