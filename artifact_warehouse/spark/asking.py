"""Calls the table macros of v1, which are DuckDB's: in the executors, one DuckDB in memory for each project."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from artifact_warehouse.spark.answering import Rows, answer_by_project, open_chunks
from artifact_warehouse.spark.catalog import Catalog
from artifact_warehouse.spark.deployment import spark_schema
from artifact_warehouse.storage import called, public_view

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


def ask(
    spark: SparkSession,
    macro: str,
    *arguments: Any,
    catalog: Catalog = Catalog(),  # noqa: B008 (immutable)
    **named: Any,
) -> DataFrame:
    """The rows of a table macro of v1: `ask(spark, "ancestors_of", "model.shop.orders", across=True)`.

    Raises UnknownView for another name.
    """
    name = public_view(macro, "macro").full_name
    answer = partial(_answer, macro=name, arguments=arguments, named=named)
    schema = answer({})[name].schema
    found = answer_by_project(spark, catalog, [name], answer, is_across=bool(named.get("across")))
    return found.mapInArrow(open_chunks(schema), spark_schema(schema))


def _answer(rows: Rows, macro: str, arguments: tuple[Any, ...], named: dict[str, Any]) -> Rows:
    return {macro: called(rows, macro, *arguments, **named)}
