"""Reads the columns of a Parquet file and their decoded sizes, from its footer and its page headers. Decodes no value.

The sizes in the footer may be false. A reader allocates memory by the header of each page. pyarrow ends the process
at the footer of some broken files. Footer and headers are structs of
https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from artifact_warehouse.artifacts import thrift_compact

_MAGIC = b"PAR1"
_FOOTER_BYTES = 1024 * 1024
"""The largest footer that is read. A file of a million rows has one of 10 KB. pyarrow needs more than a hundred times
the footer's size in memory."""
_MAX_PAGES = 100_000
"""The most pages that a column may have in a row group. Writers end a page at 20,000 rows or a megabyte."""

_UNCOMPRESSED_SIZE, _COMPRESSED_SIZE, _DATA_PAGE, _DICTIONARY_PAGE, _DATA_PAGE_V2 = 2, 3, 5, 7, 8
_VALUE_COUNT = 1
_ENCODING = {_DATA_PAGE: 2, _DICTIONARY_PAGE: 2, _DATA_PAGE_V2: 4}
_DELTA_BYTE_ARRAY = 7
"""The encoding in which a value can repeat the beginning of the last one, so that few bytes become many."""


class Column(NamedTuple):
    """A column of the file."""

    name: str
    """Where the column is nested, the name of its outermost group."""
    is_nested: bool
    physical_type: int
    """The number of a Type of the format: see PHYSICAL_TYPES."""


PHYSICAL_TYPES = {2: "INT64", 3: "INT96", 6: "BYTE_ARRAY"}


class Chunk(NamedTuple):
    """A column in one row group: its number, the offsets of its pages, and the number of their values."""

    column: int
    start: int
    end: int
    value_count: int


class Footer(NamedTuple):
    """The footer of a file."""

    row_count: int
    columns: list[Column]
    chunks: list[Chunk]


class Page(NamedTuple):
    """The header of a column's page."""

    size_bytes: int
    """The size after decompression and before decoding."""
    value_count: int
    is_prefixed: bool
    """Whether the encoding is _DELTA_BYTE_ARRAY."""
    is_dictionary: bool

    @property
    def decoded_bytes(self) -> int:
        """The most bytes that the values can decode to. Values of a dictionary count in the dictionary's page."""
        return self.size_bytes * max(1, self.value_count) if self.is_prefixed else self.size_bytes


def footer(data: bytes) -> Footer:
    """The footer of a file. Raises ValueError."""
    length = int.from_bytes(data[-8:-4], "little")
    if len(data) < 12 or data[-4:] != _MAGIC or length > len(data) - 8:
        raise ValueError("ends in the middle")
    if length > _FOOTER_BYTES:
        raise ValueError(f"has a footer of {length:,} bytes")
    fields, _ = thrift_compact.struct(data[-8 - length : -8], 0)
    columns = [*_columns(_structs(fields, 2))]
    chunks = [chunk for group in _structs(fields, 4) for chunk in _chunks(_structs(group, 1), len(columns))]
    return Footer(_number(fields, 3), columns, chunks)


def _columns(elements: list[thrift_compact.Struct]) -> Iterator[Column]:
    """The leaves of the schema, a tree in preorder: each group has the number of its children, which follow it."""
    children_left: list[int] = []
    name = ""
    for number, element in enumerate(elements):
        while children_left and not children_left[-1]:
            children_left.pop()
        if bool(number) != bool(children_left):
            raise ValueError("a schema with several roots")
        if children_left:
            children_left[-1] -= 1
        if len(children_left) == 1:
            name = _bytes(element, 4).decode()
        child_count = _number(element, 5, 0)
        if child_count or not number:
            children_left.append(child_count)
        else:
            yield Column(name, len(children_left) > 1, _number(element, 1))


def _chunks(columns: list[thrift_compact.Struct], count: int) -> Iterator[Chunk]:
    if len(columns) != count:
        raise ValueError("a row group without all columns")
    for number, column in enumerate(columns):
        fields = column.get(3)
        if not isinstance(fields, dict):
            raise ValueError("a column without metadata")
        start, dictionary = _number(fields, 9), fields.get(11)
        if isinstance(dictionary, int) and 0 < dictionary < start:
            start = dictionary
        yield Chunk(number, start, start + _number(fields, 7), _number(fields, 5))


def _structs(fields: thrift_compact.Struct, field: int) -> list[thrift_compact.Struct]:
    found = fields.get(field)
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise ValueError("a footer without schema or row groups")
    return found


def _number(fields: thrift_compact.Struct, field: int, default: int = -1) -> int:
    found = fields.get(field, default)
    if not isinstance(found, int) or found < 0:
        raise ValueError("a footer without a number")
    return found


def _bytes(fields: thrift_compact.Struct, field: int) -> bytes:
    found: Any = fields.get(field)
    if not isinstance(found, bytes):
        raise ValueError("a column without a name")
    return found


def pages(data: bytes, chunk: Chunk) -> list[Page]:
    """The pages of a column in a row group.

    Raises ValueError, also where they have fewer values than the footer says: a reader would read past their end.
    """
    found: list[Page] = []
    offset, missing_count = chunk.start, chunk.value_count
    while offset < chunk.end:
        header, offset = thrift_compact.struct(data, offset)
        kind = next((kind for kind in _ENCODING if isinstance(header.get(kind), dict)), None)
        details = header[kind] if kind else {}
        sizes = [header.get(_UNCOMPRESSED_SIZE, -1), header.get(_COMPRESSED_SIZE, -1), details.get(_VALUE_COUNT, 0)]
        if not all(isinstance(size, int) and size >= 0 for size in sizes):
            raise ValueError("a page without a size")
        if len(found) == _MAX_PAGES:
            raise ValueError(f"more than {_MAX_PAGES:,} pages")
        is_prefixed = kind is not None and details.get(_ENCODING[kind]) == _DELTA_BYTE_ARRAY
        found.append(Page(sizes[0], sizes[2], is_prefixed, kind == _DICTIONARY_PAGE))
        missing_count -= 0 if found[-1].is_dictionary else sizes[2]
        offset += sizes[1]
    if missing_count > 0:
        raise ValueError("pages without all values")
    return found
