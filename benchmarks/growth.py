"""How times grow: loading with files, views with executions, the closure with nodes. As tables and as plots."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from bench import Bench
from cases import executions, lineage, loading, querying

Points = dict[float, float]


@dataclass(frozen=True)
class Curve:
    """Seconds against a size, for each of several lines."""

    name: str
    title: str
    size: str
    lines: dict[str, Points] = field(default_factory=dict)

    def exponents(self) -> dict[str, float]:
        """The slope of each line from its middle to its end, in logarithms: 1 is linear."""
        from math import log

        slopes = {}
        for name, points in self.lines.items():
            sizes = sorted(points)
            first, last = sizes[(len(sizes) - 1) // 2], sizes[-1]
            slopes[name] = log(points[last] / points[first]) / log(last / first)
        return slopes


def loads(bench: Bench) -> Curve:
    """Seconds of a load against files of 20 results."""
    points = {float(count): measured.value for count, measured in loading.small_file_loads(bench).items()}
    return Curve("files", "Loading run_results of 20 results", "files", {"load": points})


def views(bench: Bench) -> Curve:
    """Seconds of each view against executions."""
    lines: dict[str, Points] = {}
    for copies in [1, 3, 5] if bench.is_quick else [1, 3, 10, 30, 100]:
        warehouse = executions.warehouse_of(bench, copies)
        size = float(executions.executions_in(warehouse))
        repeats = bench.repeats if copies <= 10 else 2
        for name, measured in querying.in_turn(warehouse, executions.queries(executions.RATES), repeats).items():
            line = "plain GROUP BY" if name == "baseline" else f"v1.{name}"
            lines.setdefault(line, {})[size] = measured.value
    return Curve("executions", "Views", "node executions", lines)


def closures(bench: Bench) -> tuple[Curve, Curve]:
    """Seconds of the whole closure against nodes, and against the pairs that it has."""
    by_nodes: dict[str, Points] = {}
    by_pairs: dict[str, Points] = {}
    for models in [150, 300, 600] if bench.is_quick else [147, 441, 1470, 2940, 5880]:
        warehouse = lineage.project(bench, models)
        nodes = querying.value(warehouse, "SELECT count(*) FROM v1.nodes WHERE resource_type <> 'macro'")
        repeats = bench.repeats if models < 2000 else 1
        for name, measured in lineage.times(warehouse, repeats).items():
            by_nodes.setdefault(name, {})[float(nodes)] = measured.value
            by_pairs.setdefault(name, {})[float(measured.rows or 0)] = measured.value
    return (
        Curve("nodes", "The whole closure", "nodes", by_nodes),
        Curve("pairs", "The whole closure", "pairs of node and ancestor", by_pairs),
    )


def curves(bench: Bench) -> list[Curve]:
    """All of them."""
    return [loads(bench), views(bench), *closures(bench)]


def plot(curve: Curve, folder: Path) -> Path:
    """A curve as a small SVG: both axes logarithmic, with a line of slope one."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = curve.name
    mpl.rcParams["svg.fonttype"] = "none"
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(6, 4))
    for name, points in curve.lines.items():
        axes.loglog([*points], [*points.values()], marker="o", markersize=3, label=name)
    sizes = sorted({size for points in curve.lines.values() for size in points})
    top = max(points[max(points)] for points in curve.lines.values())
    axes.loglog(sizes, [top * size / sizes[-1] for size in sizes], "k:", linewidth=0.8, label="slope one")
    axes.set(title=curve.title, xlabel=curve.size, ylabel="seconds")
    axes.grid(True, which="major", linewidth=0.3)
    axes.legend(fontsize=7)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{curve.name}.svg"
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)
    return path
