"""The comparison of two runs as a page of Markdown, for a comment on a pull request."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from artifact_warehouse.cli.markdown import cell, table

Row = Mapping[str, Any]

_MOST_ROWS = 50
"""GitHub's comments have 65,536 characters at most."""
_MOST_COLUMNS = 10
_SLOWER_RATIO, _SLOWER_SECONDS = 1.5, 0.5
"""A node is called slower where it took half as long again, and half a second more."""


def comparison_page(rows: Sequence[Row]) -> Iterator[str]:
    """The page of the rows that `compare` returns: what fails, what changed and who reads it, and what is slower."""
    if not rows:
        return
    first = rows[0]
    place = ", ".join(name for name in (first["project_name"], first["environment"]) if name)
    ids = [cell(first[name][:8]) for name in ("after_invocation_id", "before_invocation_id")]
    yield f"### dbt: {cell(first['after_command'])} of {cell(place)}: `{ids[0]}` against `{ids[1]}`"
    yield ""
    yield _summary(rows)
    failing = [row for row in rows if row["difference"] in ("fails now", "still fails")]
    changed = [row for row in rows if row["is_other_definition"] or (row["difference"] == "only after")]
    slower = sorted(filter(_is_slower, rows), key=lambda row: -row["longer_seconds"])
    yield from _section("Fails", ("", "what", "why", "owner", "reaches"), [*map(_failure, failing)])
    yield from _section("Changed", ("what", "changed", "columns read by", "owner", "reaches"), [*map(_change, changed)])
    yield from _section("Slower", ("what", "before", "after", "more"), [*map(_slowdown, slower)])
    for difference in ("mended", "only before"):
        if names := [_name(row) for row in rows if row["difference"] == difference]:
            yield ""
            yield f"**{difference.capitalize()}**: {', '.join(names[:_MOST_ROWS])}{_more(len(names) - _MOST_ROWS)}"


def _summary(rows: Sequence[Row]) -> str:
    """How many nodes differ in which way, and the time of the nodes that both runs have."""
    counts = Counter(row["difference"] for row in rows)
    of_both = [row for row in rows if row["longer_seconds"] is not None]
    before, after = (sum(row[name] for row in of_both) for name in ("before_seconds", "after_seconds"))
    differences = ", ".join(f"{count} {difference}" for difference, count in counts.items())
    return f"{differences}. The {len(of_both)} nodes of both runs took {after:,.1f} s, before {before:,.1f} s."


def _section(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    if rows:
        yield ""
        yield f"#### {title}"
    yield from table(columns, rows[:_MOST_ROWS])
    if more := _more(len(rows) - _MOST_ROWS):
        yield ""
        yield more.strip()


def _more(count: int) -> str:
    return f" … and {count:,} more" if count > 0 else ""


def _failure(row: Row) -> Sequence[str]:
    mark = "❌ new" if row["difference"] == "fails now" else "❌"
    return mark, _name(row), cell(row["message"] or row["after_status"]), *_concerns(row)


def _change(row: Row) -> Sequence[str]:
    fields = ", ".join(row["changed_fields"] or ()) if row["is_other_definition"] else "new"
    return _name(row), cell(fields), _readers(row["column_consumers"] or ()), *_concerns(row)


def _slowdown(row: Row) -> Sequence[str]:
    seconds = (f"{row[name]:,.1f} s" for name in ("before_seconds", "after_seconds", "longer_seconds"))
    return _name(row), *seconds


def _is_slower(row: Row) -> bool:
    longer = row["longer_seconds"]
    return longer is not None and longer >= max(_SLOWER_SECONDS, (_SLOWER_RATIO - 1) * row["before_seconds"])


def _concerns(row: Row) -> Sequence[str]:
    reach = ", ".join(cell(name.split(".")[-1]) for name in row["exposure_unique_ids"] or ())
    return cell(row["owner"] or ""), reach


def _name(row: Row) -> str:
    return f"`{cell(_short(row['unique_id']) if row['resource_type'] == 'model' else row['name'])}`"


def _short(unique_id: str) -> str:
    """The name of a node in its project, with its version."""
    return unique_id.split(".", 2)[-1]


def _readers(consumers: Sequence[Row]) -> str:
    """A line for each column of a node: the columns that it flows into, and the models that use it otherwise."""
    columns = [
        f"`{cell(column)}` → {', '.join(dict.fromkeys(map(_reader, readers)))}"
        for column, readers in groupby(consumers, key=lambda one: one["column_name"])
    ]
    more = _more(len(columns) - _MOST_COLUMNS)
    return "<br>".join([*columns[:_MOST_COLUMNS], *filter(None, [more.strip()])])


def _reader(consumer: Row) -> str:
    column = consumer["consumer_column_name"]
    name = _short(consumer["consumer_unique_id"])
    return f"`{cell(name)}` ({consumer['kind']})" if column is None else f"`{cell(f'{name}.{column}')}`"
