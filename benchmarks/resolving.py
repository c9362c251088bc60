"""Column lineage within one process, in processor seconds, as JSON.

python benchmarks/resolving.py project MANIFEST CATALOG REPEATS   parsing, and resolving, all models of a project
python benchmarks/resolving.py step WAREHOUSE                     `columns` without the start of Python
python benchmarks/resolving.py hostile                            names and sizes of the hostile texts of the tests
python benchmarks/resolving.py hostile NAME REPEATS               one text: parsing, resolving, and twice its size
"""

from __future__ import annotations

import gc
import json
import resource
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

TESTS = Path(__file__).parents[1] / "tests" / "support"


def _seconds(work: Callable[[], object]) -> float:
    """Processor seconds of work that starts without garbage and collects it as it likes."""
    gc.collect()
    gc.freeze()
    start = time.process_time()
    work()
    seconds = time.process_time() - start
    gc.unfreeze()
    return seconds


def _parse(sql: str, dialect: str | None) -> None:
    with suppress(ParseError):
        parse(sql, dialect=dialect)


def project(manifest: str, catalog: str, repeats: str) -> dict[str, list[float]]:
    """Seconds of each turn. The columns of all relations are those of the catalog."""
    content, cataloged = (json.loads(Path(path).read_bytes()) for path in (manifest, catalog))
    dialect = content["metadata"]["adapter_type"]
    entries = cataloged["nodes"] | cataloged["sources"]
    columns = {key: {name.lower(): name for name in entry["columns"]} for key, entry in entries.items()}
    relations: dict[tuple[str, ...], Relation] = {}
    for key, entry in entries.items():
        schema_and_name = entry["metadata"]["schema"].lower(), entry["metadata"]["name"].lower()
        relations[schema_and_name] = Relation(key, columns[key])
    codes = {k: n["compiled_code"] for k, n in content["nodes"].items() if n["resource_type"] == "model"}

    def find(parts: tuple[str, ...]) -> Relation:
        name = tuple(part.lower() for part in parts[-2:])
        return relations.get(name) or Relation(".".join(parts), is_complete=False)

    def parse_all() -> None:
        for code in codes.values():
            _parse(code, dialect)

    def resolve_all() -> None:
        for key, code in codes.items():
            with suppress(UnreadableSql):
                resolve(code, dialect, find, wanted=columns.get(key))

    parse_all()  # imports the dialect
    turns = [(_seconds(parse_all), _seconds(resolve_all)) for _ in range(int(repeats))]
    return {"parsing": [turn[0] for turn in turns], "resolving": [turn[1] for turn in turns]}


def step(path: str) -> float:
    """Seconds of resolve_columns."""
    with Warehouse(path) as warehouse:
        start = time.process_time()
        warehouse.resolve_columns()
        return time.process_time() - start


def hostile(name: str = "", repeats: str = "1") -> dict[str, Any]:
    """The least seconds of all turns, and the peak memory of this process in bytes."""
    sys.path.append(str(TESTS))
    from hostile_sql import CASES, find_relation

    if not name:
        return {name: {"size": case.size} for name, case in CASES.items()}
    case = CASES[name]
    sql, longer = case.text(case.size), case.text(2 * case.size)

    def resolve_text(text: str) -> None:
        with suppress(UnreadableSql):
            resolve(text, case.dialect, find_relation)

    def least(work: Callable[[], object]) -> float:
        return min(_seconds(work) for _ in range(int(repeats)))

    gc.disable()
    seconds = {"parsing": least(lambda: _parse(sql, case.dialect)), "resolving": least(lambda: resolve_text(sql))}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return {**seconds, "peak_bytes": peak, "twice": least(lambda: resolve_text(longer))}


def main() -> None:
    name, *arguments = sys.argv[1:]
    print(json.dumps(with_deep_stack(lambda: globals()[name](*arguments))))


if __name__ == "__main__":
    main()
