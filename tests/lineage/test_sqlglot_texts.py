"""All queries of sqlglot's own dialect tests: no text is resolved while a relation in it is not read.

The tests are in sqlglot's source distribution, not in its wheel; SQLGLOT_SOURCE names the folder that has them:

    pip download --no-deps --no-binary sqlglot sqlglot==30.30.0 && tar xzf sqlglot-30.30.0.tar.gz
    SQLGLOT_SOURCE=sqlglot-30.30.0 pytest tests/lineage/test_sqlglot_texts.py -s
"""

from __future__ import annotations

import ast
import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlglot
from sqlglot import exp

from artifact_warehouse.lineage.resolver import Relation, Resolution, UnreadableSql, resolve
from artifact_warehouse.lineage.resolver.resolution import OWN_FAULT

SOURCE = os.environ.get("SQLGLOT_SOURCE")
DIALECTS = {dialect.value for dialect in sqlglot.Dialects if dialect.value}
pytestmark = pytest.mark.skipif(not SOURCE, reason="SQLGLOT_SOURCE names no folder")


def texts() -> list[tuple[str | None, str]]:
    """Every text in the tests of a dialect that has a query in it; of a dictionary by dialects, each in its own."""
    found: set[tuple[str | None, str]] = set()
    for path in sorted((Path(SOURCE or "") / "tests" / "dialects").glob("test_*.py")):
        name = path.stem.removeprefix("test_")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            found.update(texts_in(node, name if name in DIALECTS else None))
    return sorted(found, key=lambda pair: (pair[0] or "", pair[1]))


def texts_in(node: ast.AST, dialect: str | None) -> Iterator[tuple[str | None, str]]:
    if isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant) and key.value in DIALECTS and is_query(value):
                yield key.value, value.value  # type: ignore[attr-defined]
    elif is_query(node):
        yield dialect, node.value  # type: ignore[attr-defined]


def is_query(node: ast.AST) -> bool:
    is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
    return is_text and re.search(r"(?i)\b(select|from|pivot|unpivot)\b", node.value) is not None  # type: ignore[attr-defined]


def named_relations(text: str, dialect: str | None) -> set[str]:
    """The relations of the last statement: all tables of its syntax tree that no WITH clause names.

    The target of a statement or of INTO is none, nor are functions that WITH defines, models of BigQuery's ML, and
    arrays of what stands before them (t.items).
    """
    statements = [statement for statement in sqlglot.parse(text, dialect=dialect) if statement is not None]
    query = statements[-1].expression if isinstance(statements[-1], (exp.Create, exp.Insert)) else statements[-1]
    if not isinstance(query, exp.Query):
        return set()
    ctes = {cte.alias.lower() for cte in statements[-1].find_all(exp.CTE)}
    others = (exp.Into, exp.UserDefinedFunction)
    tables = [table for table in query.find_all(exp.Table) if isinstance(table.this, exp.Identifier)]
    tables = [table for table in tables if not isinstance(table.parent, others)]
    aliases = {table.alias_or_name.lower() for table in tables}
    names = set()
    for table in tables:
        parts = [part.name.lower() for part in table.parts]
        is_model = table.arg_key == "this" and isinstance(table.parent, exp.Func)
        if not is_model and not (len(parts) == 1 and parts[0] in ctes) and not (len(parts) > 1 and parts[0] in aliases):
            names.add(".".join(parts))
    return names


def resolved(text: str, dialect: str | None) -> Resolution | str:
    try:
        return resolve(text, dialect, lambda parts: Relation(".".join(parts).lower()))
    except UnreadableSql as error:
        return str(error)


def test_no_text_is_resolved_while_a_relation_in_it_is_not_read() -> None:
    counts: Counter[str] = Counter()
    unsaid, faults = [], []
    for dialect, text in texts():
        try:
            names = named_relations(text, dialect)
        except Exception:  # the parser's own tests have texts that it must refuse
            counts["not parsed"] += 1
            continue
        found = resolved(text, dialect)
        if isinstance(found, str):
            counts["refused"] += 1
            if found.startswith(OWN_FAULT):
                faults.append(f"{dialect}: {text}\n    {found}")
            continue
        counts["judged"] += 1
        counts["that name a relation"] += bool(names)
        is_said = bool(found.unresolved_columns or found.unknown_sources or found.is_open)
        unread = names - {relation.lower() for relation in found.relations}
        counts["with an unread relation, said"] += bool(unread and is_said)
        if unread and not is_said:
            unsaid.append(f"{dialect}: {text}\n    {sorted(unread)}")
    print(dict(counts))
    assert not faults, "\n".join(faults)
    assert counts["judged"] >= 5000
    assert not unsaid, f"{len(unsaid)}\n" + "\n".join(unsaid)
