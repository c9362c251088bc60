"""Reads input: paths, globs, archives and object stores become the bytes of each artifact.

Knows the limits of an input; knows neither dbt nor DuckDB.
"""

from artifact_warehouse.extract.discover import ARCHIVES, File, Labels, as_text, expand, has_suffix, labels_of
from artifact_warehouse.extract.reader import Input, raw_bytes, read_all, read_stdin
from artifact_warehouse.extract.source import Progress, Source, Stored

__all__ = [
    "ARCHIVES",
    "File",
    "Input",
    "Labels",
    "Progress",
    "Source",
    "Stored",
    "as_text",
    "expand",
    "has_suffix",
    "labels_of",
    "raw_bytes",
    "read_all",
    "read_stdin",
]
