"""How times grow: loads with files, views with executions, the closure with nodes."""

from __future__ import annotations

from dataclasses import dataclass
from math import log
from pathlib import Path

from bench import Bench
from cases import loading, views
from measure import query_times, query_value

Points = dict[float, float]


@dataclass(frozen=True)
class Curve:
    """Seconds against a size, for each of several lines."""

    name: str
    title: str
    size: str
    lines: dict[str, Points]

    @property
    def sizes(self) -> list[float]:
        return sorted({size for points in self.lines.values() for size in points})

    def slope(self, line: str) -> float:
        """The slope of a line from its middle to its end, in logarithms: 1 is linear."""
        points = self.lines[line]
        sizes = sorted(points)
        first, last = sizes[(len(sizes) - 1) // 2], sizes[-1]
        return log(points[last] / points[first]) / log(last / first)


def loads(bench: Bench) -> Curve:
    """Seconds of a load against files of 20 results."""
    points = {float(count): measured.value for count, measured in loading.small_file_loads(bench).items()}
    return Curve("files", "Loading run_results of 20 results", "files", {"load": points})


def rates(bench: Bench) -> Curve:
    """Seconds of each view against executions."""
    lines: dict[str, Points] = {}
    for copies in [1, 3, 5] if bench.is_quick else [1, 3, 10, 30, 100]:
        warehouse = views.warehouse_of(bench, copies)
        size = float(views.executions_in(warehouse))
        repeats = bench.repeats if copies <= 10 else 2
        for name, measured in query_times(warehouse, views.queries(views.RATES), repeats).items():
            line = "plain GROUP BY" if name == "baseline" else f"v1.{name}"
            lines.setdefault(line, {})[size] = measured.value
    return Curve("executions", "Views", "node executions", lines)


def closures(bench: Bench) -> list[Curve]:
    """Seconds of the whole closure against nodes, and against its pairs."""
    by_nodes: dict[str, Points] = {}
    by_pairs: dict[str, Points] = {}
    for models in [150, 300, 600] if bench.is_quick else [147, 441, 1470, 2940, 5880]:
        warehouse = views.graph(bench, models)
        nodes = query_value(warehouse, "SELECT count(*) FROM v1.nodes WHERE resource_type <> 'macro'")
        for name, measured in views.closure_times(warehouse, bench.repeats if models < 2000 else 1).items():
            by_nodes.setdefault(name, {})[float(nodes)] = measured.value
            by_pairs.setdefault(name, {})[float(measured.rows or 0)] = measured.value
    pairs = "pairs of node and ancestor"
    return [
        Curve("nodes", "The whole closure", "nodes", by_nodes),
        Curve("pairs", "The whole closure", pairs, by_pairs),
    ]


def curves(bench: Bench) -> list[Curve]:
    """All of them."""
    return [loads(bench), rates(bench), *closures(bench)]


def plot(curve: Curve, folder: Path) -> None:
    """Write a curve as SVG: both axes logarithmic, with a line of slope one."""
    import matplotlib as mpl

    mpl.use("svg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(6, 4), layout="tight")
    for name, points in curve.lines.items():
        axes.loglog([*points], [*points.values()], marker="o", markersize=3, label=name)
    top = max(points[max(points)] for points in curve.lines.values())
    axes.loglog(curve.sizes, [top * size / curve.sizes[-1] for size in curve.sizes], "k:", label="slope one")
    axes.set(title=curve.title, xlabel=curve.size, ylabel="seconds")
    axes.grid(True, linewidth=0.3)
    axes.legend(fontsize=7)
    folder.mkdir(parents=True, exist_ok=True)
    figure.savefig(folder / f"{curve.name}.svg")
    plt.close(figure)
