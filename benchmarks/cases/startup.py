"""The start of the package and of the command line."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from bench import Bench, Case, Row
from measure import Command, alternate, warehouse_command


def startup(bench: Bench) -> Iterator[Row]:
    """import artifact_warehouse, and artifact-warehouse --version."""
    commands = {
        "import": Command([sys.executable, "-c", "import artifact_warehouse"]),
        "version": Command(warehouse_command("--version")),
        "duckdb": Command([sys.executable, "-c", "import duckdb"]),
    }
    alternate(commands, 1)  # compiled bytecode of all
    found = alternate(commands, 4 * bench.repeats)
    baseline = 'python -c "import duckdb"'
    yield Row("import artifact_warehouse", baseline, 1.0, found["import"], found["duckdb"])
    yield Row("artifact-warehouse --version", baseline, 1.0, found["version"], found["duckdb"])


CASES = (Case("startup", "import and --version", startup),)
