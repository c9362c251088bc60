"""Measure all cases, or some, as ratios against their baselines.

python benchmarks/run.py                     everything; writes RESULTS.md
python benchmarks/run.py --quick             everything, smaller, without the growth; prints the page
python benchmarks/run.py --case cold_load    one case at its full size (or `growth`, or `profile`); prints it
"""

from __future__ import annotations

import argparse
import time

import growth
import report
from bench import Bench, say
from cases import CASES, loading
from measure import HERE, ask

OTHERS = ("profile", "growth")


def measured(bench: Bench, names: list[str]) -> report.Page:
    """The results of these cases; says how long each took."""
    page = report.Page()
    for name in names:
        say(f"{name}: {CASES[name].__doc__ if name in CASES else name}")
        start = time.perf_counter()
        if name in CASES:
            for row in CASES[name](bench):
                say(f"  {row.ratio:.3g} x {row.baseline}: {row.case}")
                page.rows.append(row)
        elif name == "growth":
            page.curves = growth.curves(bench)
        else:
            folder = loading.run_results(bench, "100 KB", bench.pick(5000, 500))
            page.profile = ask("profiling.py", bench.scratch("profile.duckdb"), folder)
        say(f"  took {time.perf_counter() - start:.0f} s")
    return page


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--case", action="append", choices=[*CASES, *OTHERS])
    parser.add_argument("--repeats", type=int, help="turns of each case: 5, or 3 with --quick")
    given = parser.parse_args()
    bench = Bench(HERE / "work", given.quick, given.repeats or (3 if given.quick else 5))
    bench.work.mkdir(parents=True, exist_ok=True)
    start = time.perf_counter()
    page = measured(bench, given.case or [*CASES, *OTHERS[: bench.pick(2, 1)]])
    took = f"The whole took {(time.perf_counter() - start) / 60:.1f} minutes."
    if given.quick or given.case:
        print(f"{page}\n\n{took}")
    else:
        report.write(HERE / "RESULTS.md", f"{page}\n\n{took}")


if __name__ == "__main__":
    main()
