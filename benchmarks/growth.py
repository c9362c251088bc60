"""How times grow: loads with files, views with executions, the closure with nodes."""

from __future__ import annotations

from math import log
from typing import NamedTuple

from bench import Bench
from cases import loading, views
from measure import query_times, query_value


class Curve(NamedTuple):
    """Seconds by size, for each of several lines."""

    title: str
    size: str
    lines: dict[str, dict[float, float]]

    @property
    def sizes(self) -> list[float]:
        return sorted({size for points in self.lines.values() for size in points})

    def slope(self, line: str) -> float:
        """The slope of a line from its middle to its end, in logarithms: 1 is linear."""
        points = sorted(self.lines[line].items())
        (first, start), (last, end) = points[(len(points) - 1) // 2], points[-1]
        return log(end / start) / log(last / first)


def curves(bench: Bench) -> list[Curve]:
    """All curves."""
    files = Curve("Loading run_results of 20 results", "files", {"load": {}})
    for count, measured in loading.small_file_loads(bench).items():
        files.lines["load"][count] = measured.value
    executions = Curve("Views", "node executions", {})
    for copies in [1, 3, 5] if bench.is_quick else [1, 3, 10, 30, 100]:
        warehouse = views.warehouse_of(bench, copies)
        repeats = bench.repeats if copies <= 10 else 2
        for name, measured in query_times(warehouse, views.queries(views.RATES), repeats).items():
            executions.lines.setdefault(name, {})[views.executions_in(warehouse)] = measured.value
    nodes, pairs = (Curve("The whole closure", size, {}) for size in ("nodes", "pairs of node and ancestor"))
    for models in [150, 300, 600] if bench.is_quick else [147, 441, 1470, 2940, 5880]:
        warehouse = views.graph(bench, models)
        count = query_value(warehouse, "SELECT count(*) FROM v1.nodes WHERE resource_type <> 'macro'")
        for name, measured in views.closure_times(warehouse, bench.repeats if models < 2000 else 1).items():
            nodes.lines.setdefault(name, {})[count] = measured.value
            pairs.lines.setdefault(name, {})[measured.rows or 0] = measured.value
    return [files, executions, nodes, pairs]
