"""Decodes JSON: with msgspec where it is strict, else with the standard library, which is lenient and slower.

Knows nothing of dbt. `decode` never guesses: JSON that neither decoder takes raises a ValueError with the reason.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, TypeVar, overload

import msgspec

T = TypeVar("T")

TOO_DEEP = "is nested too deeply to be a dbt artifact"
"""The reason for refusing a document whose nesting would exhaust Python's stack."""

_decode_any = msgspec.json.Decoder().decode
NEEDLESS_ESCAPES = (r"\/", r"\u002", r"\u003", r"\u004", r"\u005", r"\u006", r"\u007")
"""The beginnings of escapes of printable ASCII characters. JSON does not need them; some encoders write them."""

_encode = msgspec.json.Encoder(order="sorted").encode
_encode_in_order = msgspec.json.Encoder().encode
_CUT_OFF = "still being written, or cut off; load it again"
_BEGINNING = re.compile(r"\.|[eE][+-]?|u?[0-9a-fA-F]{0,4}")
"""What follows the place of the standard library's error, in a text that ends within a number or an escape."""

_LITERALS = ("true", "false", "null", "NaN", "Infinity", "-Infinity")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


class UnexpectedShape(ValueError):
    """The document is valid JSON, but not of the requested type."""


@overload
def decode(data: bytes | msgspec.Raw) -> Any: ...
@overload
def decode(data: bytes | msgspec.Raw, as_type: type[T]) -> T: ...
def decode(data: bytes | msgspec.Raw, as_type: Any = Any) -> Any:
    """Decode a document, as a tree or as a msgspec type.

    Besides strict JSON it takes a byte order mark, UTF-16, NaN and Infinity (they become null) and lone surrogates
    (they become U+FFFD). Of duplicate keys the last one counts. Raises ValueError with a reason that a person can act
    on; UnexpectedShape where only the type is wrong.
    """
    try:
        return _decode_any(data) if as_type is Any else msgspec.json.decode(data, type=as_type)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as strict:
        if as_type is not Any and isinstance(strict, msgspec.ValidationError):
            raise UnexpectedShape(str(strict)) from strict
        return _decode_leniently(bytes(data), as_type, strict)


def encode(value: Any) -> str:
    """The value as compact JSON text with sorted keys, so that equal values have equal texts."""
    try:
        return _encode(value).decode()
    except OverflowError:  # an integer of more than 64 bits
        return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def encode_in_order(value: Any) -> bytes:
    """The value as compact JSON. Keys keep their order, and undecoded parts (msgspec.Raw) their text."""
    try:
        return _encode_in_order(value)
    except OverflowError:  # an integer of more than 64 bits
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def _decode_leniently(data: bytes, as_type: Any, strict: Exception) -> Any:
    try:
        tree = _clean(json.loads(data.decode(json.detect_encoding(data))))
        return tree if as_type is Any else msgspec.json.decode(encode(tree), type=as_type)
    except msgspec.ValidationError as error:
        raise UnexpectedShape(str(error)) from error
    except (ValueError, RecursionError) as lenient:
        raise ValueError(_reason(data, strict, lenient)) from lenient


def _clean(value: Any) -> Any:
    """The tree with null for NaN and infinities, and U+FFFD for lone surrogates."""
    if isinstance(value, str):
        return _LONE_SURROGATE.sub("\ufffd", value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, list):
        return [_clean(item) for item in value]
    if isinstance(value, dict):
        return {_clean(key): _clean(item) for key, item in value.items()}
    return value


def _reason(data: bytes, strict: Exception, lenient: Exception) -> str:
    if not data.strip():
        return f"the file is empty: {_CUT_OFF}"
    if re.search(rb"^(<{7}|={7}|>{7})( |$)", data, re.MULTILINE):
        return "holds git conflict markers; resolve the conflict"
    if isinstance(strict, RecursionError) or isinstance(lenient, RecursionError):
        return TOO_DEEP
    if _is_cut_off(strict, lenient):
        return f"ends after {len(data)} bytes, in the middle: {_CUT_OFF}"
    if isinstance(lenient, UnicodeDecodeError):
        return f"is not UTF-8 (byte {lenient.start})"
    if isinstance(lenient, json.JSONDecodeError):
        return f"is not JSON: {lenient.msg} at line {lenient.lineno}, column {lenient.colno}"
    if "integer string conversion" in str(
        lenient
    ):  # https://docs.python.org/3/library/stdtypes.html#int-max-str-digits
        return "holds a number of thousands of digits"
    return f"is not JSON: {lenient}"


def _is_cut_off(strict: Exception, lenient: Exception) -> bool:
    """Whether a document is valid up to its end, and only its rest is missing. dbt writes files in place."""
    if isinstance(strict, msgspec.DecodeError) and "truncated" in str(strict):
        return True
    if isinstance(lenient, UnicodeDecodeError):  # cut within a character or a byte order mark
        if lenient.object in (b"\xff", b"\xfe"):
            return True
        return lenient.end == len(lenient.object) and lenient.reason in ("unexpected end of data", "truncated data")
    if isinstance(lenient, json.JSONDecodeError):
        rest = lenient.doc[lenient.pos :]
        is_beginning = any(literal.startswith(rest) for literal in _LITERALS) or bool(_BEGINNING.fullmatch(rest))
        return is_beginning or lenient.msg.startswith("Unterminated string")
    return False
