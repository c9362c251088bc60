"""The results as a page: the table, the machine, the profile, the growth and the hostile SQL; notes are kept."""

from __future__ import annotations

import math
import os
import platform
import subprocess
from collections.abc import Iterable
from datetime import datetime, timezone
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from bench import ROOT, Row
from growth import Curve
from measure import MIB, Measured

PACKAGES = ("duckdb", "pyarrow", "msgspec", "orjson", "dbt-artifacts-parser", "rustworkx", "sqlglot", "sqlglotc")
NOTES = "## Where a goal is not met"
"""The heading of the part of RESULTS.md that is written by hand."""

INTRODUCTION = f"""# Results

Written by `make bench`, except for what follows "{NOTES.removeprefix("## ")}", which is written by hand.
Each case is measured in turn with its baseline, on the same bytes, all of them in the page cache. The figures are
medians, and a ratio is that of the medians; the brackets have the lowest and the highest ratio of a single turn. Unless
the case says otherwise, times are of whole processes, from start to end, on both sides. Peak memory is that of a
process and its descendants. After each case the views are compared with the oracle of the tests, which computes the
answers from the JSON with plain Python; the closure is compared with rustworkx. The baseline of a view is
`SELECT unique_id, count(*), avg(execution_seconds) FROM v1.node_executions GROUP BY 1`."""


def _markdown(header: Iterable[str], lines: Iterable[Iterable[str]]) -> str:
    header = [*header]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (header, ["---"] * len(header), *lines))


def table(rows: list[Row]) -> str:
    """The rows in Markdown."""
    header = ("case", "baseline", "goal", "ratio", "of processor time", "measured", "its", "peak memory", "its", "")
    return _markdown(header, map(_cells, rows))


def _cells(row: Row) -> list[str]:
    sides = (row.subject, row.against)
    goal = met = ""
    if row.goal is not None:
        goal = f"≤ {row.goal:g}" + (f" (stretch {row.stretch:g})" if row.stretch else "")
        met = "met" if row.ratio <= row.goal else "**not met**"
    pairs = [a / b for a, b in zip(row.subject.values, row.against.values, strict=False) if b > 0]
    spread = f" ({min(pairs):.3g} to {max(pairs):.3g})" if len(pairs) > 1 else ""
    cpu = f"{row.cpu_ratio:.3g}" if row.cpu_ratio else ""
    peaks = (f"{side.peak_bytes / MIB:.0f} MiB" if side.peak_bytes else "" for side in sides)
    return [row.case, row.baseline, goal, f"**{row.ratio:.3g}**{spread}", cpu, *map(_value, sides), *peaks, met]


def _value(measured: Measured) -> str:
    return f"{measured.value / 1e6:,.1f} MB" if measured.unit == "bytes" else f"{measured.value:.3g} s"


def machine() -> str:
    """The machine, the versions, the state of the code and the date, in Markdown."""
    cpu = Path("/proc/cpuinfo")
    models = [line for line in cpu.read_text().splitlines() if line.startswith("model name")] if cpu.exists() else []
    describe = ["git", "-C", str(ROOT), "describe", "--always", "--dirty"]
    commit = subprocess.run(describe, capture_output=True, text=True, check=False)
    facts = {
        "processor": models[0].partition(": ")[2] if models else platform.processor(),
        "cores": str(os.cpu_count()),
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB",
        "system": platform.platform(),
        "Python": platform.python_version(),
        **{name: _version(name) for name in PACKAGES},
        "commit": commit.stdout.strip() or "unknown",
        "date": f"{datetime.now(timezone.utc):%Y-%m-%d}",
    }
    return _markdown(("", ""), facts.items())


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def profile_table(profile: dict[str, Any]) -> str:
    """Shares of modules and of functions, in Markdown."""
    parts = []
    for name, title in (("modules", "module"), ("functions", "function")):
        lines = ((f"`{place}`", f"{share:.1%}") for place, share in profile[name].items())
        parts.append(_markdown((f"innermost {title} of the package", "share"), lines))
    return "\n\n".join(parts)


def growth_section(curves: list[Curve]) -> str:
    """The seconds at each size, and the slope of each line."""
    parts = []
    for curve in curves:
        lines = []
        for name, points in curve.lines.items():
            cells = (f"{points[size]:.3g} s" if size in points else "" for size in curve.sizes)
            lines.append([name, *cells, f"{curve.slope(name):.2f}"])
        header = [curve.size, *(f"{size:,.0f}" for size in curve.sizes), "slope"]
        parts.append(f"{curve.title} against {curve.size}:\n\n{_markdown(header, lines)}")
    return "\n\n".join(parts)


def hostile_table(found: dict[str, Any]) -> str:
    """Time, growth and memory of each hostile text, in Markdown."""
    lines = []
    for name, figures in found.items():
        milliseconds = [f"{figures[key] * 1000:.1f} ms" for key in ("parsing", "resolving", "twice")]
        growth = math.log2(figures["twice"] / figures["resolving"])
        peak = f"{figures['peak_bytes'] / MIB:.0f} MiB"
        lines.append([name, f"{figures['size']:,}", *milliseconds, f"{growth:.2f}", peak])
    return _markdown(("text", "size", "parsing alone", "all", "twice the size", "growth", "peak memory"), lines)


def notes(page: str) -> str:
    """The part of a page that is written by hand."""
    _, heading, text = page.partition(NOTES)
    return heading + text


def page(
    rows: list[Row], profile: dict[str, Any], curves: list[Curve], hostile: dict[str, Any], minutes: float, notes: str
) -> str:
    """All of RESULTS.md."""
    sections = [
        INTRODUCTION,
        table(rows),
        f"## The machine\n\n{machine()}\n\nThe whole took {minutes:.1f} minutes.",
        "## The profile of the first row\n\nSamples of the running threads of all processes of the load, of "
        f"{profile['seconds']:.1f} s of processor time.\n\n{profile_table(profile)}",
        "## Growth\n\nThe slope is that of a line's upper half in logarithms: 1 is linear, less is better. The plots "
        f"are in `benchmarks/work/plots`.\n\n{growth_section(curves)}",
        "## Hostile SQL\n\nProcessor time of the hostile texts of the tests, the least of all turns. Growth is the "
        f"exponent from the size to its double: 1 is linear.\n\n{hostile_table(hostile)}",
        notes,
    ]
    return "\n\n".join(section.strip() for section in sections) + "\n"
