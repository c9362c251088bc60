"""Column lineage within one process: `python benchmarks/columnwork.py parsing WAREHOUSE REPEATS`, or `step WAREHOUSE`.

`parsing` prints in JSON the processor seconds of sqlglot parsing the compiled code of all models, and of resolving
their columns, in turn; nothing is read or written meanwhile. `step` prints those of what `columns` does, without the
start of Python.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

import sqlglot

from artifact_warehouse.lineage import manifest_inputs, resolve_columns
from artifact_warehouse.lineage.column_inputs import Codes, KnownLineages, Reader
from artifact_warehouse.lineage.resolver import KnownLineage, Node, Project, resolver_version, with_deep_stack
from artifact_warehouse.storage import WarehouseFile

AT_ONCE = 100
"""Models between which garbage is collected, as the step does it."""


class Inputs:
    """What the first manifest of a warehouse is resolved from, read into memory."""

    def __init__(self, path: Path) -> None:
        with WarehouseFile(path).open() as connection:
            [inputs, *_] = manifest_inputs.new_inputs(
                connection, manifest_inputs.unresolved(connection, resolver_version(), 1)
            ).values()
            self._reader = Reader()
            self._nodes: list[Node] = self._reader.nodes(connection, inputs)
            self._adapter_type = inputs.adapter_type
            project = Project(self._nodes, inputs.adapter_type, resolver_version(), KnownLineages(connection))
            code_ids, columns_ids = project.needed()
            self._reader.read_columns(connection, columns_ids)
            codes = Codes(connection, code_ids)
        self._codes = {code_id: codes(code_id) or "" for code_id in code_ids}
        self._dialect = project.dialect

    def parsing(self) -> float:
        """Processor seconds of parsing all texts."""
        return _seconds(sqlglot.parse(text, dialect=self._dialect) for text in self._codes.values())

    def resolving(self) -> float:
        """Processor seconds of resolving all nodes, of which nothing is known."""

        def nothing(_lineage_id: str) -> KnownLineage | None:
            return None

        project = Project(self._nodes, self._adapter_type, resolver_version(), nothing)
        return _seconds(project.lineages(self._codes.get, self._reader.columns))


def _seconds(work: Iterable[object]) -> float:
    items = iter(work)
    gc.collect()
    gc.freeze()
    gc.disable()
    start = time.process_time()
    while with_deep_stack(lambda: sum(1 for _ in islice(items, AT_ONCE))):
        gc.collect()
        gc.freeze()
    seconds = time.process_time() - start
    gc.unfreeze()
    gc.enable()
    return seconds


def parsing(path: Path, repeats: int) -> dict[str, list[float]]:
    """Processor seconds of each turn."""
    inputs = Inputs(path)
    inputs.parsing()  # what is imported and prepared on the way
    turns = [(inputs.parsing(), inputs.resolving()) for _ in range(repeats)]
    return {"parsing": [turn[0] for turn in turns], "resolving": [turn[1] for turn in turns]}


def step(path: Path) -> float:
    """Processor seconds of `columns`."""
    start = time.process_time()
    resolve_columns.resolve(WarehouseFile(path))
    return time.process_time() - start


def main() -> None:
    name, path, *repeats = sys.argv[1:]
    print(json.dumps(step(Path(path)) if name == "step" else parsing(Path(path), int(repeats[0]))))


if __name__ == "__main__":
    main()
