"""Frames: the columns of whatever a query can read from (a relation, a CTE, a subquery, a table function)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from itertools import islice

from artifact_warehouse.lineage.resolver.flows import (
    EXPRESSION,
    GUESSED,
    NOTHING,
    UNKNOWN_COLUMNS,
    UNLISTED,
    UNRESOLVED,
    Flow,
    Origin,
)
from artifact_warehouse.lineage.resolver.model import Relation


class Frame:
    """Columns by lower-case name, in their order, each with its flow.

    `spellings` has the names that are not in lower case. `unlisted` are the frames whose columns are unknown and
    that a star has taken over: a column which is not listed here may come from them. `starred` are the frames whose
    columns are known and that a star has taken over: a catalog may be older than the query, and lack one. `value` is
    what the frame is where a query uses its name as a value, if not a row: `SELECT x FROM unnest(xs) AS x`.
    """

    __slots__ = ("_beyond", "_found", "_suffixes", "columns", "spellings", "starred", "unlisted", "value")

    def __init__(self) -> None:
        self.columns: dict[str, Flow] = {}
        self.spellings: dict[str, str] = {}
        self.unlisted: list[Frame] = []
        self.starred: list[Frame] = []
        self.value: Flow | None = None
        self._beyond: dict[str, Flow | None] | None = None
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

    def beyond(self, spelling: str) -> Flow | None:
        """The flow of a column that no catalog lists and that one relation only can have; None if none or several."""
        if not self.starred:
            return None
        if self._beyond is None:
            self._beyond = {}
        if spelling not in self._beyond:
            found = [flow for frame in self.starred if (flow := frame.beyond(spelling)) is not None]
            self._beyond[spelling] = found[0] if len(found) == 1 else None
        return self._beyond[spelling]

    def row(self) -> Flow:
        """The whole row as one value: not resolved where not all columns are known."""
        flow = union((self.columns_flow(name) for name in self.names()), EXPRESSION)
        if self.is_open:
            flow.add(self.rest())
        flow.fields = self
        return flow

    def rest(self) -> Flow:
        """What comes from its unknown columns, all together."""
        if self._beyond is None:
            self._beyond = {}
        if _REST not in self._beyond:  # as with `get`
            self._beyond[_REST] = union(frame.rest() for frame in self.unlisted)
        return self._beyond[_REST] or FROM_NOWHERE

    def at(self, index: int) -> Flow | None:
        """The flow of a column by its place, counted from 0."""
        name = next(islice(self.names(), index, None), None)
        return None if name is None or self.is_open else self.columns_flow(name)

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


_REST = "\0rest"
FROM_NOWHERE = Flow({UNRESOLVED: 0})
"""The flow of a name that nothing is known to have."""


class RelationFrame(Frame):
    """A relation outside of the query. Its flows are made when they are asked for.

    `lists_fields`: whether its catalog lists the fields of a column beside it, by dotted names.
    """

    __slots__ = ("has_dotted_names", "relation")

    def __init__(self, relation: Relation, lists_fields: bool = False) -> None:
        super().__init__()
        self.relation = relation
        self.has_dotted_names = lists_fields and any("." in name for name in relation.columns)

    def __contains__(self, name: str) -> bool:
        return name in self.relation.columns

    @property
    def is_open(self) -> bool:
        return not self.relation.is_complete or not self.relation.columns

    def names(self) -> Iterable[str]:
        listed = self.relation.columns
        if not self.has_dotted_names:
            return listed
        # A star selects the column, not its fields.
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

    def beyond(self, spelling: str) -> Flow:
        """The flow of a column that the query names and the catalog does not have: of a later version, perhaps."""
        name = spelling.lower()
        flow = self.columns.get(name)
        if flow is None:
            flow = self.columns[name] = Flow({Origin(self.relation, spelling): UNLISTED})
        return flow

    def rest(self) -> Flow:
        return FROM_NOWHERE

    def spelling(self, name: str) -> str:
        return self.relation.columns.get(name, name)


class FunctionFrame(Frame):
    """What a table function returns: every column comes from its arguments.

    `is_listed`: its columns are all listed. `is_bare`: its columns cannot be named but by their bare names.
    """

    __slots__ = ("arguments", "is_bare", "is_listed")

    def __init__(self, arguments: Flow, columns: Iterable[str] = (), is_listed: bool = False) -> None:
        super().__init__()
        self.arguments = arguments
        self.is_listed = is_listed
        self.is_bare = False
        for column in columns:
            self.put(column, arguments)

    @property
    def is_open(self) -> bool:
        return not self.is_listed

    def get(self, name: str) -> Flow | None:
        flow = self.columns.get(name)
        return self.arguments if flow is None and not self.is_listed else flow

    def rest(self) -> Flow:
        return self.arguments


class RestFrame(Frame):
    """What a star takes from a frame besides the listed columns: all but `excepted`, as far as it `keeps` them."""

    __slots__ = ("excepted", "frame", "keeps")

    def __init__(self, frame: Frame, excepted: Collection[str], keeps: Callable[[str], bool | None]) -> None:
        super().__init__()
        self.frame = frame
        self.excepted = excepted
        self.keeps = keeps

    @property
    def is_open(self) -> bool:
        return True

    def get(self, name: str) -> Flow | None:
        return None if self._lacks(name) else self.frame.get(name)

    def beyond(self, spelling: str) -> Flow | None:
        return None if self._lacks(spelling.lower()) else self.frame.beyond(spelling)

    def rest(self) -> Flow:
        return self.frame.rest()

    def _lacks(self, name: str) -> bool:
        return name in self.excepted or self.keeps(name) is False


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
