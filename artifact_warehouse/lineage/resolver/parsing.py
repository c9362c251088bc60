"""From a text to the syntax tree of its query."""

from __future__ import annotations

import logging
import re
from functools import cache
from typing import NamedTuple

import sqlglot
from sqlglot import exp
from sqlglot.dialects.dialect import Dialect
from sqlglot.errors import ParseError

from artifact_warehouse.lineage.resolver.dialects import NEAREST
from artifact_warehouse.lineage.resolver.model import UnreadableSql

MAX_CHARACTERS = 4_000_000
"""A longer text is not parsed, because a running parser cannot be interrupted."""

logging.getLogger("sqlglot").addHandler(logging.NullHandler())  # it logs a warning and raises as well

_TRAILING_COMMA = re.compile(r"(--[^\n]*)|,((?:\s|--[^\n]*\n)*)(\)|\bfrom\b)", re.IGNORECASE)
"""Matches a whole comment first: else each comma in it would be tried against the rest of the text."""


class Parsed(NamedTuple):
    """The last query in a text."""

    query: exp.Expr
    names: list[str]
    """The names that the statement gives to its columns: CREATE VIEW v (a, b), INSERT INTO t (a, b)."""
    repair: str | None = None
    """How it was repaired; None if it was not."""


def parse(sql: str, dialect: str | None) -> Parsed:
    """The last query in a text.

    Tries, where it cannot be parsed: without trailing commas, then in the nearest dialects. Raises UnreadableSql
    with what was wrong in the text's own dialect.
    """
    if len(sql) > MAX_CHARACTERS:
        raise UnreadableSql(f"has {len(sql):,} characters, and no more than {MAX_CHARACTERS:,} are parsed")
    try:
        return _query_in(sql, dialect)
    except (UnreadableSql, RecursionError):
        raise
    except Exception as error:  # the parser raises other errors than ParseError, too
        reason = _reason(error)
    repaired = _TRAILING_COMMA.sub(r"\1\2\3", sql)
    attempts = [(repaired, dialect, "trailing commas left out")] if repaired != sql else []
    attempts += [(sql, nearest, f"read as {nearest}") for nearest in NEAREST.get(dialect or "", ())]
    for text, name, repair in attempts:
        try:
            return _query_in(text, name)._replace(repair=repair)
        except Exception:
            continue
    raise UnreadableSql(reason)


@cache
def _reader(dialect: str | None) -> Dialect:
    """The dialect without the conversion of array indexes, which annotates types before each bracket and is slow."""
    reader = Dialect.get_or_raise(dialect)
    reader.INDEX_OFFSET = 0
    return reader


def _query_in(sql: str, dialect: str | None) -> Parsed:
    """The query of the last statement that has one: itself, or that of a CREATE or INSERT."""
    statements = [statement for statement in sqlglot.parse(sql, dialect=_reader(dialect)) if statement is not None]
    for statement in reversed(statements):
        query = statement.expression if isinstance(statement, (exp.Create, exp.Insert)) else statement
        if isinstance(query, (exp.Query, exp.From, exp.Pivot)):
            with_clause = statement.args.get("with_")
            if query is not statement and with_clause is not None and not query.args.get("with_"):
                query.set("with_", with_clause)
            return Parsed(query, _column_list(statement))
    query = statements[-1].find(exp.Query) if statements else None
    if query is None:
        raise UnreadableSql("there is no query in it")
    return Parsed(query, [])


def _column_list(statement: exp.Expr) -> list[str]:
    target = statement.this if isinstance(statement, (exp.Create, exp.Insert)) else None
    if not isinstance(target, exp.Schema):
        return []
    return [column.name for column in target.expressions if isinstance(column, (exp.Identifier, exp.ColumnDef))]


def _reason(error: Exception) -> str:
    """One line that says what is wrong, and where."""
    if isinstance(error, ParseError) and error.errors:
        first = error.errors[0]
        near = (first.get("highlight") or "").strip()[:40]
        return f"line {first.get('line')}: {first.get('description')}" + (f" near {near!r}" if near else "")
    return (str(error).partition("\n")[0] or type(error).__name__)[:200]
