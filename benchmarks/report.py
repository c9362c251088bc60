"""The results in Markdown."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timezone
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from bench import Row
from growth import Curve
from measure import HERE, MIB, Measured

PACKAGES = {"duckdb", "pyarrow", "msgspec", "orjson", "dbt-artifacts-parser", "rustworkx", "sqlglot", "sqlglotc"}
START, END = "<!-- measured -->", "<!-- end of what is measured -->"
"""The part of RESULTS.md between these lines is written by `make bench`."""

HEADER = ("case", "baseline", "goal", "ratio", "of processor time", "measured", "its", "peak memory", "its", "")


@dataclass
class Page:
    """What was measured, as sections in Markdown."""

    rows: list[Row] = field(default_factory=list)
    profile: dict[str, Any] = field(default_factory=dict)
    curves: list[Curve] = field(default_factory=list)

    def __str__(self) -> str:
        parts = [_table(HEADER, map(_cells, self.rows))] if self.rows else []
        if self.profile:
            seconds = f"Samples of a load of {self.profile['seconds']:.1f} s of processor time, all processes together."
            parts += ["## The profile of the first row", seconds]
        for kind in ("module", "function") if self.profile else ():
            shares = ([place, f"{share:.1%}"] for place, share in self.profile[kind])
            parts.append(_table((f"innermost {kind} of the package", "share"), shares))
        if self.curves:
            parts += ["## Growth", "The slope is that of a line's upper half in logarithms; 1 is linear."]
        for curve in self.curves:
            lines = ([name, *map(str, _seconds(curve, name)), f"{curve.slope(name):.2f}"] for name in curve.lines)
            header = [curve.size, *(f"{size:,.0f}" for size in curve.sizes), "slope"]
            parts += [f"{curve.title} against {curve.size}:", _table(header, lines)]
        return "\n\n".join([*parts, "## The machine", _table(("", ""), machine().items())])


def write(path: Path, measured: str) -> None:
    """Replace the measured part of RESULTS.md; what is around it is written by hand."""
    before, _, rest = path.read_text().partition(START)
    path.write_text(f"{before}{START}\n\n{measured}\n\n{END}{rest.partition(END)[2]}")


def _table(header: Iterable[str], lines: Iterable[Iterable[str]]) -> str:
    header = [*header]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (header, ["---"] * len(header), *lines))


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


def _seconds(curve: Curve, line: str) -> list[str]:
    return [f"{curve.lines[line][size]:.3g} s" if size in curve.lines[line] else "" for size in curve.sizes]


def machine() -> dict[str, str]:
    """The machine, the versions, the state of the code and the date."""
    cpu = Path("/proc/cpuinfo")
    models = [line for line in cpu.read_text().splitlines() if line.startswith("model name")] if cpu.exists() else []
    describe = ["git", "-C", str(HERE), "describe", "--always", "--dirty"]
    commit = subprocess.run(describe, capture_output=True, text=True, check=False).stdout.strip()
    return {
        "processor": models[0].partition(": ")[2] if models else platform.processor(),
        "cores": str(os.cpu_count()),
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB",
        "system": platform.platform(),
        "Python": platform.python_version(),
        **{package.name: package.version for package in distributions() if package.name in PACKAGES},
        "commit": commit or "unknown",
        "date": f"{datetime.now(timezone.utc):%Y-%m-%d}",
    }
