"""Reads input: paths, globs, archives and object stores become the bytes of each artifact.

Knows the limits of an input; knows neither dbt nor DuckDB.
"""

from artifact_warehouse.extract.discover import ARCHIVES, File, Labels, as_text, expand, has_suffix, labels_of
from artifact_warehouse.extract.reader import Input, raw_bytes, read_all, read_stdin

__all__ = [
    "ARCHIVES",
    "File",
    "Input",
    "Labels",
    "as_text",
    "expand",
    "has_suffix",
    "labels_of",
    "raw_bytes",
    "read_all",
    "read_stdin",
]
