"""Arrow tables as short JSON, and JSON as text that an HTML file can hold.

A column is a list of its values, or one of these objects, each of which deflates to less than the list:
{"id": positions in the list of all ids, -1 for NULL}, {"words": [...], "at": positions in words, -1 for NULL},
{"first": value, "steps": differences}.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterable
from itertools import pairwise
from math import isfinite
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from artifact_warehouse.report.tables import Tables

_DEFLATE_LEVEL = 7
"""Level 9 takes more than twice the time for 1 % of the size."""

_LONG_TEXT = 200
"""Texts that are longer on average do not repeat: no dictionary is made of them."""


def all_ids(tables: Iterable[pa.Table]) -> pa.Array:
    """Every unique_id of the tables, each once, in order."""
    columns = [table[name] for table in tables for name in table.column_names if is_id(name)]
    chunks = [pc.unique(column).cast(pa.string()) for column in columns]
    found = pc.unique(pa.chunked_array(chunks, type=pa.string()) if chunks else pa.array([], pa.string()))
    known = found.filter(pc.is_valid(found))
    return known.take(pc.array_sort_indices(known))


def is_id(name: str) -> bool:
    """Whether a column holds unique_ids."""
    return name.endswith("unique_id")


def pack_tables(tables: Tables, ids: pa.Array) -> dict[str, Any]:
    """Every table as {"n": rows, "c": {column: packed}}."""
    return {name: _pack_table(table, ids) for name, table in tables.items()}


def _pack_table(table: pa.Table, ids: pa.Array) -> dict[str, Any]:
    columns = {}
    for name in table.column_names:
        column = table[name].combine_chunks()
        if is_id(name):
            columns[name] = {"id": pc.fill_null(pc.index_in(column, value_set=ids), -1).to_pylist()}
        else:
            columns[name] = _pack(column)
    return {"n": table.num_rows, "c": columns}


def _pack(column: pa.Array) -> Any:
    if pa.types.is_string(column.type):
        return _pack_text(column)
    if pa.types.is_boolean(column.type):
        return column.cast(pa.int8()).to_pylist()
    if pa.types.is_floating(column.type):
        return [_short(value) for value in column.to_pylist()]
    values = column.to_pylist()
    if len(values) < 2 or column.null_count:
        return values
    steps = [after - before for before, after in pairwise(values)]
    has_small_steps = 2 * sum(map(abs, steps)) < sum(map(abs, values))
    return {"first": values[0], "steps": steps} if has_small_steps else values


def _pack_text(column: pa.Array) -> Any:
    if len(column) == 0 or column.nbytes > len(column) * _LONG_TEXT:
        return column.to_pylist()
    encoded = column.dictionary_encode()
    if len(encoded.dictionary) * 3 >= len(column) * 2:
        return column.to_pylist()
    return {"words": encoded.dictionary.to_pylist(), "at": pc.fill_null(encoded.indices, -1).to_pylist()}


def _short(value: float | None) -> float | int | None:
    """Six significant digits, and no point where none is needed. JSON has no NaN."""
    if value is None or not isfinite(value):
        return None
    return int(value) if value == int(value) and abs(value) < 2**53 else float(f"{value:.6g}")


def deflate(value: Any) -> str:
    """A value as JSON, deflated, in base64: no character of it can end an element of HTML."""
    packer = zlib.compressobj(_DEFLATE_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    raw = msgspec.json.encode(value)
    return base64.b64encode(packer.compress(raw) + packer.flush()).decode()
