"""The results as a page: the table, the machine, the plots, the profile and the notes."""

from __future__ import annotations

import math
import os
import platform
from datetime import datetime, timezone
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from bench import Row
from growth import Curve
from measure import HERE, MIB, Measured

PACKAGES = ("duckdb", "pyarrow", "msgspec", "orjson", "dbt-artifacts-parser", "rustworkx", "sqlglot", "sqlglotc")

INTRODUCTION = """# Results

Written by `make bench`; what is said by hand is in NOTES.md. Each case is measured in turn with its baseline, on the
same bytes, all of them in the page cache. The figures are medians and the ratio is that of the medians; in brackets
stand the lowest and the highest ratio of a single turn. Unless the case says otherwise, times are of whole processes,
from start to end, on both sides. Peak memory is that of a process and all that it starts. After each case the views'
answers are compared with the plain path's: counts, sums and medians from the JSON with plain Python, rates with plain
SQL over the tables, the closure with rustworkx. Views are measured against
`SELECT unique_id, count(*), avg(execution_seconds) FROM v1.node_executions GROUP BY 1`.
"""


def table(rows: list[Row]) -> str:
    """The rows in Markdown."""
    lines = [
        "| case | baseline | goal | ratio | of processor time | measured | baseline | peak memory | its | |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        goal = "" if row.goal is None else f"≤ {row.goal:g}" + (f" (stretch {row.stretch:g})" if row.stretch else "")
        met = {None: "", True: "met", False: "**not met**"}[row.is_met]
        cells = [row.case, row.baseline, goal, _ratio(row), _cpu(row), *map(_value, (row.subject, row.against))]
        cells += [*map(_peak, (row.subject, row.against)), met]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _ratio(row: Row) -> str:
    pairs = [a / b for a, b in zip(row.subject.values, row.against.values, strict=False) if b > 0]
    spread = f" ({min(pairs):.3g} to {max(pairs):.3g})" if len(pairs) > 1 else ""
    return f"**{row.ratio:.3g}**{spread}"


def _cpu(row: Row) -> str:
    return "" if row.cpu_ratio is None else f"{row.cpu_ratio:.3g}"


def _value(measured: Measured) -> str:
    if measured.unit == "bytes":
        return f"{measured.value / 1e6:,.1f} MB"
    return f"{measured.value:.3g} s" if measured.value < 1000 else f"{measured.value:.0f} s"


def _peak(measured: Measured) -> str:
    return f"{measured.peak_bytes / MIB:.0f} MiB" if measured.peak_bytes else ""


def machine() -> str:
    """What it was measured on, in Markdown."""
    facts = {
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB",
        "system": _system(),
        "Python": platform.python_version(),
        **{name: _version(name) for name in PACKAGES},
        "date": f"{datetime.now(timezone.utc):%Y-%m-%d}",
    }
    return "\n".join(["| | |", "|---|---|", *(f"| {name} | {fact} |" for name, fact in facts.items())])


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.machine())


def _system() -> str:
    try:
        return f"{platform.freedesktop_os_release()['PRETTY_NAME']}, {platform.system()} {platform.release()}"
    except OSError:
        return platform.platform()


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def profile_table(profile: dict[str, Any]) -> str:
    """Shares of steps, and of functions, in Markdown."""
    steps = [f"| {name} | {share:.1%} |" for name, share in profile["steps"].items()]
    functions = [f"| `{name}` | {share:.1%} |" for name, share in profile["functions"].items()]
    lines = ["| step | share |", "|---|---|", *steps, "", "| innermost function of the package | share |", "|---|---|"]
    return "\n".join([*lines, *functions])


def growth_section(curves: list[Curve]) -> str:
    """The plots, their figures and the slope of each line."""
    parts = []
    for curve in curves:
        sizes = sorted({size for points in curve.lines.values() for size in points})
        parts.append(f"![{curve.title} against {curve.size}](plots/{curve.name}.svg)\n")
        parts.append(f"| {curve.size} | {' | '.join(f'{size:,.0f}' for size in sizes)} | slope |")
        parts.append("|---" * (len(sizes) + 2) + "|")
        for name, points in curve.lines.items():
            cells = (f"{points[size]:.3g} s" if size in points else "" for size in sizes)
            parts.append(f"| {name} | {' | '.join(cells)} | {curve.exponents()[name]:.2f} |")
        parts.append("")
    return "\n".join(parts)


def hostile_section(found: dict[str, Any]) -> str:
    """Time, growth and memory of each hostile text, in Markdown."""
    lines = ["| text | size | parsing alone | all | twice the size | growth | peak memory |", "|---" * 7 + "|"]
    for name, figures in found.items():
        milliseconds = [f"{figures[key] * 1000:.1f} ms" for key in ("parsing", "resolving", "twice")]
        growth = math.log2(figures["twice"] / figures["resolving"])
        cells = [name, f"{figures['size']:,}", *milliseconds, f"{growth:.2f}", f"{figures['peak_bytes'] / MIB:.0f} MiB"]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def page(rows: list[Row], profile: dict[str, Any], curves: list[Curve], hostile: dict[str, Any], minutes: float) -> str:
    """All of RESULTS.md."""
    notes = HERE / "NOTES.md"
    sections = [
        INTRODUCTION,
        table(rows),
        f"## The machine\n\n{machine()}\n\nThe whole took {minutes:.1f} minutes.",
        "## The profile of the first row\n\nSamples of a load that does all its work in one process, on one processor: "
        f"{profile['seconds']:.1f} s.\n\n{profile_table(profile)}",
        f"## Growth\n\nThe slope is that of a line's upper half in logarithms: 1 is linear, less is better.\n\n"
        f"{growth_section(curves).strip()}",
        "## Hostile SQL\n\nProcessor time of resolving texts that are made to be slow, the least of all turns. "
        f"Growth is the exponent from the size to its double: 1 is linear.\n\n{hostile_section(hostile)}",
        *([notes.read_text().strip()] if notes.exists() else []),
    ]
    return "\n\n".join(section.strip() for section in sections) + "\n"
