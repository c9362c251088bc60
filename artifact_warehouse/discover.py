"""Paths, globs, folders and archives as a stream of (uri, bytes): the only room that reads input.

Reads each file once, one after the other, and keeps none. A file that cannot be read or unpacked is an
`Input` with an error instead of bytes, so that one bad file never ends a load.
"""

from __future__ import annotations

import bz2
import glob
import gzip
import io
import lzma
import os
import re
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, NamedTuple
from urllib.parse import unquote

import zstandard

from artifact_warehouse.errors import InputNotFound

STDIN = "-"

_JSON = (".json", ".json.gz", ".json.zst")
_TAR = (".tar", ".tar.gz", ".tgz", ".tar.xz", ".tar.bz2", ".tar.zst")
_ARCHIVES = (*_TAR, ".zip")
_UNREADABLE = (
    *(OSError, EOFError, zlib.error, lzma.LZMAError, tarfile.TarError, zipfile.BadZipFile, zstandard.ZstdError),
    RuntimeError,  # zipfile's word for encrypted members, and for compressions that it does not know
)
_TAR_END = bytes(512)
"""A tar ends with blocks of zeros; tarfile takes one that was cut off between two members for a whole one."""
_HIVE_LABEL = re.compile(r"(?:^|[/!\\])(?P<key>project|environment|job)=(?P<value>[^/\\!]+)(?=[/\\!])")
_SURROGATE = re.compile("[\ud800-\udfff]")


class Labels(NamedTuple):
    """What a user calls the origin of artifacts; None where nothing was said."""

    project_name: str | None = None
    environment: str | None = None
    job_name: str | None = None

    def over(self, other: Labels) -> Labels:
        """These labels, and the other ones where these are silent."""
        return Labels(*(mine if mine is not None else theirs for mine, theirs in zip(self, other, strict=True)))


@dataclass(frozen=True)
class Input:
    """One file's content. `is_named` tells whether the user named it, rather than a folder around it."""

    uri: str
    data: bytes
    error: str | None = None
    is_named: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "uri", as_text(self.uri))


def as_text(name: str) -> str:
    """A name that can be stored and printed: bytes of it that are no UTF-8, surrogates for Python, as `%FF`."""
    return _SURROGATE.sub(lambda match: f"%{ord(match.group()) & 0xFF:02X}", name)


def labels_of(uri: str) -> Labels:
    """The labels of the hive-style folders in a uri: `environment=prod/job=nightly/`."""
    found = {match["key"]: unquote(match["value"]) for match in _HIVE_LABEL.finditer(uri)}
    return Labels(found.get("project"), found.get("environment"), found.get("job"))


def size_of(file: str) -> int:
    """The bytes of a file as it lies there; 0 where that cannot be told."""
    try:
        return os.stat(file).st_size  # noqa: PTH116 (a Path a file is slow at ten thousand files)
    except OSError:
        return 0


def expand(paths: Iterable[str | os.PathLike[str]]) -> list[tuple[str, bool]]:
    """The files to read, in a fixed order, each with whether it was named itself.

    Raises InputNotFound for a path that does not exist or cannot be listed, a glob that matches nothing, and
    a folder without any JSON file or archive.
    """
    files: dict[str, bool] = {}
    for path in paths:
        for file, is_named in _expand_one(os.fspath(path)):
            place = file if file == STDIN else os.path.abspath(file)
            files[place] = files.get(place, False) or is_named
    return list(files.items())


def read_stdin(files: Iterable[tuple[str, bool]]) -> bytes:
    """What stands on stdin, if it is among the files to read: it can be read only once."""
    return sys.stdin.buffer.read() if (STDIN, True) in files else b""


def read(file: str, is_named: bool = False, stdin: bytes = b"") -> Iterator[Input]:
    """The inputs in one file: itself, or the members of an archive."""
    try:
        if file == STDIN:
            yield Input(STDIN, stdin, is_named=True)
        elif _is(file, _ARCHIVES):
            yield from _read_archive(file)
        else:
            yield _unpacked(os.path.abspath(file), _content(file), is_named)
    except PermissionError:
        yield Input(os.path.abspath(file), b"", "cannot be read: permission denied", is_named=True)
    except _UNREADABLE as error:
        yield Input(os.path.abspath(file), _raw_bytes(file), f"cannot be read: {error}", is_named=True)


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
            elif _is(match, _JSON + _ARCHIVES):
                yield match, False


def _matches(pattern: str) -> Iterator[str]:
    """What a pattern matches. Not by glob.glob, which follows links, in circles too."""
    path = Path(pattern)
    return map(str, Path(path.anchor).glob(str(path.relative_to(path.anchor))))


def _files_below(folder: str, may_be_empty: bool = False) -> list[str]:
    found = [
        os.path.join(parent, name)  # noqa: PTH118 (a Path a file is slow at ten thousand files)
        for parent, _, names in os.walk(folder, onerror=_refuse)
        for name in names
        if _is(name, _JSON + _ARCHIVES)
    ]
    if not found and not may_be_empty:
        raise InputNotFound(folder, "there are no JSON files or archives in this folder")
    return sorted(found)


def _refuse(error: OSError) -> None:
    raise InputNotFound(str(error.filename), f"cannot be listed: {error.strerror}") from error


def _is(name: str, suffixes: tuple[str, ...]) -> bool:
    return name.lower().endswith(suffixes)


def _unpacked(uri: str, data: bytes, is_named: bool = False) -> Input:
    try:
        if _is(uri, (".gz",)):
            return Input(uri, gzip.decompress(data), is_named=is_named)
        if _is(uri, (".zst",)):
            with zstandard.ZstdDecompressor().stream_reader(io.BytesIO(data)) as stream:
                return Input(uri, stream.read(), is_named=is_named)
    except _UNREADABLE as error:
        return Input(uri, data, f"cannot be unpacked: {error}", is_named=is_named)
    return Input(uri, data, is_named=is_named)


def _read_archive(file: str) -> Iterator[Input]:
    members = _zip_members(file) if _is(file, (".zip",)) else _tar_members(file)
    for name, data in members:
        yield _unpacked(f"{os.path.abspath(file)}!/{name}", data)


def _zip_members(file: str) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(file) as archive:
        for member in archive.infolist():
            if not member.is_dir() and _is(member.filename, _JSON):
                yield member.filename, archive.read(member)


def _tar_members(file: str) -> Iterator[tuple[str, bytes]]:
    """Members are read as a stream and never extracted: links and absolute paths lead nowhere."""
    with Path(file).open("rb") as raw, _decompressed(raw, file) as unpacked:
        stream = _Tail(unpacked)
        with tarfile.open(fileobj=stream, mode="r|") as archive:  # type: ignore[call-overload]
            for member in archive:
                content = archive.extractfile(member) if member.isfile() and _is(member.name, _JSON) else None
                if content is not None:
                    yield member.name, content.read()
        while stream.read(65_536):
            pass
        if stream.tail != _TAR_END:
            raise tarfile.ReadError("the archive is cut off")


class _Tail:
    """A stream that remembers its last bytes."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.tail = b""
        self._stream = stream

    def read(self, size: int) -> bytes:
        data = self._stream.read(size)
        self.tail = (self.tail + data)[-len(_TAR_END) :]
        return data


def _decompressed(raw: IO[bytes], file: str) -> Any:
    if _is(file, (".gz", ".tgz")):
        return gzip.open(raw)
    if _is(file, (".xz",)):
        return lzma.open(raw)
    if _is(file, (".bz2",)):
        return bz2.open(raw)
    if _is(file, (".zst",)):
        return zstandard.ZstdDecompressor().stream_reader(raw)
    return raw


def _content(file: str) -> bytes:
    with open(file, "rb", buffering=0) as stream:  # noqa: PTH123 (a Path a file is slow at ten thousand files)
        return stream.readall()


def _raw_bytes(file: str) -> bytes:
    try:
        return _content(file)
    except OSError:
        return b""
