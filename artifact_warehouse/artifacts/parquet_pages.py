"""Computes the decoded size of a Parquet file's columns from the headers of its pages, before any page is decoded.

The sizes in a file's footer may lie. A reader allocates by the header of each page, which is a struct in
Thrift's compact protocol: https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md and
https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift
"""

from __future__ import annotations

from typing import Any, NamedTuple

_TRUE, _FALSE, _BYTE, _DOUBLE, _BINARY, _LIST, _SET, _STRUCT = 1, 2, 3, 7, 8, 9, 10, 12
_INTEGERS = (4, 5, 6)
_MOST_DEPTH = 8
_MOST_PAGES = 100_000
"""The most pages of one column. Writers end a page at 20,000 rows or a megabyte."""

_UNCOMPRESSED_SIZE, _COMPRESSED_SIZE, _DATA_PAGE, _DICTIONARY_PAGE, _DATA_PAGE_V2 = 2, 3, 5, 7, 8
_VALUE_COUNT = 1
_ENCODING = {_DATA_PAGE: 2, _DICTIONARY_PAGE: 2, _DATA_PAGE_V2: 4}
_DELTA_BYTE_ARRAY = 7
"""The encoding in which a value can repeat the beginning of the last one, so that few bytes become many."""

_Struct = dict[int, Any]


class Page(NamedTuple):
    """The header of a column's page."""

    size_bytes: int
    """The size after decompression and before decoding."""
    value_count: int
    is_prefixed: bool
    """Whether the encoding is _DELTA_BYTE_ARRAY."""

    @property
    def decoded_bytes(self) -> int:
        """The most bytes that the values can decode to. Values of a dictionary count in the dictionary's page."""
        return self.size_bytes * max(1, self.value_count) if self.is_prefixed else self.size_bytes


def pages(data: bytes, start: int, end: int) -> list[Page]:
    """The pages of the column chunk from `start` to `end`. Raises ValueError."""
    found: list[Page] = []
    while start < end:
        header, start = _struct(data, start, 0)
        kind = next((kind for kind in _ENCODING if isinstance(header.get(kind), dict)), None)
        details = header[kind] if kind else {}
        sizes = [header.get(_UNCOMPRESSED_SIZE, -1), header.get(_COMPRESSED_SIZE, -1), details.get(_VALUE_COUNT, 0)]
        if not all(isinstance(size, int) and size >= 0 for size in sizes):
            raise ValueError("a page without a size")
        is_prefixed = kind is not None and details.get(_ENCODING[kind]) == _DELTA_BYTE_ARRAY
        if len(found) == _MOST_PAGES:
            raise ValueError(f"more than {_MOST_PAGES:,} pages")
        found.append(Page(sizes[0], sizes[2], is_prefixed))
        start += sizes[1]
    return found


def _struct(data: bytes, place: int, depth: int) -> tuple[_Struct, int]:
    """The fields of a struct by their ids, and the place of the first byte after it."""
    if depth > _MOST_DEPTH:
        raise ValueError("a header that is nested too deeply")
    fields: _Struct = {}
    field = 0
    while kind := _byte(data, place):
        place += 1
        if kind >> 4:
            field += kind >> 4
        else:
            field, place = _integer(data, place)
        fields[field], place = _value(data, place, kind & 15, depth)
    return fields, place + 1


def _value(data: bytes, place: int, kind: int, depth: int) -> tuple[Any, int]:
    """A value, and the place after it. Kinds that page headers do not have are an error."""
    if kind in (_TRUE, _FALSE):
        return kind == _TRUE, place
    if kind == _BYTE:
        return _byte(data, place), place + 1
    if kind in _INTEGERS:
        return _integer(data, place)
    if kind == _DOUBLE:
        return None, place + 8
    if kind == _BINARY:
        length, place = _varint(data, place)
        return None, place + length
    if kind == _STRUCT:
        return _struct(data, place, depth + 1)
    raise ValueError(f"a header with a field of type {kind}")


def _integer(data: bytes, place: int) -> tuple[int, int]:
    """A signed integer in zigzag encoding, and the place after it."""
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
