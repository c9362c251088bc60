"""Sources: the columns of a relation, a CTE, a subquery or a table function that a query reads from."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from itertools import islice

from artifact_warehouse.lineage.resolver.model import Relation
from artifact_warehouse.lineage.resolver.provenance import (
    EXPRESSION,
    GUESSED,
    NOTHING,
    UNKNOWN_COLUMNS,
    UNLISTED,
    UNRESOLVED,
    Origin,
    Provenance,
)


class Source:
    """Columns by lower-case name, in their order, each with its provenance.

    `spellings` has the names that are not in lower case. `unlisted` are sources of unknown columns that a star
    selects: a column that is not listed here may come from them. `starred` are sources of known columns that a star
    selects: a catalog may be older than the query, and lack a column. `value` is the value of the source's name in
    an expression, where that is not the row: `SELECT x FROM unnest(xs) AS x`.
    """

    __slots__ = ("_found", "_suffixes", "_uncatalogued", "columns", "spellings", "starred", "unlisted", "value")

    def __init__(self) -> None:
        self.columns: dict[str, Provenance] = {}
        self.spellings: dict[str, str] = {}
        self.unlisted: list[Source] = []
        self.starred: list[Source] = []
        self.value: Provenance | None = None
        self._uncatalogued: dict[str, Provenance | None] | None = None
        self._found: dict[str, Provenance | None] | None = None
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

    def get(self, name: str) -> Provenance | None:
        """The provenance of a column; None where it has no such column."""
        provenance = self.columns.get(name)
        if provenance is not None or not self.unlisted:
            return provenance
        if self._found is None:
            self._found = {}
        if name not in self._found:  # a chain of stars can reach one source in exponentially many ways
            self._found[name] = self._get_unlisted(name)
        return self._found[name]

    def _get_unlisted(self, name: str) -> Provenance | None:
        found = [provenance for source in self.unlisted if (provenance := source.get(name)) is not None]
        if len(found) > 1:
            return union(found, GUESSED)
        return found[0] if found else None

    def uncatalogued(self, spelling: str) -> Provenance | None:
        """The provenance of a column that no catalog lists, if exactly one relation can have it."""
        if not self.starred:
            return None
        if self._uncatalogued is None:
            self._uncatalogued = {}
        if spelling not in self._uncatalogued:
            found = [provenance for source in self.starred if (provenance := source.uncatalogued(spelling)) is not None]
            self._uncatalogued[spelling] = found[0] if len(found) == 1 else None
        return self._uncatalogued[spelling]

    def row(self) -> Provenance:
        """The provenance of the whole row as one value. It is unresolved if some columns are unknown."""
        provenance = union((self.columns_provenance(name) for name in self.names()), EXPRESSION)
        if self.is_open:
            provenance.add(self.rest())
        provenance.fields = self
        return provenance

    def rest(self) -> Provenance:
        """The provenance of all unknown columns together."""
        if self._uncatalogued is None:
            self._uncatalogued = {}
        if _REST not in self._uncatalogued:  # see `get`
            self._uncatalogued[_REST] = union(source.rest() for source in self.unlisted)
        return self._uncatalogued[_REST] or FROM_NOWHERE

    def at(self, index: int) -> Provenance | None:
        """The provenance of a column by its position, counted from 0."""
        name = next(islice(self.names(), index, None), None)
        return None if name is None or self.is_open else self.columns_provenance(name)

    def columns_provenance(self, name: str) -> Provenance:
        """The provenance of one of `names`."""
        return self.get(name) or NOTHING

    def spelling(self, name: str) -> str:
        """The name of a column as the code or the catalog spells it."""
        return self.spellings.get(name, name)

    def put(self, spelling: str, provenance: Provenance) -> None:
        """Add a column. A second column of the same name gets a suffix, as in a view."""
        name = spelling.lower()
        if name in self.columns:
            suffix = self._free_suffix(name)
            name, spelling = f"{name}_{suffix}", f"{spelling}_{suffix}"
        self.columns[name] = provenance
        if name != spelling:
            self.spellings[name] = spelling

    def _free_suffix(self, name: str) -> int:
        """The least number that makes the name unique. Numbers below the last one stay in use."""
        if self._suffixes is None:
            self._suffixes = {}
        suffix = self._suffixes.get(name, 1)
        while f"{name}_{suffix}" in self.columns:
            suffix += 1
        self._suffixes[name] = suffix
        return suffix


def union(provenances: Iterable[Provenance], flags: int = 0) -> Provenance:
    """The union of some provenances, as a new object."""
    whole = Provenance()
    for provenance in provenances:
        whole.add(provenance, flags)
    return whole


_REST = "\0rest"
FROM_NOWHERE = Provenance({UNRESOLVED: 0})
"""The provenance of a name that no relation is known to have."""


class RelationSource(Source):
    """A relation outside of the query. A column gets its provenance when it is first asked for.

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

    def get(self, name: str) -> Provenance | None:
        provenance = self.columns.get(name)
        if provenance is None:
            spelling = self.relation.columns.get(name)
            if spelling is not None:
                provenance = Provenance({Origin(self.relation, spelling): 0})
            elif self.is_open:
                provenance = Provenance({Origin(self.relation, name): UNKNOWN_COLUMNS})
            else:
                return None
            self.columns[name] = provenance
        return provenance

    def uncatalogued(self, spelling: str) -> Provenance:
        """The provenance of a column that the catalog lacks: the catalog may be older than the query."""
        name = spelling.lower()
        provenance = self.columns.get(name)
        if provenance is None:
            provenance = self.columns[name] = Provenance({Origin(self.relation, spelling): UNLISTED})
        return provenance

    def rest(self) -> Provenance:
        return FROM_NOWHERE

    def spelling(self, name: str) -> str:
        return self.relation.columns.get(name, name)


class FunctionSource(Source):
    """What a table function returns: every column comes from its arguments.

    `is_listed`: its columns are all listed. `is_bare`: a query can name its columns only without a qualifier.
    """

    __slots__ = ("arguments", "is_bare", "is_listed")

    def __init__(self, arguments: Provenance, columns: Iterable[str] = (), is_listed: bool = False) -> None:
        super().__init__()
        self.arguments = arguments
        self.is_listed = is_listed
        self.is_bare = False
        for column in columns:
            self.put(column, arguments)

    @property
    def is_open(self) -> bool:
        return not self.is_listed

    def get(self, name: str) -> Provenance | None:
        provenance = self.columns.get(name)
        return self.arguments if provenance is None and not self.is_listed else provenance

    def rest(self) -> Provenance:
        return self.arguments


class RestSource(Source):
    """The unlisted columns that a star takes from a source: without `excepted`, and only what `keeps` allows."""

    __slots__ = ("excepted", "keeps", "source")

    def __init__(self, source: Source, excepted: Collection[str], keeps: Callable[[str], bool | None]) -> None:
        super().__init__()
        self.source = source
        self.excepted = excepted
        self.keeps = keeps

    @property
    def is_open(self) -> bool:
        return True

    def get(self, name: str) -> Provenance | None:
        return None if self._lacks(name) else self.source.get(name)

    def uncatalogued(self, spelling: str) -> Provenance | None:
        return None if self._lacks(spelling.lower()) else self.source.uncatalogued(spelling)

    def rest(self) -> Provenance:
        return self.source.rest()

    def _lacks(self, name: str) -> bool:
        return name in self.excepted or self.keeps(name) is False


class AliasedSource(Source):
    """A source with further names for its columns, which a star does not list: the literals of a PIVOT."""

    __slots__ = ("other_names",)

    def __init__(self) -> None:
        super().__init__()
        self.other_names: dict[str, Provenance] = {}

    def __contains__(self, name: str) -> bool:
        return name in self.columns or name in self.other_names

    def get(self, name: str) -> Provenance | None:
        if name not in self.columns and name in self.other_names:
            return self.other_names[name]
        return super().get(name)


def renamed(source: Source, names: list[str]) -> Source:
    """The source with a list of column names: `AS t (a, b)`. Columns after the list keep their names."""
    if not names:
        return source
    result = Source()
    columns = list(source.names())
    for index, name in enumerate(names):
        if index < len(columns):
            provenance = source.columns_provenance(columns[index])
        elif isinstance(source, FunctionSource):
            provenance = source.arguments
        else:
            provenance = (source.get(name.lower()) if source.is_open else None) or NOTHING
        result.put(name, provenance)
    for name in columns[len(names) :]:
        if name not in result.columns:
            result.put(source.spelling(name), source.columns_provenance(name))
    if source.is_open and len(names) < len(columns):
        result.unlisted = [source]
    result.value = source.value
    return result
