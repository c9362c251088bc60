"""Conditions on the names of columns: which of them `* LIKE 'j%'` and `COLUMNS(c -> c LIKE 'j%')` choose.

DuckDB: https://duckdb.org/docs/stable/sql/expressions/star. Snowflake's `* ILIKE`:
https://docs.snowflake.com/en/sql-reference/sql/select. ClickHouse's COLUMNS:
https://clickhouse.com/docs/sql-reference/statements/select#dynamic-column-selection.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable

from sqlglot import exp

NameTest = Callable[[str], "bool | None"]
"""Whether a column of that name, as it is spelled, is chosen; None where that is unknown."""


def every_name(_name: str) -> bool | None:
    """Chooses all columns."""
    return True


def matching(pattern: str) -> NameTest:
    """Chooses the names in which a regular expression is found."""
    return lambda name: _found(pattern, name)


def like(pattern: str, ignores_case: bool = True) -> NameTest:
    """Chooses the names that a pattern of LIKE matches."""
    return lambda name: _is_like(name, pattern, ignores_case)


def listed(names: list[str]) -> NameTest:
    """Chooses some names, without regard to case."""
    chosen = {name.lower() for name in names}
    return lambda name: name.lower() in chosen


def condition(expression: exp.Expr, parameter: str) -> NameTest:
    """Chooses the names for which a condition on `parameter` is true: that of a lambda, or `*` itself."""
    return lambda name: _holds(expression, parameter, name)


_MAY_TAKE_FOREVER = re.compile(r"\([^()]*[*+{][^()]*\)[*+{]|\\\d")
"""Python's regular expressions backtrack: a repetition within a repetition takes exponential time. DuckDB's do not."""


def _found(pattern: str, name: str) -> bool | None:
    if _MAY_TAKE_FOREVER.search(pattern):
        return None
    try:
        return re.search(pattern, name) is not None
    except re.error:
        return None


_WILDCARDS = {"%": "*", "_": "?", "*": "[*]", "?": "[?]", "[": "[[]"}


def _is_like(name: str, pattern: str, ignores_case: bool = False) -> bool:
    if ignores_case:
        name, pattern = name.lower(), pattern.lower()
    return fnmatch.fnmatchcase(name, "".join(_WILDCARDS.get(character, character) for character in pattern))


def _holds(expression: exp.Expr, parameter: str, name: str) -> bool | None:
    if isinstance(expression, exp.Paren):
        return _holds(expression.this, parameter, name)
    if isinstance(expression, exp.Not):
        return _negated(_holds(expression.this, parameter, name))
    if isinstance(expression, (exp.And, exp.Or)):
        both = [_holds(side, parameter, name) for side in (expression.left, expression.right)]
        deciding = isinstance(expression, exp.Or)
        return deciding if deciding in both else None if None in both else not deciding
    text = _text(expression.this, parameter, name)
    if text is None:
        return None
    if isinstance(expression, exp.In):
        return _is_in(text, [_text(item, parameter, name) for item in expression.expressions])
    compare = _COMPARISONS.get(type(expression))
    other = _text(expression.args.get("expression"), parameter, name)
    if compare is None or other is None:
        return None
    return _negated(compare(text, other)) if expression.args.get("negate") else compare(text, other)


def _negated(value: bool | None) -> bool | None:
    return None if value is None else not value


def _is_in(text: str, items: list[str | None]) -> bool | None:
    return True if text in items else None if None in items or not items else False


def _text(expression: object, parameter: str, name: str) -> str | None:
    if isinstance(expression, (exp.Identifier, exp.Column)):
        return name if expression.name.lower() == parameter else None
    if isinstance(expression, exp.Star):
        return name
    if isinstance(expression, exp.Literal):
        return expression.name if expression.is_string else None
    if isinstance(expression, (exp.Lower, exp.Upper)):
        inner = _text(expression.this, parameter, name)
        return None if inner is None else inner.lower() if isinstance(expression, exp.Lower) else inner.upper()
    return None


def _is_similar(text: str, pattern: str) -> bool | None:
    """DuckDB's SIMILAR TO: a regular expression that matches all of the text."""
    return _found(f"^(?:{pattern})$", text)


_COMPARISONS: dict[type[exp.Expr], Callable[[str, str], bool | None]] = {
    exp.EQ: lambda text, other: text == other,
    exp.Glob: fnmatch.fnmatchcase,
    exp.ILike: lambda text, pattern: _is_like(text, pattern, ignores_case=True),
    exp.Like: _is_like,
    exp.NEQ: lambda text, other: text != other,
    exp.RegexpLike: lambda text, pattern: _found(pattern, text),
    exp.SimilarTo: _is_similar,
    exp.StartsWith: lambda text, prefix: text.startswith(prefix),
}
