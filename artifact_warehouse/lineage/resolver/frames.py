"""Frames: the columns of whatever a query can read from (a relation, a CTE, a subquery, a table function)."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from artifact_warehouse.lineage.resolver.flows import (
    EXPRESSION,
    GUESSED,
    NOTHING,
    UNKNOWN_COLUMNS,
    UNLISTED,
    Flow,
    Origin,
)
from artifact_warehouse.lineage.resolver.model import Relation


class Frame:
    """Columns by lower-case name, in their order, each with its flow.

    `spellings` has the names that are not in lower case. `unlisted` are the frames whose columns are unknown and
    that a star has taken over: a column which is not listed here may come from them. `value` is what the frame
    is where a query uses its name as a value, if not a row: `SELECT x FROM unnest(xs) AS x`.
    """

    __slots__ = ("_found", "_suffixes", "columns", "spellings", "unlisted", "value")

    def __init__(self) -> None:
        self.columns: dict[str, Flow] = {}
        self.spellings: dict[str, str] = {}
        self.unlisted: list[Frame] = []
        self.value: Flow | None = None
        self._found: dict[str, Flow | None] | None = None
        self._suffixes: dict[str, int] | None = None

    def __contains__(self, name: str) -> bool:
        """Whether it is known to have a column of this name."""
        return name in self.columns

    @property
    def is_open(self) -> bool:
        """Whether it may have more columns than are known."""
        return bool(self.unlisted)

    def names(self) -> Iterable[str]:
        """The names of its known columns, as a star lists them."""
        return self.columns

    def get(self, name: str) -> Flow | None:
        """The flow of a column; None where it has no such column."""
        flow = self.columns.get(name)
        if flow is not None or not self.unlisted:
            return flow
        if self._found is None:
            self._found = {}
        if name not in self._found:  # one frame may be reached in more ways than can be counted
            self._found[name] = self._get_unlisted(name)
        return self._found[name]

    def _get_unlisted(self, name: str) -> Flow | None:
        found = [flow for frame in self.unlisted if (flow := frame.get(name)) is not None]
        if len(found) > 1:
            return union(found, GUESSED)
        return found[0] if found else None

    def row(self) -> Flow:
        """The whole row as one value."""
        flow = union((self.columns_flow(name) for name in self.names()), EXPRESSION)
        flow.fields = self
        return flow

    def columns_flow(self, name: str) -> Flow:
        """The flow of one of `names`."""
        return self.get(name) or NOTHING

    def spelling(self, name: str) -> str:
        """The name of a column as it is written where it is made."""
        return self.spellings.get(name, name)

    def put(self, spelling: str, flow: Flow) -> None:
        """Add a column; one whose name is taken gets another, as databases do for a relation's sake."""
        name = spelling.lower()
        if name in self.columns:
            suffix = self._free_suffix(name)
            name, spelling = f"{name}_{suffix}", f"{spelling}_{suffix}"
        self.columns[name] = flow
        if name != spelling:
            self.spellings[name] = spelling

    def _free_suffix(self, name: str) -> int:
        """The least number that makes a name of its own; those below the last one are taken for good."""
        if self._suffixes is None:
            self._suffixes = {}
        suffix = self._suffixes.get(name, 1)
        while f"{name}_{suffix}" in self.columns:
            suffix += 1
        self._suffixes[name] = suffix
        return suffix


def union(flows: Iterable[Flow], flags: int = 0) -> Flow:
    """All flows together, as a new one."""
    whole = Flow()
    for flow in flows:
        whole.add(flow, flags)
    return whole


class RelationFrame(Frame):
    """A relation outside of the query. Its flows are made when they are asked for."""

    __slots__ = ("has_dotted_names", "relation")

    def __init__(self, relation: Relation) -> None:
        super().__init__()
        self.relation = relation
        self.has_dotted_names = any("." in name for name in relation.columns)

    def __contains__(self, name: str) -> bool:
        return name in self.relation.columns

    @property
    def is_open(self) -> bool:
        return not self.relation.is_complete or not self.relation.columns

    def names(self) -> Iterable[str]:
        listed = self.relation.columns
        if not self.has_dotted_names:
            return listed
        # BigQuery's catalog lists the fields of a column beside it; a star selects the column.
        return [name for name in listed if "." not in name or name.partition(".")[0] not in listed]

    def get(self, name: str) -> Flow | None:
        flow = self.columns.get(name)
        if flow is None:
            spelling = self.relation.columns.get(name)
            if spelling is not None:
                flow = Flow({Origin(self.relation, spelling): 0})
            elif self.is_open:
                flow = Flow({Origin(self.relation, name): UNKNOWN_COLUMNS})
            else:
                return None
            self.columns[name] = flow
        return flow

    def get_unlisted(self, spelling: str) -> Flow:
        """The flow of a column that the query names and the catalog does not have: of a later version, perhaps."""
        name = spelling.lower()
        flow = self.columns.get(name)
        if flow is None:
            flow = self.columns[name] = Flow({Origin(self.relation, spelling): UNLISTED})
        return flow

    def spelling(self, name: str) -> str:
        return self.relation.columns.get(name, name)


class FunctionFrame(Frame):
    """What a table function returns: every column comes from its arguments; `is_listed` when these are all."""

    __slots__ = ("arguments", "is_listed")

    def __init__(self, arguments: Flow, columns: Iterable[str] = (), is_listed: bool = False) -> None:
        super().__init__()
        self.arguments = arguments
        self.is_listed = is_listed
        for column in columns:
            self.put(column, arguments)

    @property
    def is_open(self) -> bool:
        return not self.is_listed

    def get(self, name: str) -> Flow | None:
        flow = self.columns.get(name)
        return self.arguments if flow is None and not self.is_listed else flow


class RestFrame(Frame):
    """What a star takes from a frame of unknown columns, without those that it excepts."""

    __slots__ = ("excepted", "frame")

    def __init__(self, frame: Frame, excepted: Collection[str]) -> None:
        super().__init__()
        self.frame = frame
        self.excepted = excepted

    @property
    def is_open(self) -> bool:
        return True

    def get(self, name: str) -> Flow | None:
        return None if name in self.excepted else self.frame.get(name)


class AliasedFrame(Frame):
    """A frame whose columns can also be named in other ways, which a star does not show: a pivot's literals."""

    __slots__ = ("other_names",)

    def __init__(self) -> None:
        super().__init__()
        self.other_names: dict[str, Flow] = {}

    def __contains__(self, name: str) -> bool:
        return name in self.columns or name in self.other_names

    def get(self, name: str) -> Flow | None:
        if name not in self.columns and name in self.other_names:
            return self.other_names[name]
        return super().get(name)


def renamed(frame: Frame, names: list[str]) -> Frame:
    """The frame with a list of column names: `AS t (a, b)`. Columns beyond the list keep theirs."""
    if not names:
        return frame
    result = Frame()
    columns = list(frame.names())
    for index, name in enumerate(names):
        if index < len(columns):
            flow = frame.columns_flow(columns[index])
        elif isinstance(frame, FunctionFrame):
            flow = frame.arguments
        else:
            flow = (frame.get(name.lower()) if frame.is_open else None) or NOTHING
        result.put(name, flow)
    for name in columns[len(names) :]:
        if name not in result.columns:
            result.put(frame.spelling(name), frame.columns_flow(name))
    if frame.is_open and len(names) < len(columns):
        result.unlisted = [frame]
    result.value = frame.value
    return result
