"""Words that sqlglot parses as columns: units of time, and functions without parentheses."""

from __future__ import annotations

from sqlglot import exp


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


UNITS = _words("""
    nanosecond nanoseconds microsecond microseconds millisecond milliseconds second seconds minute minutes hour hours
    day days week weeks month months quarter quarters year years decade century millennium weekday dayofweek dayofyear
    isoweek isoyear iso_week dow isodow doy epoch date d dd dw dy h hh m mi mm ms mcs n ns q qq s ss us w wk ww y yy
    yyyy
""")

_UNIT_FIRST = _words("""
    date_add dateadd date_diff datediff datediff_big date_sub datesub timestamp_add timestampadd timestamp_diff
    timestampdiff timeadd timediff date_part datepart datename datetrunc ts_or_ds_diff
""")
_UNIT_LAST = _words("date_trunc timestamp_trunc datetime_trunc trunc last_day time_slice round")
_ONLY_A_UNIT_FIRST = {"tsql": frozenset({"date_bucket"}), "fabric": frozenset({"date_bucket"})}
"""Functions of dialects whose first argument is never a column."""

_FUNCTIONS = _words("""
    current_catalog current_date current_role current_schema current_time current_timestamp current_user localtime
    localtimestamp rownum session_user sysdate systimestamp system_user
""")
LEVELS = frozenset({"level", "connect_by_iscycle", "connect_by_isleaf"})
"""The pseudo-columns of CONNECT BY."""


_TAKE_COLUMNS = (exp.Case, exp.Cast, exp.Coalesce, exp.Connector, exp.If, exp.TryCast)
"""Functions, in sqlglot's classes, that take no keywords as arguments."""


def is_function(name: str) -> bool:
    """Whether a lower-case word is a function that is called without parentheses."""
    return name in _FUNCTIONS


def is_unit(argument: exp.Expr, dialect: str | None) -> bool:
    """Whether an argument is a unit of time even if a column has its name."""
    if dialect not in _ONLY_A_UNIT_FIRST or not _is_word(argument) or argument.parent is None:
        return False
    function = argument.parent
    return function.name.lower() in _ONLY_A_UNIT_FIRST[dialect] and function.expressions[0] is argument


def may_be_unit(column: exp.Expr) -> bool:
    """Whether an unknown column is in the position of a unit of time in a date function."""
    function = column.parent
    if not _is_word(column) or not isinstance(function, exp.Func):
        return False
    if not isinstance(function, exp.Anonymous):
        # sqlglot has read the unit as the first argument, as in another dialect
        return isinstance(function, (exp.DateDiff, exp.TimestampDiff, exp.TsOrDsDiff)) and column.arg_key == "this"
    name = function.name.lower()
    if name in _UNIT_FIRST:
        return function.expressions[0] is column
    return name in _UNIT_LAST and len(function.expressions) > 1 and function.expressions[-1] is column


def may_be_keyword(column: exp.Expr) -> bool:
    """Whether a name that no catalog lists may be a keyword, and not a column that is newer than the catalog."""
    name = column.name.lower()
    if name in UNITS or name in LEVELS:
        return True
    return isinstance(column.parent, exp.Func) and not isinstance(column.parent, _TAKE_COLUMNS)


def _is_word(column: exp.Expr) -> bool:
    if type(column) is not exp.Column or column.args.get("table") is not None:
        return False
    return column.name.lower() in UNITS and not column.this.args.get("quoted")
