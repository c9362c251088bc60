"""Column lineage within one process, in processor seconds, as JSON.

python benchmarks/resolving.py project MANIFEST CATALOG REPEATS   parsing, and resolving, all models of a project
python benchmarks/resolving.py step WAREHOUSE                     `columns` without the start of Python
"""

from __future__ import annotations

import gc
import json
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlglot import parse
from sqlglot.errors import ParseError

from artifact_warehouse import Warehouse
from artifact_warehouse.lineage.resolver import Relation, UnreadableSql, resolve, with_deep_stack


def _seconds(work: Callable[..., object], *arguments: Any) -> float:
    """Processor seconds of work that starts without garbage."""
    gc.collect()
    start = time.process_time()
    with suppress(ParseError, UnreadableSql):
        work(*arguments)
    return time.process_time() - start


def project(manifest: str, catalog: str, repeats: str) -> dict[str, list[float]]:
    """Seconds of each turn. The columns of all relations are those of the catalog."""
    content, cataloged = (json.loads(Path(path).read_bytes()) for path in (manifest, catalog))
    dialect = content["metadata"]["adapter_type"]
    columns: dict[str, dict[str, str]] = {}
    relations: dict[tuple[str, ...], Relation] = {}
    for key, entry in (cataloged["nodes"] | cataloged["sources"]).items():
        columns[key] = {name.lower(): name for name in entry["columns"]}
        relations[_place(entry["metadata"]["schema"], entry["metadata"]["name"])] = Relation(key, columns[key])
    codes = {k: n["compiled_code"] for k, n in content["nodes"].items() if n["resource_type"] == "model"}

    def find(parts: tuple[str, ...]) -> Relation:
        return relations.get(_place(*parts)) or Relation(".".join(parts), is_complete=False)

    def parse_all() -> float:
        return sum(_seconds(parse, code, dialect) for code in codes.values())

    def resolve_all() -> float:
        return sum(_seconds(resolve, code, dialect, find, None, columns.get(key)) for key, code in codes.items())

    parse_all()  # imports the dialect
    gc.freeze()  # collections between texts are quick
    turns = [(parse_all(), resolve_all()) for _ in range(int(repeats))]
    return {"parsing": [turn[0] for turn in turns], "resolving": [turn[1] for turn in turns]}


def _place(*parts: str) -> tuple[str, ...]:
    """Schema and name."""
    return tuple(part.lower() for part in parts[-2:])


def step(path: str) -> float:
    """Seconds of resolve_columns."""
    with Warehouse(path) as warehouse:
        return _seconds(warehouse.resolve_columns)


def main() -> None:
    name, *arguments = sys.argv[1:]
    # resolve_columns makes a deep stack of its own.
    print(json.dumps(step(*arguments) if name == "step" else with_deep_stack(lambda: project(*arguments))))


if __name__ == "__main__":
    main()
