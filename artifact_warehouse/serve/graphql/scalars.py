"""The scalars of dbt's API: numbers that may be texts, and times."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any

from graphql import GraphQLError

from artifact_warehouse.serve.moments import parse_moment


def _big_int(value: Any) -> int | str:
    """A number, also as a text; a text that is none may be a name."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise GraphQLError(f"{value!r} is no BigInt")
    if isinstance(value, str):
        return int(value) if re.fullmatch(r"-?\d{1,18}", value) else value
    if isinstance(value, float) and not value.is_integer():
        raise GraphQLError(f"{value!r} is no BigInt")
    return int(value)


def _moment(value: datetime) -> str:
    return f"{value.isoformat(timespec='milliseconds')}Z"


def _parsed_moment(value: Any) -> datetime:
    try:
        return parse_moment(value if isinstance(value, str) else str(value))
    except ValueError as error:
        raise GraphQLError(str(error)) from error


SCALARS: dict[str, dict[str, Any]] = {
    "BigInt": {
        "coerce_output_value": int,
        "serialize": int,
        "parse_value": _big_int,
        "coerce_input_value": _big_int,
        "parse_literal": lambda node, variables=None: _big_int(_literal(node)),
        "coerce_input_literal": lambda node: _big_int(_literal(node)),
    },
    "DateTime": {
        "coerce_output_value": _moment,
        "serialize": _moment,
        "parse_value": _parsed_moment,
        "coerce_input_value": _parsed_moment,
        "parse_literal": lambda node, variables=None: _parsed_moment(getattr(node, "value", None)),
        "coerce_input_literal": lambda node: _parsed_moment(getattr(node, "value", None)),
    },
    "Date": {"coerce_output_value": date.isoformat, "serialize": date.isoformat},
}
"""How the values of each scalar are read and written, by the attributes of GraphQLScalarType."""


def _literal(node: Any) -> Any:
    if node.kind == "int_value":
        return int(node.value)
    if node.kind == "string_value":
        return node.value
    raise GraphQLError("a BigInt is a number or a text of digits")
