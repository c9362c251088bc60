"""Writes results in every format, and a lineage as a tree.

Tables and trees show control characters as escapes. The other formats keep every value exactly.
"""

from __future__ import annotations

import io
import itertools
import json
import math
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import IO, Any

import pyarrow as pa
from rich import box
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text
from rich.tree import Tree

from artifact_warehouse.cli.echo import escape_control_characters, replace_unencodable
from artifact_warehouse.lineage import Lineage

_UNLIMITED = 100_000
_PART_ROWS, _PART_BYTES = 10_000, 4 * 1024 * 1024
"""So many rows are Python objects at a time, or fewer of many bytes."""
_GROUP_BYTES = 8 * 1024 * 1024
_GROUP_ROWS = 122_880
"""A row group of Parquet has as many rows as DuckDB's, or fewer of many bytes."""
_FORMULA = re.compile(r"[=+\-@\t\r]")
_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)*([eE][+-]?\d+)?")
_QUOTED = re.compile(r'[",\r\n]')
_JSON_TOKENS = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|\s+|[,:]|-?(?:nan|inf(?:inity)?)', re.IGNORECASE | re.DOTALL)
_MARKS = {"failure": (" ✗ ", "bold red"), "warn": (" ! ", "yellow"), "stale": (" stale ", "bold red")}


def write(
    rows: pa.Table | pa.RecordBatchReader, output_format: str, stream: IO[bytes], json_columns: Iterable[str] = ()
) -> None:
    """Write a result, batch by batch but for a table. `json_columns` have JSON texts: the JSON formats embed them."""
    writers: dict[str, Callable[[pa.RecordBatchReader, IO[bytes], frozenset[str]], None]] = {
        "md": _write_markdown,
        "table": _write_table,
        "json": _write_json,
        "jsonl": _write_jsonl,
        "csv": _write_csv,
        "parquet": _write_parquet,
    }
    reader = rows.to_reader() if isinstance(rows, pa.Table) else rows
    writers[output_format](reader, stream, frozenset(json_columns))
    stream.flush()


def lineage_tree(lineage: Lineage, title: str, depth: int | None = None) -> Tree:
    """A tree of one direction of a lineage. The branches of a node are shown once."""
    edges = lineage.edges[title]
    seen: set[str] = set()
    tree = Tree(Text(escape_control_characters(title), style="bold"))

    def grow(branch: Tree, above: str, node: str, level: int) -> None:
        is_last = level == depth
        is_repeated = node in seen and bool(edges.get(node)) and not is_last
        child = branch.add(_label(node, lineage, is_repeated, lineage.kinds.get((above, node))))
        if not (is_repeated or is_last):
            seen.add(node)
            for other in edges.get(node, ()):
                grow(child, node, other, level + 1)

    for other in edges.get(lineage.unique_id, ()):
        grow(tree, lineage.unique_id, other, 1)
    return tree


def print_trees(trees: Iterable[Tree], stream: IO[str]) -> None:
    """Print trees: in colour and folded on a terminal, in full width elsewhere."""
    console = Console(file=replace_unencodable(stream), highlight=False)
    if not console.is_terminal:
        console = Console(file=stream, highlight=False, width=_UNLIMITED, color_system=None)
    for tree in trees:
        console.print(tree)
    stream.flush()


def _label(node: str, lineage: Lineage, is_repeated: bool, kind: str | None) -> Text:
    text = Text(escape_control_characters(lineage.labels.get(node, node)))
    if kind:
        text.append(f" {kind}", style="cyan")
    mark = _MARKS.get(lineage.states.get(node, ""))
    if mark:
        text.append(*mark)
    if is_repeated:
        text.append(" (see above)", style="dim")
    return text


def _cell(value: Any) -> str:
    """A value for people. NULL is empty, floats have six digits."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.6g}" if abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime):
        return value.isoformat(" ", "seconds" if not value.microsecond else "milliseconds")
    return _plain(value)


def _plain(value: Any) -> str:
    """A value as text. Lists and structs are JSON."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):
        return value.isoformat()
    return to_json(value) if isinstance(value, list | dict) else str(value)


def to_json(value: Any) -> str:
    """A value as JSON. Times are ISO 8601."""
    return json.dumps(_finite(value), ensure_ascii=False, allow_nan=False, default=_json_default)


def _finite(value: Any) -> Any:
    """The value with null for NaN and infinities, which JSON lacks."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    return [_finite(item) for item in value] if isinstance(value, list | tuple) else value


def _json_default(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return str(value)


def _distinct(names: Iterable[str]) -> Iterator[str]:
    """The names. A repeated one gets _1, _2 and so on."""
    seen: set[str] = set()
    for name in names:
        other, count = name, 0
        while other in seen:
            count += 1
            other = f"{name}_{count}"
        seen.add(other)
        yield other


def _lists(batch: pa.RecordBatch | pa.Table) -> list[list[Any]]:
    """The values, a list a column. Of times outside Python's range (infinity, before year 1) the stored number."""
    return [_values(column) for column in batch.columns]


def _values(column: pa.Array | pa.ChunkedArray) -> list[Any]:
    try:
        values: list[Any] = column.to_pylist()
    except (OverflowError, ValueError):
        number = pa.int32() if pa.types.is_date32(column.type) else pa.int64()
        values = column.cast(number).cast(pa.string()).to_pylist()
    return values


def _rows(reader: pa.RecordBatchReader) -> Iterator[tuple[Any, ...]]:
    for batch in reader:
        rows = max(1, min(_PART_ROWS, batch.num_rows * _PART_BYTES // max(1, batch.nbytes)))
        for start in range(0, batch.num_rows, rows):
            yield from zip(*_lists(batch.slice(start, rows)), strict=True)


def _json_rows(reader: pa.RecordBatchReader, json_columns: frozenset[str]) -> Iterator[str]:
    """The rows as JSON objects."""
    names = list(_distinct(reader.schema.names))
    keys = [to_json(name) for name in names]
    writers = [_embedded if name in json_columns else to_json for name in names]
    for row in _rows(reader):
        members = (f"{key}: {write(value)}" for key, write, value in zip(keys, writers, row, strict=True))
        yield "{" + ", ".join(members) + "}"


def _embedded(value: Any) -> str:
    """A JSON text on one line, spaced as Python's json module does, which ends at a depth of some hundred levels."""

    def normalise(match: re.Match[str]) -> str:
        token = match.group()
        if token[0] == '"':
            return token
        return f"{token} " if token in (",", ":") else "null" if token.strip() else ""

    return _JSON_TOKENS.sub(normalise, value) if isinstance(value, str) else to_json(value)


def _write_table(reader: pa.RecordBatchReader, stream: IO[bytes], json_columns: frozenset[str]) -> None:
    grid = RichTable(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for field in reader.schema:
        grid.add_column(_text(field.name), justify="right" if _is_number(field.type) else "left", no_wrap=True)
    for values in zip(*_lists(reader.read_all()), strict=True):
        grid.add_row(*(_text(_cell(value)) for value in values))
    text = io.StringIO()
    console = Console(file=text, width=_UNLIMITED, highlight=False, color_system=None)
    console.print(grid)
    for line in text.getvalue().rstrip("\n").split("\n"):
        stream.write(line.rstrip().encode() + b"\n")


def _is_number(data_type: pa.DataType) -> bool:
    checks = (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal)
    return any(check(data_type) for check in checks)


def _write_json(reader: pa.RecordBatchReader, stream: IO[bytes], json_columns: frozenset[str]) -> None:
    separator = "["
    for row in _json_rows(reader, json_columns):
        stream.write(f"{separator}{row}".encode())
        separator = ",\n "
    stream.write(b"[]\n" if separator == "[" else b"]\n")


def _write_jsonl(reader: pa.RecordBatchReader, stream: IO[bytes], json_columns: frozenset[str]) -> None:
    for row in _json_rows(reader, json_columns):
        stream.write(row.encode() + b"\n")


def _write_markdown(reader: pa.RecordBatchReader, stream: IO[bytes], json_columns: frozenset[str]) -> None:
    """A table of GitHub's Markdown: https://github.github.com/gfm/#tables-extension-."""
    rules = ["---:" if _is_number(field.type) else "---" for field in reader.schema]
    rows = ([_markdown_cell(_cell(value)) for value in row] for row in _rows(reader))
    for cells in (
        itertools.chain(([_markdown_cell(name) for name in reader.schema.names], rules), rows) if rules else ()
    ):
        stream.write(("| " + " | ".join(cells) + " |\n").encode())


def _markdown_cell(text: str) -> str:
    return escape_control_characters(text.replace("|", "\\|").replace("\r\n", "<br>").replace("\n", "<br>"))


def _write_csv(reader: pa.RecordBatchReader, stream: IO[bytes], json_columns: frozenset[str]) -> None:
    stream.write((",".join(map(_csv_field, reader.schema.names)) + "\n").encode())
    for row in _rows(reader):
        stream.write((",".join(map(_csv_field, row)) + "\n").encode())


def _csv_field(value: Any) -> str:
    """A field without a formula: NULL is empty and an empty text is "", as DuckDB writes and reads them."""
    if value is None:
        return ""
    text = _plain(value)
    if isinstance(value, str) and _FORMULA.match(text) and not _NUMBER.fullmatch(text):
        text = f"'{text}"  # https://owasp.org/www-community/attacks/CSV_Injection; other formats keep the text
    return '"' + text.replace('"', '""') + '"' if not text or _QUOTED.search(text) else text


def _text(text: str) -> Text:
    return Text(escape_control_characters(text).replace("\n", "⏎").replace("\t", "\\x09"))


def _write_parquet(reader: pa.RecordBatchReader, stream: IO[bytes], json_columns: frozenset[str]) -> None:
    from pyarrow import parquet

    with parquet.ParquetWriter(stream, reader.schema) as writer:
        for group in _row_groups(reader):
            writer.write_table(pa.Table.from_batches(group), row_group_size=_GROUP_ROWS)


def _row_groups(reader: pa.RecordBatchReader) -> Iterator[list[pa.RecordBatch]]:
    """The batches, together as long as they are small."""
    group: list[pa.RecordBatch] = []
    for batch in reader:
        group.append(batch)
        if sum(b.num_rows for b in group) >= _GROUP_ROWS or sum(b.nbytes for b in group) >= _GROUP_BYTES:
            yield group
            group = []
    if group:
        yield group
