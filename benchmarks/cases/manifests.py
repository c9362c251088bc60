"""Loads of manifests. All times are of whole processes, or differences between two of them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from bench import ROOT, Bench, Row, constant, orjson_loads

REAL = ROOT.parent / "shared" / "real_runs" / "scale.tar.xz"
FURTHER = 3


def manifests(bench: Bench, compilation: str) -> Path:
    """A folder with a manifest of 80 MB and about 20,000 nodes, and further manifests of the same project."""
    models = bench.pick(5600, 1120)
    made = partial(bench.made, f"manifests_{compilation}_{models}", "runs", count=1 + FURTHER, has_results=False)
    return made(models=models, columns=8, compilation=compilation)


def first_manifest(bench: Bench) -> Iterator[Row]:
    """The first manifest of a large project, and its peak memory."""
    [file] = bench.subset(manifests(bench, "dated"), 1).rglob("manifest.json")
    found = bench.against_orjson("first.duckdb", file, check="manifests")
    load, size = found["load"], file.stat().st_size
    yield Row(f"first manifest of {size / 1e6:.0f} MB", "orjson.loads of it", 3.0, load, found["orjson"])
    peak = constant(load.peak_bytes or 0, "bytes", load.peak_bytes)
    yield Row("peak memory of that", "the file's size", 4.0, peak, constant(size))


def further_manifest(bench: Bench) -> Iterator[Row]:
    """Each further manifest: 1 % of nodes changed, created_at and compilation different everywhere."""
    variants = {"dated": "all compiled code differs", "alternating": "parse and build in turn"}
    for compilation, said in [*variants.items()][: bench.pick(2, 1)]:
        folder = manifests(bench, compilation)
        others = {
            "load one": bench.load("one.duckdb", bench.subset(folder, 1)),
            "nothing": orjson_loads(),
            "further": orjson_loads(*sorted(folder.iterdir())[1:]),
        }
        found = bench.against_orjson("all.duckdb", folder, check="manifests", others=others)
        load, loads = (
            found[name].combined(found[less], lambda all_of_them, less: (all_of_them - less) / FURTHER)
            for name, less in (("load", "load one"), ("further", "nothing"))
        )
        yield Row(f"each further manifest, {said}", "orjson.loads of it", 0.4, load, loads)


def real(bench: Bench) -> Iterator[Row]:
    """The manifest of a real project of 10,277 nodes, where its archive is beside the checkout."""
    if not bench.is_quick and REAL.exists():
        file = bench.made("real", "unpack", archive=str(REAL)) / "manifest.json"
        found = bench.against_orjson("real.duckdb", file, check="manifests")
        case = f"a real manifest of {file.stat().st_size / 1e6:.0f} MB"
        yield Row(case, "orjson.loads of it", 3.0, found["load"], found["orjson"])
