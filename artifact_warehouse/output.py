"""Results as text: every format that the command line prints, and the tree of a lineage.

What comes from artifacts is never written raw to a terminal: control characters are shown, not sent.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import IO, Any

import pyarrow as pa
from rich import box
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text
from rich.tree import Tree

FORMATS = ("table", "json", "jsonl", "csv", "parquet")

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_MARKS = {"failure": (" ✗ ", "bold red"), "warn": (" ! ", "yellow"), "stale": (" stale ", "bold red")}


def write(table: pa.Table, output_format: str, stream: IO[bytes], json_columns: Iterable[str] = ()) -> None:
    """Write a result. Values of `json_columns` are JSON texts: the JSON formats embed them."""
    writers: dict[str, Callable[[pa.Table, IO[bytes], frozenset[str]], None]] = {
        "table": _write_table,
        "json": _write_json,
        "jsonl": _write_jsonl,
        "csv": _write_csv,
        "parquet": _write_parquet,
    }
    writers[output_format](table, stream, frozenset(json_columns))
    stream.flush()


def visible(text: str) -> str:
    """The text with control characters made visible: a message must not steer the reader's terminal."""
    return _CONTROL.sub(lambda match: f"\\x{ord(match.group()):02x}", text)


def lineage_tree(
    root: str,
    edges: Mapping[str, list[str]],
    labels: Mapping[str, str],
    states: Mapping[str, str],
    title: str,
) -> Tree:
    """A tree from `root` along `edges`; a node that stands in it already is not unfolded again."""
    seen: set[str] = set()
    tree = Tree(Text(title, style="bold"))

    def grow(branch: Tree, node: str) -> None:
        is_repeated = node in seen and bool(edges.get(node))
        child = branch.add(_label(node, labels, states, is_repeated))
        if not is_repeated:
            seen.add(node)
            for other in edges.get(node, ()):
                grow(child, other)

    for other in edges.get(root, ()):
        grow(tree, other)
    return tree


def print_tree(tree: Tree, stream: IO[str]) -> None:
    """Print a tree, in colour on a terminal only."""
    console = Console(file=stream, highlight=False)
    console.print(tree, soft_wrap=not console.is_terminal)


def _label(node: str, labels: Mapping[str, str], states: Mapping[str, str], is_repeated: bool) -> Text:
    text = Text(visible(labels.get(node, node)))
    mark = _MARKS.get(states.get(node, ""))
    if mark:
        text.append(*mark)
    if is_repeated:
        text.append(" (see above)", style="dim")
    return text


def _cell(value: Any) -> str:
    """A value as people read it; nothing for NULL."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.6g}" if abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime):
        return value.isoformat(" ", "seconds" if not value.microsecond else "milliseconds")
    return value if isinstance(value, str) else to_json(value)


def to_json(value: Any) -> str:
    """A value as JSON text; times as ISO 8601."""
    return json.dumps(value, ensure_ascii=False, default=_json_default)


def _json_default(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value)


def _rows(table: pa.Table, json_columns: frozenset[str]) -> Iterable[dict[str, Any]]:
    """The rows as objects, with the texts of JSON columns decoded."""
    for batch in table.to_batches(max_chunksize=10_000):
        for row in batch.to_pylist():
            for name in json_columns:
                if isinstance(row.get(name), str):
                    row[name] = json.loads(row[name])
            yield row


def _write_table(table: pa.Table, stream: IO[bytes], json_columns: frozenset[str]) -> None:
    numeric = [pa.types.is_integer(f.type) or pa.types.is_floating(f.type) for f in table.schema]
    grid = RichTable(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for name, is_number in zip(table.column_names, numeric, strict=True):
        grid.add_column(name, justify="right" if is_number else "left", no_wrap=True)
    for values in zip(*(column.to_pylist() for column in table.columns), strict=True):
        grid.add_row(*(Text(visible(_cell(value)).replace("\n", "⏎")) for value in values))
    text = io.StringIO()
    console = Console(file=text, width=100_000, highlight=False, color_system=None)
    console.print(grid)
    for line in text.getvalue().rstrip("\n").split("\n"):
        stream.write(line.rstrip().encode() + b"\n")


def _write_json(table: pa.Table, stream: IO[bytes], json_columns: frozenset[str]) -> None:
    rows = [to_json(row) for row in _rows(table, json_columns)]
    stream.write(("[" + ",\n ".join(rows) + "]\n").encode())


def _write_jsonl(table: pa.Table, stream: IO[bytes], json_columns: frozenset[str]) -> None:
    for row in _rows(table, json_columns):
        stream.write(to_json(row).encode() + b"\n")


def _write_csv(table: pa.Table, stream: IO[bytes], json_columns: frozenset[str]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(table.column_names)
    for row in _rows(table, frozenset()):
        writer.writerow(_csv_value(value) for value in row.values())
    stream.write(text.getvalue().encode())


def _csv_value(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return value if value is None or isinstance(value, str | int | float) else to_json(value)


def _write_parquet(table: pa.Table, stream: IO[bytes], json_columns: frozenset[str]) -> None:
    from pyarrow import parquet

    parquet.write_table(table, stream)
