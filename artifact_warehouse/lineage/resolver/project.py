"""The nodes of a project, parents first: resolves the SQL of each against the columns of its parents.

Knows nodes, not artifacts, and no database. A node has the ids of its code and of its columns. The code and columns
themselves are read only for a lineage that is new.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple, TypeVar

from artifact_warehouse.lineage.resolver.dialects import dialect_of_adapter
from artifact_warehouse.lineage.resolver.model import Edge, Relation, Resolution, UnreadableSql, Use
from artifact_warehouse.lineage.resolver.resolution import resolve

_Item = TypeVar("_Item")
_SNAPSHOT_COLUMNS = ("dbt_scd_id", "dbt_updated_at", "dbt_valid_from", "dbt_valid_to", "dbt_is_deleted")
"""The columns that dbt adds to a snapshot: https://docs.getdbt.com/docs/build/snapshots#snapshot-meta-fields."""
_SQL_TYPES = ("model", "snapshot")
_TYPES_OF_NODES = (*_SQL_TYPES, "seed")
_EPHEMERAL_PREFIX = "__dbt__cte__"
_QUOTES = str.maketrans("", "", '"`[]')


@dataclass(frozen=True)
class Columns:
    """The columns of a relation, in their order."""

    names: tuple[str, ...] = ()
    types: Mapping[str, str] = field(default_factory=dict)
    """The data types of columns that have fields of their own, by lower-case name."""
    is_complete: bool = True

    @cached_property
    def spellings(self) -> Mapping[str, str]:
        """The spelling of each column by its lower-case name."""
        return {name.lower(): name for name in self.names}

    @cached_property
    def digest(self) -> str:
        types = [f"{name}\1{self.types[name]}" for name in sorted(self.types)]
        return _hash("\0".join((str(self.is_complete), *self.names, "\1", *types)))


@dataclass(eq=False)  # a frozen one takes three times as long to make
class Node:
    """A model, snapshot, seed or source of a manifest, with the ids of its code and its columns."""

    unique_id: str
    resource_type: str
    name: str
    alias: str
    database: str | None = None
    schema: str | None = None
    relation_name: str | None = None
    materialized: str | None = None
    language: str | None = None
    parents: Sequence[str] = ()
    code_id: str | None = None
    catalogued_id: str | None = None
    """The id of its columns in a catalog, if one has them."""
    declared_id: str | None = None
    """The id of its declared columns."""
    snapshot_meta_column_names: str | None = None
    """The config of that name, as JSON: https://docs.getdbt.com/reference/resource-configs/snapshot_meta_column_names."""

    @property
    def has_lineage(self) -> bool:
        return self.resource_type in _TYPES_OF_NODES

    @property
    def is_sql(self) -> bool:
        return self.resource_type in _SQL_TYPES and self.language != "python"

    @property
    def is_ephemeral(self) -> bool:
        return self.materialized == "ephemeral"

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The full names of its relation, in lower case, dotted, without quotes."""
        full = ".".join(part for part in (self.database, self.schema, self.alias) if part)
        written = (self.relation_name or "").translate(_QUOTES)
        return tuple(dict.fromkeys(name.lower() for name in (full, written) if name))

    @property
    def columns_id(self) -> str:
        """The id of its columns, as far as they are known without its SQL."""
        return self.catalogued_id or self.declared_id or ""

    @property
    def naming(self) -> str:
        """All its names as one text."""
        names = (self.database or "", self.schema or "", self.relation_name or "")
        return "\0".join((self.unique_id, self.name, self.alias, *names, str(self.is_ephemeral)))


@dataclass(frozen=True)
class NodeLineage:
    """The lineage of a node: the origins of its columns, and its status."""

    lineage_id: str
    unique_id: str
    status: str
    """resolved, partial, failed, not_compiled or not_sql."""
    dialect: str | None = None
    columns: tuple[str, ...] = ()
    column_count: int = 0
    resolved_count: int = 0
    unresolved_columns: tuple[str, ...] = ()
    error: str | None = None
    repair: str | None = None
    edges: tuple[Edge, ...] = ()
    uses: tuple[Use, ...] = ()
    """Their relations are named like those of edges: by unique_id, or as in the code."""


class KnownLineage(NamedTuple):
    """A lineage that was resolved before."""

    lineage_id: str
    unique_id: str
    status: str
    find_columns: Callable[[], tuple[str, ...]]
    """Returns the columns of the relation. Called only where no catalog has them."""

    @property
    def columns(self) -> tuple[str, ...]:
        return self.find_columns()


FindKnown = Callable[[str], "KnownLineage | None"]
FindCode = Callable[[str], "str | None"]
FindColumns = Callable[[str], Columns]
"""The columns of a catalogued_id or declared_id; the latter's are not complete. None for an empty id."""

_Seen = str | Columns | None
"""The id of a node's columns, or those that its SQL selects; None while that is not known."""


class Project:
    """The nodes of one manifest, as they stood at a time.

    A lineage follows from the versions, the dialect, the node's code, and the names and columns of itself and of its
    parents; `lineage_id` is a hash of just these.
    """

    def __init__(self, nodes: Iterable[Node], adapter_type: str | None, versions: str, known: FindKnown) -> None:
        self.dialect = dialect_of_adapter(adapter_type)
        self._nodes = {node.unique_id: node for node in nodes}
        self._known = known
        self._base = f"{versions}\0{self.dialect}"
        self._naming = {unique_id: node.naming for unique_id, node in self._nodes.items()}
        self._order = _parents_first(self._nodes)
        self._ids: dict[str, str] = {}
        """The lineage_ids that follow from columns that are all known, kept from `needed` for `lineages`."""
        self._read = {node.unique_id: self._read_by(node) for node in self._order}

    @property
    def lineage_count(self) -> int:
        """The number of lineages that `lineages` yields."""
        return sum(node.has_lineage for node in self._order)

    def needed(self) -> tuple[set[str], set[str]]:
        """The ids of the code and of the columns that `lineages` may ask for: of nodes that are, or may be, new."""
        seen: dict[str, _Seen] = {}
        code_ids: set[str] = set()
        columns_ids: set[str] = set()
        for node in self._order:
            known = None
            read = self._read[node.unique_id]
            if node.has_lineage and None not in [seen.get(other.unique_id, other.columns_id) for other in read]:
                self._ids[node.unique_id] = self._lineage_id(node, seen)
                known = self._known(self._ids[node.unique_id])
            if node.has_lineage and known is None:
                code_ids.add(node.code_id or "")
                columns_ids.update(other.columns_id for other in read)
            is_open = node.has_lineage and known is None and not node.catalogued_id
            seen[node.unique_id] = None if is_open else _seen(node, known)
        return code_ids - {""}, columns_ids - {""}

    def lineages(self, code: FindCode, columns: FindColumns) -> Iterator[NodeLineage | KnownLineage]:
        """The lineage of every model, snapshot and seed, parents before children. A known one is not resolved again.

        In a cycle, the parent that comes later has the columns that it declares.
        """
        seen: dict[str, _Seen] = {}
        for node in self._order:
            found: NodeLineage | KnownLineage | None = None
            if node.has_lineage:
                lineage_id = self._ids.get(node.unique_id) or self._lineage_id(node, seen)
                found = self._known(lineage_id) or self._resolved(lineage_id, node, seen, code, columns)
                yield found
            seen[node.unique_id] = _seen(node, found)

    def _read_by(self, node: Node) -> list[Node]:
        """The nodes that a node may read, by id: itself, then its parents."""
        parents = sorted({parent for parent in node.parents if parent in self._nodes and parent != node.unique_id})
        return [node, *(self._nodes[parent] for parent in parents)]

    def _lineage_id(self, node: Node, seen: Mapping[str, _Seen]) -> str:
        own = (node.resource_type, node.language, node.code_id, node.snapshot_meta_column_names)
        parts = [self._base, "\0".join(map(str, own))]
        for other in self._read[node.unique_id]:
            columns = seen.get(other.unique_id, other.columns_id)
            parts += (self._naming[other.unique_id], columns.digest if isinstance(columns, Columns) else str(columns))
        return _hash("\1".join(parts))

    def _resolved(
        self, lineage_id: str, node: Node, seen: Mapping[str, _Seen], code: FindCode, columns: FindColumns
    ) -> NodeLineage:
        own = columns(node.columns_id)
        if not node.is_sql:
            return NodeLineage(lineage_id, node.unique_id, "not_sql", None, own.names, len(own.names))
        sql = code(node.code_id) if node.code_id else None
        if not sql or not sql.strip():
            return NodeLineage(lineage_id, node.unique_id, "not_compiled", self.dialect, own.names, len(own.names))
        read = []
        for other in self._read[node.unique_id]:
            found = seen.get(other.unique_id, other.columns_id)
            read.append((other, _relation(other, found if isinstance(found, Columns) else columns(other.columns_id))))
        ephemerals = {
            f"{_EPHEMERAL_PREFIX}{name}".lower(): relation
            for other, relation in read[1:]
            if other.is_ephemeral
            for name in (other.name, other.alias)
        }
        try:
            resolution = resolve(sql, self.dialect, _Finder(read), ephemerals, _wanted(node, own))
        except UnreadableSql as error:
            parents = [relation for _, relation in read[1:]]
            return _matched_by_name(lineage_id, node, self.dialect, own, parents, str(error))
        unread = [other.unique_id for other, relation in read[1:] if relation.name not in resolution.relations]
        return _settled(lineage_id, node, self.dialect, own, resolution, unread)


def _seen(node: Node, found: NodeLineage | KnownLineage | None) -> str | Columns:
    """The columns of a node: a catalog's, else those that its SQL selects, else those that it declares."""
    if node.catalogued_id or found is None or found.status not in ("resolved", "partial"):
        return node.columns_id
    names = found.columns
    return Columns(names, is_complete=found.status == "resolved") if names else node.columns_id


class _Finder:
    """Finds a relation by the parts of its name among those that a node may read; case and quotes do not matter.

    Tries the full name; where the code or the node has no database, schema and name; then the name alone. A name that
    several relations have finds none of them. A name that is not found is a relation that dbt does not know.
    """

    def __init__(self, relations: Iterable[tuple[Node, Relation]]) -> None:
        self._found: dict[str, Relation | None] = {}
        self._shorter: dict[str, Relation | None] = {}
        for node, relation in relations:
            for name in node.names:
                self._add(self._found, name, relation)
            if node.schema:
                self._add(self._shorter, f"{node.schema}.{node.alias}".lower(), relation)
            self._add(self._shorter, node.alias.lower(), relation)

    @staticmethod
    def _add(names: dict[str, Relation | None], name: str, relation: Relation) -> None:
        names[name] = relation if names.get(name, relation) is relation else None

    def __call__(self, parts: tuple[str, ...]) -> Relation:
        name = ".".join(parts).translate(_QUOTES).lower()
        found = self._found.get(name) or self._found.get(".".join(name.rsplit(".", 2)[-2:]))
        if found is None and name.count(".") < 2:
            found = self._shorter.get(name)
        return found or Relation(name, is_complete=False)


def _hash(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _relation(node: Node, columns: Columns) -> Relation:
    return Relation(node.unique_id, columns.spellings, columns.is_complete, columns.types)


def _wanted(node: Node, columns: Columns) -> Mapping[str, str] | None:
    """The columns that are looked for in the SQL of a node; None where no catalog has them."""
    if not node.catalogued_id:
        return None
    if node.resource_type != "snapshot":
        return columns.spellings
    added = _added_to_snapshot(node.snapshot_meta_column_names)
    return {name: spelled for name, spelled in columns.spellings.items() if name not in added}


def _added_to_snapshot(configured: str | None) -> set[str]:
    """The lower-case names of the columns that dbt adds to a snapshot, whose names may be configured."""
    names = json.loads(configured) if configured else {}
    return {str((names or {}).get(name) or name).lower() for name in _SNAPSHOT_COLUMNS}


def _settled(
    lineage_id: str,
    node: Node,
    dialect: str | None,
    catalogued: Columns,
    resolution: Resolution,
    unread: Sequence[str],
) -> NodeLineage:
    own = [name for name in catalogued.names if node.catalogued_id and name not in resolution.columns]
    columns = (*resolution.columns, *own)  # columns that dbt adds to a snapshot
    unresolved = resolution.unresolved_columns
    has_more = resolution.is_open and not node.catalogued_id
    is_partial = bool(unresolved or has_more or unread or resolution.unknown_sources)
    return NodeLineage(
        lineage_id,
        node.unique_id,
        "partial" if is_partial else "resolved",
        dialect,
        columns,
        len(columns),
        len(columns) - len(unresolved),
        unresolved,
        "; ".join(_reasons(resolution, has_more, unread)) or None,
        resolution.repair,
        _unique(resolution.edges),
        _unique(resolution.uses),
    )


def _reasons(resolution: Resolution, has_more: bool, unread: Sequence[str]) -> Iterator[str]:
    """The reasons why a lineage is incomplete."""
    if has_more:
        yield "selects * from a relation of unknown columns"
    if names := sorted(set(resolution.unresolved_names)):
        yield f"no relation is known to have {', '.join(names)}"
    if resolution.missing_columns:
        yield f"the catalog has columns that it does not select: {', '.join(resolution.missing_columns)}"
    if resolution.unknown_sources:
        yield f"reads from what the resolver does not know: {', '.join(resolution.unknown_sources)}"
    elif set(resolution.unresolved_columns) - set(resolution.missing_columns) and not names and not has_more:
        yield "takes whole rows of a relation of unknown columns"
    if unread:
        yield f"does not read {', '.join(unread)}, which it depends on"


def _matched_by_name(
    lineage_id: str, node: Node, dialect: str | None, own: Columns, parents: Iterable[Relation], error: str
) -> NodeLineage:
    """The lineage of SQL that cannot be parsed: columns with equal names get an edge of low confidence."""
    columns = own.names
    edges = tuple(
        Edge(parent.name, parent.columns[column.lower()], column, "passthrough", 0.3, "name")
        for column in columns
        for parent in parents
        if column.lower() in parent.columns
    )
    count = len(columns)
    return NodeLineage(lineage_id, node.unique_id, "failed", dialect, columns, count, 0, columns, error, edges=edges)


def _unique(items: Iterable[_Item]) -> tuple[_Item, ...]:
    return tuple(dict.fromkeys(items))


def _parents_first(nodes: Mapping[str, Node]) -> list[Node]:
    """The nodes, each after its parents. An edge that closes a cycle is ignored. Without recursion."""
    order: list[Node] = []
    entered: set[str] = set()
    for start in sorted(nodes):
        stack = [] if start in entered else [(nodes[start], iter(sorted(nodes[start].parents)))]
        entered.add(start)
        while stack:
            node, parents = stack[-1]
            for parent in parents:
                if parent in nodes and parent not in entered:
                    entered.add(parent)
                    stack.append((nodes[parent], iter(sorted(nodes[parent].parents))))
                    break
            else:
                order.append(node)
                stack.pop()
    return order
