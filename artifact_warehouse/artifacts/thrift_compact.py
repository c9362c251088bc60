"""Reads structs of Thrift's compact protocol. Parquet writes its page headers and its footer as such structs.

See https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
"""

from __future__ import annotations

from typing import Any

Struct = dict[int, Any]
"""Values by the ids of their fields."""

_TRUE, _FALSE, _BYTE, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = 1, 2, 3, 7, 8, 9, 10, 11, 12
_INTEGERS = (4, 5, 6)
_MAX_DEPTH = 12


def struct(data: bytes, offset: int, depth: int = 0) -> tuple[Struct, int]:
    """The struct at an offset, and the offset after it. Raises ValueError."""
    if depth > _MAX_DEPTH:
        raise ValueError("a header that is nested too deeply")
    fields: Struct = {}
    field = 0
    while kind := _byte(data, offset):
        offset += 1
        if kind >> 4:
            field += kind >> 4
        else:
            field, offset = _integer(data, offset)
        if kind & 15 in (_TRUE, _FALSE):  # a field has a boolean in its type; a list has it as a byte
            fields[field] = kind & 15 == _TRUE
        else:
            fields[field], offset = _value(data, offset, kind & 15, depth)
    return fields, offset + 1


def _value(data: bytes, offset: int, kind: int, depth: int) -> tuple[Any, int]:
    if kind in (_TRUE, _FALSE, _BYTE):
        return _byte(data, offset), offset + 1
    if kind in _INTEGERS:
        return _integer(data, offset)
    if kind == _DOUBLE:
        return None, offset + 8
    if kind == _BINARY:
        length, offset = _varint(data, offset)
        return data[offset : offset + length], offset + length
    if kind in (_LIST, _SET):
        return _list(data, offset, depth)
    if kind == _STRUCT:
        return struct(data, offset, depth + 1)
    raise ValueError(f"a header with a field of type {kind}")


def _list(data: bytes, offset: int, depth: int) -> tuple[list[Any], int]:
    """A list. A false size raises at the end of the data, because each element takes a byte or more."""
    beginning, offset = _byte(data, offset), offset + 1
    size, kind = beginning >> 4, beginning & 15
    if size == 15:
        size, offset = _varint(data, offset)
    found = []
    for _ in range(size):
        value, offset = _value(data, offset, kind, depth + 1)
        found.append(value)
    return found, offset


def _integer(data: bytes, offset: int) -> tuple[int, int]:
    """A signed integer in zigzag encoding, which makes small numbers short."""
    value, offset = _varint(data, offset)
    return (value >> 1) ^ -(value & 1), offset


def _varint(data: bytes, offset: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = _byte(data, offset)
        offset += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, offset
        if shift > 63:
            raise ValueError("a number that is too long")


def _byte(data: bytes, offset: int) -> int:
    if not 0 <= offset < len(data):
        raise ValueError("a header beyond the end of the file")
    return data[offset]
