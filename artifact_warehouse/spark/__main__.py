"""`python -m artifact_warehouse.spark`, for spark-submit and for a shell: deploy, load, settle, adopt."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from artifact_warehouse.spark import SETTINGS, Catalog, adopt, deploy, load, settle


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one of the verbs on the session that the environment configures."""
    from pyspark.sql import SparkSession

    asked = _parser().parse_args(arguments)
    builder = SparkSession.Builder().appName("artifact-warehouse")
    for key, value in SETTINGS.items():
        builder = builder.config(key, value)
    spark = builder.getOrCreate()
    catalog = Catalog(asked.prefix, asked.tables, asked.table_format)
    if asked.verb == "deploy":
        print(f"deployed {len(deploy(spark, catalog))} views")
    elif asked.verb == "adopt":
        adopt(spark, asked.folder, catalog)
    elif asked.verb == "load":
        labels = {"environment": asked.environment, "job": asked.job, "project": asked.project}
        print(load(spark, asked.paths, catalog, **labels))
    if asked.verb in ("adopt", "load", "settle"):
        settle(spark, catalog)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m artifact_warehouse.spark", description=__doc__)
    parser.add_argument("--prefix", default="", help="the beginning of the names of the schemas")
    parser.add_argument("--tables", help="the catalog of the tables; by default Spark's own")
    parser.add_argument("--table-format", default="parquet", help="the format of new tables")
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("deploy", help="create missing tables, and create or replace all views")
    verbs.add_parser("settle", help="bring up to date what follows from several artifacts")
    adopting = verbs.add_parser("adopt", help="fill new tables with the export of a warehouse file, and settle")
    adopting.add_argument("folder", help="the folder that `artifact-warehouse export` wrote")
    loading = verbs.add_parser("load", help="load artifacts, and settle")
    loading.add_argument("paths", nargs="+", help="files, folders, globs, archives, objects of a store")
    for label in ("environment", "job", "project"):
        loading.add_argument(f"--{label}", help=f"the {label} of these artifacts")
    return parser


if __name__ == "__main__":
    main()
