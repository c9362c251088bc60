"""Finds and parses the files of sql/. Each has one public or internal object. No database is used.

A file holds a comment (the first line is a sentence, then `-- key: value` lines), one CREATE OR REPLACE
VIEW or MACRO, and COMMENT ON statements. Its name is the object's and its folder the schema; else `parse` raises.
A long object is a folder of files: their texts together, in the order of their names, are the object's text.

The statements of sql/queries/ are those that Python runs: `query` reads one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from graphlib import TopologicalSorter
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from artifact_warehouse.errors import InvalidSqlFile

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

CONTRACT = "contract.sql"
"""The file of a public schema that restates its views as typed NULLs: never deployed."""

GLOSSARY = "glossary.sql"
"""The file with the comments of columns that mean the same in several public views."""

QUERIES = "queries"
"""The folder of the statements that Python runs: never deployed."""

_NOT_PORTABLE = "-- Not portable"
"""In the header of a view that other engines cannot answer by its SQL."""

_CREATE = re.compile(r"^CREATE OR REPLACE (?P<kind>VIEW|MACRO)\s+(?P<schema>\w+)\.(?P<name>\w+)", re.MULTILINE)
_LEADING_COMMENT = re.compile(r"\A(?:--[^\n]*\n)+")
_COMMENT = re.compile(r"--[^\n]*")
_REFERENCE = re.compile(r"\b(stored|internal|v\d+)\.(\w+)")
_PARAMETER = re.compile(r"\$(\w+)")
_HEADER = re.compile(r"^-- (?P<key>[a-z_]+): (?P<value>.+)$", re.MULTILINE)


@dataclass(frozen=True)
class SqlFile:
    """A view or table macro: its schema, what it reads, and the statements that create it."""

    schema: str
    name: str
    kind: str
    summary: str
    grain: tuple[str, ...]
    sql: str

    @property
    def full_name(self) -> str:
        return f"{self.schema}.{self.name}"

    @property
    def definition(self) -> str:
        """The statement that creates it, without the comments on it."""
        return self.sql[: self.sql.index("\nCOMMENT ON")]

    @property
    def is_portable(self) -> bool:
        """Whether its SQL is translated for other engines: a macro is not, nor what says so in its header."""
        return self.kind == "view" and _NOT_PORTABLE not in self.sql[: self.sql.index("CREATE OR REPLACE")]

    @property
    def dependencies(self) -> frozenset[str]:
        """The schema-qualified relations that it reads."""
        return _references(self.sql)


def sql_root() -> Traversable:
    """The SQL shipped in the wheel, or the checkout's when running from source."""
    package = files("artifact_warehouse")
    packaged = package / "sql"
    root = packaged if packaged.is_dir() else Path(str(package)).resolve().parent / "sql"
    if not root.is_dir():
        raise InvalidSqlFile("the folder sql/ is missing from this installation; install artifact-warehouse again")
    return root


@cache
def sql_files() -> tuple[SqlFile, ...]:
    """All views and macros, each after those that it reads."""
    found = {file.full_name: file for file in _read_all()}
    graph = {name: sorted(file.dependencies & found.keys()) for name, file in found.items()}
    return tuple(found[name] for name in TopologicalSorter(graph).static_order())


@cache
def schemas() -> tuple[str, ...]:
    """The schemas that sql/ fills: internal, v1 and later ones."""
    return tuple(folder.name for folder in _schema_folders())


def public_schemas() -> tuple[str, ...]:
    """The schemas of sql/ whose views have a contract: all but internal."""
    return tuple(schema for schema in schemas() if schema != "internal")


@cache
def glossary_sql() -> str:
    """The query that gives the sentence of each column that means the same in several public views."""
    return (sql_root() / GLOSSARY).read_text(encoding="utf-8").rstrip().removesuffix(";")


def contract_sql(schema: str) -> str:
    """The text of a schema's contract file."""
    return (sql_root() / schema / CONTRACT).read_text(encoding="utf-8")


def query(name: str, **literals: str) -> str:
    """The statement of sql/queries/<name>.sql, with each literal in the place of its `$name`."""
    statement = _statement(name)
    for parameter, literal in literals.items():
        statement = statement.replace(f"${parameter}", literal)
    return statement


def parameters(statement: str, values: dict[str, Any]) -> dict[str, Any]:
    """The values that are parameters of a statement."""
    names = {*_PARAMETER.findall(statement)}
    return {name: value for name, value in values.items() if name in names}


@cache
def _statement(name: str) -> str:
    """A statement without its header, the comment that names its parameters."""
    return _LEADING_COMMENT.sub("", (sql_root() / QUERIES / f"{name}.sql").read_text(encoding="utf-8"))


def all_text() -> str:
    """All deployed SQL as one text. When it changes, the views must be deployed again."""
    return "\n".join([glossary_sql(), *(file.sql for file in _read_all())])


def _read_all() -> list[SqlFile]:
    return [
        parse(folder.name, entry.name.removesuffix(".sql"), _text(entry))
        for folder in _schema_folders()
        for entry in _by_name(folder)
        if entry.name != CONTRACT
    ]


def _schema_folders() -> list[Traversable]:
    return [entry for entry in _by_name(sql_root()) if entry.is_dir() and entry.name != QUERIES]


def _text(entry: Traversable) -> str:
    """A file's text; of a folder, its files' texts."""
    if entry.is_dir():
        return "\n".join(map(_text, _by_name(entry)))
    return entry.read_text(encoding="utf-8")


def _by_name(folder: Traversable) -> list[Traversable]:
    return sorted(folder.iterdir(), key=lambda entry: entry.name)


def parse(schema: str, name: str, sql: str) -> SqlFile:
    """Read one file. Raises InvalidSqlFile when it breaks a rule of sql/README.md."""
    created = _CREATE.search(sql)
    where = f"sql/{schema}/{name}"
    if created is None:
        raise InvalidSqlFile(f"{where}: holds no CREATE OR REPLACE VIEW or MACRO")
    if (created["schema"], created["name"]) != (schema, name):
        raise InvalidSqlFile(f"{where}: creates {created['schema']}.{created['name']}: path and name must agree")
    header = {match["key"]: match["value"] for match in _HEADER.finditer(sql[: created.start()])}
    if "\nCOMMENT ON" not in sql:
        raise InvalidSqlFile(f"{where}: has no COMMENT ON after the definition")
    if "grain" not in header:
        raise InvalidSqlFile(f"{where}: has no line `-- grain: column, …`")
    return SqlFile(
        schema=schema,
        name=name,
        kind=created["kind"].lower(),
        summary=sql.splitlines()[0].removeprefix("-- "),
        grain=tuple(part.strip() for part in header["grain"].split(",")),
        sql=sql,
    )


def _references(sql: str) -> frozenset[str]:
    """Every schema-qualified table, view or table macro that the definition reads.

    Finds them by a pattern, because every reference has its schema (a rule of sql/README.md). A parser would take
    longer than the rest of creating a warehouse. A test compares both.
    """
    definition = _COMMENT.sub("", sql[: sql.index("\nCOMMENT ON")])
    created = _CREATE.search(definition)
    assert created is not None
    return frozenset(f"{schema}.{name}" for schema, name in _REFERENCE.findall(definition[created.end() :]))
