"""The tables and views of a warehouse in the catalog of a Spark. The only room that knows pyspark."""

from artifact_warehouse.spark.adoption import adopt
from artifact_warehouse.spark.asking import ask
from artifact_warehouse.spark.catalog import SETTINGS, Catalog
from artifact_warehouse.spark.deployment import deploy
from artifact_warehouse.spark.loading import load
from artifact_warehouse.spark.settling import settle

__all__ = [
    "SETTINGS",
    "Catalog",
    "adopt",
    "ask",
    "deploy",
    "load",
    "settle",
]
