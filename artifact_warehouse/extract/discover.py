"""Finds the files and objects of a path, and the labels in their folders."""

from __future__ import annotations

import glob
import os
import re
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

from artifact_warehouse.errors import InputNotFound
from artifact_warehouse.extract import object_store

STDIN = "-"

JSON = (".json", ".json.gz", ".json.zst")
ARCHIVES = (".tar", ".tar.gz", ".tgz", ".tar.xz", ".tar.bz2", ".tar.zst", ".zip")

_COLUMN_LINEAGE = re.compile(r"(^|[/\\])(dbt\.)?column_lineage([/\\][^/\\]*)?\.parquet$", re.IGNORECASE)
"""The files of dbt 2.0's column lineage: dbt.column_lineage.parquet, column_lineage/v1_0.parquet."""

_TELEMETRY = re.compile(r"(^|[/\\])otel[^/\\]*\.(jsonl(\.gz|\.zst)?|parquet)$", re.IGNORECASE)
"""The telemetry of dbt 2, by the names that its documentation uses: logs/otel.jsonl, target/metadata/otel.parquet."""

_INFORMATION_SCHEMA = re.compile(
    r"[/\\](index|info_schema[/\\]v1)[/\\]((dbt_rt\.)?(invocations|run_results)|(dbt\.source_)?freshness)\.parquet$",
    re.IGNORECASE,
)
"""The tables of runs and freshness checks in dbt 2's information schema, and in the index of its previews."""

_BY_NAME = {
    _COLUMN_LINEAGE: (".parquet",),
    _INFORMATION_SCHEMA: (".parquet",),
    _TELEMETRY: (".jsonl", ".jsonl.gz", ".jsonl.zst", ".parquet"),
}
"""The files that are told by their names and folders, with the ends that these names have."""

_HIVE_LABEL = re.compile(r"(?:^|[/!\\])(?P<key>project|environment|job)=(?P<value>[^/\\!]+)(?=[/\\!])")
_SURROGATE = re.compile("[\ud800-\udfff]")


class File(NamedTuple):
    """A file to read. `is_named` tells whether the user named it, rather than a folder that contains it."""

    place: str
    is_named: bool = False
    size_bytes: int = 0
    """The size before unpacking; 0 where it is unknown, or the file need not be read."""
    etag: str | None = None
    """The ETag of an object in a store. It changes with the content."""
    artifact_id: str | None = None
    """The artifact that the warehouse has from this object already; the object is not read again."""


class Labels(NamedTuple):
    """The project, environment and job that options or folders name; None where neither names one."""

    project_name: str | None = None
    environment: str | None = None
    job_name: str | None = None

    def with_fallback(self, other: Labels) -> Labels:
        """These labels; each that is None is taken from `other`."""
        return Labels(*(mine if mine is not None else theirs for mine, theirs in zip(self, other, strict=True)))


NO_LABELS = Labels()


def as_text(name: str) -> str:
    """A file name that can be stored and printed. A byte that is not UTF-8 (in Python, a surrogate) becomes `%FF`."""
    return _SURROGATE.sub(lambda match: f"%{ord(match.group()) & 0xFF:02X}", name)


def labels_of(uri: str) -> Labels:
    """The labels of the hive-style folders in a uri: `environment=prod/job=nightly/`."""
    found = {match["key"]: unquote(match["value"]) for match in _HIVE_LABEL.finditer(uri)}
    return Labels(found.get("project"), found.get("environment"), found.get("job"))


def expand(paths: Iterable[str | os.PathLike[str]]) -> list[File]:
    """The files and objects to read, in a fixed order.

    Raises InputNotFound for a path that does not exist or cannot be listed, a glob that matches nothing, and
    a folder without any JSON file or archive.
    """
    files: dict[str, File] = {}
    with object_store.Client() as client:
        for given in paths:
            path = os.fspath(given)
            for file in _objects(path, client) if object_store.is_uri(path) else _local_files(path):
                is_named = file.is_named or (file.place in files and files[file.place].is_named)
                files[file.place] = file._replace(is_named=is_named)
    return [*_with_sizes(files.values())]


def has_suffix(name: str, suffixes: tuple[str, ...]) -> bool:
    """Whether a file is of one of these kinds, by its name."""
    return name.lower().endswith(suffixes)


def may_be_artifact(name: str) -> bool:
    """Whether a file looks like an artifact, by its name and folder."""
    return has_suffix(name, JSON) or any(
        has_suffix(name, suffixes) and pattern.search(name) for pattern, suffixes in _BY_NAME.items()
    )


def _is_readable(name: str) -> bool:
    return may_be_artifact(name) or has_suffix(name, ARCHIVES)


def _with_sizes(files: Iterable[File]) -> Iterator[File]:
    """The files with their sizes, without pipes and devices in folders: reading one may wait for ever."""
    for file in files:
        if object_store.is_uri(file.place):
            yield file
            continue
        try:
            found = os.stat(file.place)  # noqa: PTH116 (a Path a file is slow at ten thousand files)
        except OSError:
            yield file
            continue
        if file.is_named or stat.S_ISREG(found.st_mode):
            yield file._replace(size_bytes=found.st_size)


def _objects(uri: str, client: object_store.Client) -> Iterator[File]:
    """The objects of a URI. In a folder, only names that look like artifacts or archives count, as with local files."""
    found, is_named = client.find(uri)
    readable = [o for o in found if is_named or _is_readable(o.uri)]
    if not readable:
        raise InputNotFound(uri, "there are no JSON files or archives in this folder")
    return (File(o.uri, is_named, o.size_bytes, o.etag) for o in readable)


def _local_files(path: str) -> Iterator[File]:
    for file, is_named in _expand_one(path):
        yield File(file if file == STDIN else os.path.abspath(file), is_named)


def _expand_one(path: str) -> Iterator[tuple[str, bool]]:
    if path == STDIN or Path(path).is_file():
        yield path, True
    elif Path(path).is_dir():
        yield from ((file, False) for file in _files_below(path))
    elif Path(path).exists():
        yield path, True
    else:
        matches = sorted(_matches(path)) if glob.has_magic(path) else []
        if not matches:
            raise InputNotFound(path, "there is no such file or folder")
        for match in matches:
            if Path(match).is_dir():
                yield from ((file, False) for file in _files_below(match, may_be_empty=True))
            elif _is_readable(match):
                yield match, False


def _matches(pattern: str) -> Iterator[str]:
    """The paths that a glob matches. glob.glob would follow links, circular ones too."""
    path = Path(pattern)
    return map(str, Path(path.anchor).glob(str(path.relative_to(path.anchor))))


def _files_below(folder: str, may_be_empty: bool = False) -> list[str]:
    found = [
        path
        for parent, _, names in os.walk(folder, onerror=_raise_cannot_be_listed)
        for name in names
        if _is_readable(path := os.path.join(parent, name))  # noqa: PTH118 (a Path a file is slow at ten thousand)
    ]
    if not found and not may_be_empty:
        raise InputNotFound(folder, "there are no JSON files or archives in this folder")
    return sorted(found)


def _raise_cannot_be_listed(error: OSError) -> None:
    raise InputNotFound(str(error.filename), f"cannot be listed: {error.strerror}") from error
