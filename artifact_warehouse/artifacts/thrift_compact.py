"""Reads structs in Thrift's compact protocol, which the headers and the footers of Parquet files are.

See https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
"""

from __future__ import annotations

from typing import Any

Struct = dict[int, Any]
"""Values by the ids of their fields."""

_TRUE, _FALSE, _BYTE, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = 1, 2, 3, 7, 8, 9, 10, 11, 12
_INTEGERS = (4, 5, 6)
_MOST_DEPTH = 12


def struct(data: bytes, place: int, depth: int = 0) -> tuple[Struct, int]:
    """A struct, and the place behind it. Raises ValueError."""
    if depth > _MOST_DEPTH:
        raise ValueError("a header that is nested too deeply")
    fields: Struct = {}
    field = 0
    while kind := _byte(data, place):
        place += 1
        if kind >> 4:
            field += kind >> 4
        else:
            field, place = _integer(data, place)
        if kind & 15 in (_TRUE, _FALSE):  # the value of a field is in its kind, that of a list's element is a byte
            fields[field] = kind & 15 == _TRUE
        else:
            fields[field], place = _value(data, place, kind & 15, depth)
    return fields, place + 1


def _value(data: bytes, place: int, kind: int, depth: int) -> tuple[Any, int]:
    if kind in (_TRUE, _FALSE, _BYTE):
        return _byte(data, place), place + 1
    if kind in _INTEGERS:
        return _integer(data, place)
    if kind == _DOUBLE:
        return None, place + 8
    if kind == _BINARY:
        length, place = _varint(data, place)
        return data[place : place + length], place + length
    if kind in (_LIST, _SET):
        return _list(data, place, depth)
    if kind == _STRUCT:
        return struct(data, place, depth + 1)
    raise ValueError(f"a header with a field of type {kind}")


def _list(data: bytes, place: int, depth: int) -> tuple[list[Any], int]:
    """Each element takes a byte or more, so that a size that lies ends behind the end of the data."""
    beginning, place = _byte(data, place), place + 1
    size, kind = beginning >> 4, beginning & 15
    if size == 15:
        size, place = _varint(data, place)
    found = []
    for _ in range(size):
        value, place = _value(data, place, kind, depth + 1)
        found.append(value)
    return found, place


def _integer(data: bytes, place: int) -> tuple[int, int]:
    """A signed integer: zigzag, so that small ones are short."""
    value, place = _varint(data, place)
    return (value >> 1) ^ -(value & 1), place


def _varint(data: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = _byte(data, place)
        place += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, place
        if shift > 63:
            raise ValueError("a number that is too long")


def _byte(data: bytes, place: int) -> int:
    if not 0 <= place < len(data):
        raise ValueError("a header behind the end of the file")
    return data[place]
