"""Writes results in every format. Tables show control characters as escapes; the other formats keep every value."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import IO, Any

import pyarrow as pa

from artifact_warehouse.cli.cells import cell, one_line, plain, short_cell, short_name, to_json
from artifact_warehouse.cli.echo import escape_control_characters
from artifact_warehouse.cli.layout import Column, fitting_widths, glossary_lines, record_lines, table_lines
from artifact_warehouse.cli.terminal import Terminal

_COMMON = ("project_name", "environment", "job_name", "command", "invocation_id")
_COMMON_NAMED = ("before_invocation_id", "after_invocation_id")
"""Columns that stand above a table where all rows have the same value; the latter with their names."""

_STATUSES = ("status", "state", "outcome", "difference", "change")
_HIDDEN = ("meta", "config", "is_enabled", "definition_id", "manifest_generated_at")
"""Fields that a record has only where it is wide."""

_PART_ROWS, _PART_BYTES = 10_000, 4 * 1024 * 1024
"""So many rows are Python objects at a time, or fewer of many bytes."""
_GROUP_BYTES = 8 * 1024 * 1024
_GROUP_ROWS = 122_880
"""A row group of Parquet has as many rows as DuckDB's, or fewer of many bytes."""

_FORMULA = re.compile(r"[=+\-@\t\r]")
_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)*([eE][+-]?\d+)?")
_QUOTED = re.compile(r'[",\r\n]')
_JSON_TOKENS = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|\s+|[,:]|-?(?:nan|inf(?:inity)?)', re.IGNORECASE | re.DOTALL)


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
    columns = _exact_columns(reader.read_all())
    for line in table_lines(columns, [column.width for column in columns], gap=3):
        stream.write(line.encode() + b"\n")


def _exact_columns(table: pa.Table) -> list[Column]:
    return [
        Column(one_line(field.name), [one_line(cell(value)) for value in values], _is_number(field.type))
        for field, values in zip(table.schema, _lists(table), strict=True)
    ]


def _is_number(data_type: pa.DataType) -> bool:
    checks = (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal)
    return any(check(data_type) for check in checks)


def result_lines(rows: pa.Table | pa.RecordBatchReader, screen: Terminal, is_wide: bool) -> Iterator[str]:
    """A result of a query for a terminal: as a table, or where it has one row that does not fit, as a record."""
    table = rows if isinstance(rows, pa.Table) else rows.read_all()
    columns = _exact_columns(table)
    if table.num_rows == 1 and not is_wide and len(fitting_widths(columns, screen.width)) < len(columns):
        values = ([escape_control_characters(cell(values[0]))] for values in _lists(table))
        yield from record_lines(zip([column.name for column in columns], values, strict=True), screen.width)
    else:
        yield from _fitting_table(columns, screen, is_wide, len(columns))


def _fitting_table(columns: list[Column], screen: Terminal, is_wide: bool, count: int) -> Iterator[str]:
    """The columns that fit, and where others are left out or cut, how to see them. `count` is of all columns."""
    widths = [column.width for column in columns] if is_wide else fitting_widths(columns, screen.width)
    yield from table_lines(columns, widths, screen.glyphs, is_coloured=screen.is_coloured)
    shown = count - len(columns) + len(widths)
    is_cut = any(column.cells_width > width for column, width in zip(columns, widths, strict=False))
    if len(widths) < len(columns):
        yield f"{shown} of {count} columns; --wide, --format json"
    elif is_cut:
        yield "texts are cut; --wide, --format json"


def described_lines(table: pa.Table, screen: Terminal) -> Iterator[str]:
    """A table whose last column describes the others, for a terminal."""
    yield from glossary_lines(_exact_columns(table), screen.width, screen.glyphs)


def answer_lines(table: pa.Table, screen: Terminal, is_wide: bool, now: datetime) -> Iterator[str]:
    """The answer to a daily question for a terminal. What all rows have in common stands above them."""
    columns = dict(zip(table.column_names, answer_columns(table, now), strict=True))
    common = [name for name in (*_COMMON, *_COMMON_NAMED) if name in columns and len({*columns[name].cells}) == 1]
    above = [_above(name, columns[name].cells[0]) for name in common if columns[name].cells[0]]
    if above and not is_wide:
        yield f" {screen.glyphs.dot} ".join(above)
    shown = [column for name, column in columns.items() if is_wide or (name not in common and any(column.cells))]
    yield from _fitting_table(shown, screen, is_wide, len(columns))


def answer_columns(table: pa.Table, now: datetime) -> list[Column]:
    """The columns of an answer as people read them."""
    return [
        Column(
            short_name(field.name),
            [one_line(short_cell(field.name, value, now)) for value in values],
            _is_number(field.type),
            _is_status(field.name),
        )
        for field, values in zip(table.schema, _lists(table), strict=True)
    ]


def _above(name: str, text: str) -> str:
    return f"{short_name(name)} {text}" if name in _COMMON_NAMED else text


def answer_records(table: pa.Table, screen: Terminal, is_wide: bool, now: datetime) -> Iterator[str]:
    """The rows of an answer as records, without what is empty, and what is JSON unless they are wide."""
    for number, row in enumerate(table.to_pylist()):
        if number:
            yield ""
        fields = {name: _items(name, value, now) for name, value in row.items()}
        shown = {name: items for name, items in fields.items() if any(items) and (is_wide or name not in _HIDDEN)}
        named = ((short_name(name), items) for name, items in shown.items())
        yield from record_lines(named, screen.width, screen.is_coloured)


def _items(name: str, value: Any, now: datetime) -> list[str]:
    items = value if isinstance(value, list) else [value]
    return [escape_control_characters(short_cell(name, item, now)) for item in items]


def _is_status(name: str) -> bool:
    return name in _STATUSES or name.endswith("_status")


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
    rows = ([_markdown_cell(cell(value)) for value in row] for row in _rows(reader))
    head = ([_markdown_cell(name) for name in reader.schema.names], rules)
    for cells in itertools.chain(head, rows) if rules else ():
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
    text = plain(value)
    if isinstance(value, str) and _FORMULA.match(text) and not _NUMBER.fullmatch(text):
        text = f"'{text}"  # https://owasp.org/www-community/attacks/CSV_Injection; other formats keep the text
    return '"' + text.replace('"', '""') + '"' if not text or _QUOTED.search(text) else text


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
