"""What must hold of any bytes: what the fuzzers check, and the tests that replay their finds."""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from artifact_warehouse import Warehouse
from artifact_warehouse.artifacts.artifact import parse
from artifact_warehouse.artifacts.flatteners import USUAL_SHAPE, EntryCache, Rows, flatten
from artifact_warehouse.artifacts.redaction import Redactor
from artifact_warehouse.errors import MalformedArtifact, NotAnArtifact
from artifact_warehouse.extract.discover import File
from artifact_warehouse.load.batches import FlattenedBatch, Flattener, Policy
from artifact_warehouse.schema.tables import BY_NAME
from artifact_warehouse.storage import views

sys.path.append(str(Path(__file__).parents[1] / "support"))  # the fuzzers are started as scripts

from disturbed import assert_intact, contents

STDIN = "-"
OUTCOMES = {"loaded", "quarantined", "skipped"}
BESIDE_THE_CACHE = {"definitions", "definition_columns", "renderings", "texts"}
"""What is not added again for an entry that the cache knows."""


def digested(data: bytes) -> FlattenedBatch:
    """What a load makes of some bytes."""
    parts = Flattener(Policy()).batches([[File(STDIN, is_named=True)]], data)
    return next(digest for digests in parts for digest in digests if digest.outcomes)


def check_digest(data: bytes, known_entries: EntryCache | None = None) -> FlattenedBatch:
    """Any bytes become rows that can be stored, or a reason; whoever asks, they become the same.

    `known_entries` is a cache of entries of other artifacts: it must not show in the rows.
    """
    digest = digested(data)
    [outcome] = digest.outcomes
    assert outcome.status in OUTCOMES, outcome
    assert (outcome.reason is None) == (outcome.status == "loaded"), outcome
    check_tables(digest.tables)
    if outcome.status == "loaded":
        assert rows_of(data, shape=None) == rows_of(data), "the shape shows in the rows"
        assert sorted_rows(digest.tables) == rows_of(data), "the compiled core shows in the rows"
        if known_entries is not None:
            known = rows_of(data, cache=known_entries)
            assert known == {name: rows for name, rows in rows_of(data).items() if name in known}
            assert set(rows_of(data)) - set(known) <= BESIDE_THE_CACHE, "the cache shows in the rows"
    return digest


def rows_of(data: bytes, shape: Any = USUAL_SHAPE, cache: EntryCache | None = None) -> dict[str, list[str]]:
    """The rows of one artifact, in an order that does not depend on how they came to be."""
    rows = Rows()
    try:
        flatten(Redactor().redact(parse(data, STDIN, None, shape)), rows, cache)
    except (MalformedArtifact, NotAnArtifact) as error:
        return {"error": [type(error).__name__]}
    tables = rows.to_arrow()
    if cache is not None:
        tables = {name: table for name, table in tables.items() if name not in BESIDE_THE_CACHE}
    return sorted_rows(tables)


def sorted_rows(tables: dict[str, pa.Table]) -> dict[str, list[str]]:
    """The rows of each table, in an order that does not depend on how they came to be."""
    return {
        name: sorted(map(repr, table.drop_columns(["loaded_at"] if name == "artifacts" else []).to_pylist()))
        for name, table in tables.items()
    }


def check_tables(tables: dict[str, pa.Table]) -> None:
    """The tables are sound: every text is UTF-8, every JSON column holds JSON, contents are there once."""
    for name, table in tables.items():
        table.validate(full=True)
        declared = BY_NAME[name]
        for column in declared.columns:
            if column.type == "JSON":
                for text in table[column.name].drop_null().to_pylist():
                    assert is_json(text), f"stored.{name}.{column.name} holds {text[:200]!r}"
        key = declared.content_key or ("artifact_key" if name == "artifacts" else None)
        if key and name != "set_members" and key in table.column_names:
            ids = table[key].to_pylist()
            assert len(set(ids)) == len(ids) or name in MEMBERS, f"stored.{name} has a {key} twice"


MEMBERS = {"set_members", "definition_columns", "catalog_columns"}
"""Several of their rows share a content id."""


def is_json(text: str) -> bool:
    """Whether a text is strict JSON, of any depth that the standard library reads."""
    try:
        json.loads(text, parse_constant=_refuse, parse_int=str)
    except RecursionError:
        return True  # too deep for this check only
    except ValueError:
        return False
    return True


def _refuse(constant: str) -> Any:
    raise ValueError(constant)


def check_warehouse(path: Path, files: Sequence[Path], redact: bool = True) -> dict[str, int]:
    """Files load into a new warehouse, which is sound, answers everything, and does not change at a second load.

    Returns how many there were of each outcome.
    """
    with Warehouse(path) as wh:
        report = wh.load(files, redact=redact)
        check_answers(wh)
        wh.status()
    before = contents(path)
    assert_intact(path)
    with Warehouse(path) as wh:
        again = wh.load(files, redact=redact)
        assert not again.loaded, again.loaded
        assert {o.uri for o in again.unchanged} == {o.uri for o in (*report.loaded, *report.unchanged)}
        assert {o.uri for o in again.quarantined} == {o.uri for o in report.quarantined}
    assert contents(path) == before, "the second load changed something"
    return {status: sum(o.status == status for o in report.outcomes) for status in OUTCOMES}


def check_answers(wh: Warehouse) -> None:
    """Every public view answers, with one row for each value of its grain."""
    for file in views.public_views():
        if file.kind == "view":
            try:
                relation = wh.view(file.name)
                keys = [relation.columns.index(column) for column in file.grain]
                grains = [repr([row[key] for key in keys]) for row in relation.fetchall()]
            except Exception as error:
                raise AssertionError(f"v1.{file.name} does not answer: {error}") from error
            assert len(set(grains)) == len(grains), f"v1.{file.name} has a grain twice"


def kind_of(error: Exception) -> str:
    """A file's name for all errors of one place in the package."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "artifact_warehouse" in frame.filename] or frames
    return f"{type(error).__name__}_{Path(ours[-1].filename).stem}_{ours[-1].lineno}.json"
