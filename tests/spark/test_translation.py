"""The views of sql/ translate to Spark: what cannot be translated says so in its header."""

from __future__ import annotations

import pytest
from sqlglot import exp, parse_one

from artifact_warehouse.spark.translation import translate
from artifact_warehouse.storage import SqlFile, deployed_files

PORTABLE = [file for file in deployed_files() if file.is_portable]
SPARK_FUNCTIONS = {
    *("array_compact", "array_join", "collect_list", "concat", "from_json", "get_json_object", "json_object_keys"),
    *("map_values", "max_by", "min_by", "percentile", "regexp_replace", "sort_array", "to_json", "try_element_at"),
    *("try_variant_get",),
}
"""Functions of Spark's that sqlglot knows by name only. Another one may be DuckDB's: look whether Spark has it."""

DUCKDB_ONLY = ("ASOF", "INT128", "HUGEINT", " AS MATERIALIZED (", "'INFINITY'", "'-INFINITY'", "[*]")
"""What a rule that passes over its construct would leave."""


@pytest.mark.parametrize("file", PORTABLE, ids=lambda file: file.full_name)
def test_a_view_translates(file: SqlFile) -> None:
    text = translate(file)
    tree = parse_one(text, read="spark")
    assert isinstance(tree, exp.Create) and tree.this.sql() == file.full_name
    unknown = {call.name.lower() for call in tree.find_all(exp.Anonymous)} - SPARK_FUNCTIONS
    assert not unknown, "write it in SQL that both engines have, or say `-- Not portable` in the header"
    assert not [word for word in DUCKDB_ONLY if word in text.upper()]
    columns = parse_one(file.definition, read="duckdb").expression.named_selects
    assert tree.expression.named_selects == columns
    for select in tree.find_all(exp.Select):  # each would multiply the rows of the others
        assert sum(isinstance(item.unalias(), exp.Explode) for item in select.expressions) <= 1


def test_what_is_not_portable_is_the_minority() -> None:
    views = [file for file in deployed_files() if file.kind == "view"]
    assert len(PORTABLE) > 0.8 * len(views)


def test_a_view_that_reads_a_macro_or_recurses_says_that_it_is_not_portable() -> None:
    macros = {file.full_name for file in deployed_files() if file.kind == "macro"}
    for file in PORTABLE:
        assert not file.dependencies & macros, file.full_name
        assert "RECURSIVE" not in file.definition, file.full_name
