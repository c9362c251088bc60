"""Files as a stream of (uri, bytes), unpacked: the only room that reads input.

Reads each file once, one after the other, and keeps none; objects of a store are fetched ahead. What cannot be
read or unpacked, or is larger than the limits, is an `Input` with an error instead of bytes, so that one bad file
never ends a load.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import stat
import sys
import tarfile
import zipfile
import zlib
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from itertools import chain
from typing import IO, Any, NamedTuple, Protocol

import zstandard

from artifact_warehouse import objectstore
from artifact_warehouse.discover import ARCHIVES, JSON, STDIN, File, as_text, has_suffix
from artifact_warehouse.errors import InputNotFound
from artifact_warehouse.limits import Limits, text_of_size
from artifact_warehouse.objectstore import Content

AHEAD = 64
"""How many objects are on their way or wait for those before them; more than are asked for at once."""

AHEAD_BYTES = 32 * 1024 * 1024
"""What the objects that are fetched ahead may weigh together; one more may be larger than this."""

_CHUNK_BYTES = 1024 * 1024
_PACKED_BYTES = 1024
"""How much of a zstandard stream is unpacked at once: what it can grow to is bounded."""

_GZIP = b"\x1f\x8b"
_XZ_MEMORY_BYTES = 256 * 1024 * 1024
"""xz -9 needs 65 MB; a header may ask for 4 GB."""
_PIECEMEAL_BYTES = 8 * 1024 * 1024
"""An archive in an object store that is larger than this is not held in memory."""
_TAR_EXTENDED = (
    *(tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK),
    *(tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE),
)
_TAR_HEADER_BYTES = 1024 * 1024
"""A long name or a list of attributes, which tarfile reads whole; a header may claim any size."""
_TAR_END = bytes(512)
"""A tar ends with blocks of zeros; tarfile takes one that was cut off between two members for a whole one."""


@dataclass(frozen=True)
class Input:
    """One file's content. `is_named` tells whether the user named it, rather than a folder around it.

    With an error, `data` is the file as it lies there, and `beginning` what could be unpacked of it, to recognise it.
    """

    uri: str
    data: bytes
    error: str | None = None
    is_named: bool = False
    etag: str | None = None
    """Of an object whose whole content this is."""
    artifact_id: str | None = None
    """What is known to be in it; then it was not read."""
    beginning: bytes = b""

    def __post_init__(self) -> None:
        object.__setattr__(self, "uri", as_text(self.uri))


class _Changed(Exception):
    """A file was written to while it was read."""


class _TooLarge(Exception):
    """An input is larger than a limit."""


_UNREADABLE = (
    *(OSError, EOFError, zlib.error, lzma.LZMAError, tarfile.TarError, zipfile.BadZipFile, zstandard.ZstdError),
    *(_TooLarge, _Changed),
    RuntimeError,  # zipfile's word for encrypted members, and for compressions that it does not know
)


def read_stdin(files: Iterable[File], limits: Limits) -> bytes:
    """What stands on stdin, if it is among the files to read: it can be read only once."""
    if not any(file.place == STDIN for file in files):
        return b""
    return b"".join(_chunks(sys.stdin.buffer, limits.artifact_bytes + 1))


def read(file: File, stdin: bytes = b"", limits: Limits = Limits()) -> Iterator[Input]:  # noqa: B008 (immutable)
    """The inputs in one file: itself, or the members of an archive."""
    return chain.from_iterable(read_all([file], stdin, limits))


def read_all(files: Sequence[File], stdin: bytes, limits: Limits) -> Generator[Iterator[Input], None, None]:
    """The inputs in each of some files, in their order."""
    with objectstore.Client() as client:
        for file, content in _fetched_ahead(files, client, limits):
            if objectstore.is_uri(file.place):
                yield _inputs(file, _Object(file, client, content), limits)
            else:
                yield _inputs(file, _Stdin(stdin) if file.place == STDIN else _LocalFile(file.place), limits)


def _fetched_ahead(
    files: Sequence[File], client: objectstore.Client, limits: Limits
) -> Iterator[tuple[File, Future[Content] | None]]:
    """The files in their order; objects with their content on its way, as far as AHEAD allows."""
    waiting: deque[tuple[File, Future[Content] | None]] = deque()
    size_bytes = 0
    for file in files:
        limit = _most_fetched(file, limits)
        content = client.fetch(file.place, limit) if file.size_bytes <= limit else None
        waiting.append((file, content))
        size_bytes += file.size_bytes if content else 0
        while waiting and (len(waiting) >= AHEAD or size_bytes > AHEAD_BYTES or not waiting[0][1]):
            first, content = waiting.popleft()
            size_bytes -= first.size_bytes if content else 0
            yield first, content
    yield from waiting


def _most_fetched(file: File, limits: Limits) -> int:
    """How large a file may be to be fetched whole: large archives are read piece by piece, what is too large never."""
    if file.artifact_id or not objectstore.is_uri(file.place):
        return -1
    return _PIECEMEAL_BYTES if has_suffix(file.place, ARCHIVES) else limits.artifact_bytes


class _Origin(Protocol):
    """Where a file's bytes come from."""

    def content(self, limits: Limits) -> tuple[bytes, str | None]:
        """All bytes, and the ETag they came with. Raises _TooLarge."""

    def opened(self) -> IO[bytes]:
        """The bytes as a stream."""


class _Stdin(NamedTuple):
    data: bytes

    def content(self, limits: Limits) -> tuple[bytes, None]:
        _insist(len(self.data), limits.artifact_bytes)
        return self.data, None

    def opened(self) -> IO[bytes]:
        return io.BytesIO(self.data)


class _LocalFile(NamedTuple):
    path: str

    def content(self, limits: Limits) -> tuple[bytes, None]:
        return _content(self.path, limits), None

    def opened(self) -> IO[bytes]:
        return open(self.path, "rb")  # noqa: PTH123 (as everywhere here)


class _Object(NamedTuple):
    file: File
    client: objectstore.Client
    fetched: Future[Content] | None

    def content(self, limits: Limits) -> tuple[bytes, str | None]:
        _insist(self.file.size_bytes, limits.artifact_bytes)
        content = self.fetched.result() if self.fetched else None
        if not content or not content.is_whole:
            content = self.client.fetch(self.file.place, limits.artifact_bytes).result()
        _insist(content.size_bytes, limits.artifact_bytes)
        return content.data, content.etag

    def opened(self) -> IO[bytes]:
        content = self.fetched.result() if self.fetched else None
        if content and content.is_whole:
            return io.BytesIO(content.data)
        return self.client.open(self.file.place, content.size_bytes if content else self.file.size_bytes)


def _inputs(file: File, origin: _Origin, limits: Limits) -> Iterator[Input]:
    uri = file.place
    try:
        if file.artifact_id:
            yield Input(uri, b"", etag=file.etag, artifact_id=file.artifact_id)
        elif has_suffix(uri, ARCHIVES):
            with origin.opened() as stream:
                yield from _members(uri, stream, limits)
        else:
            data, etag = origin.content(limits)
            yield _unpacked(uri, data, limits, file.is_named or uri == STDIN, etag)
    except InputNotFound as error:
        yield Input(uri, b"", error.reason, is_named=True)
    except _UNREADABLE as error:
        yield Input(uri, _raw_bytes(origin, limits), _reason(error), is_named=True)


def _content(path: str, limits: Limits) -> bytes:
    with open(path, "rb", buffering=0) as stream:  # noqa: PTH123 (a Path a file is slow at ten thousand files)
        found = os.fstat(stream.fileno())
        _insist(found.st_size, limits.artifact_bytes)
        if not stat.S_ISREG(found.st_mode):
            return _whole(stream, limits.artifact_bytes)
        data, now = stream.readall(), os.fstat(stream.fileno())
        if (now.st_size, now.st_mtime_ns) != (found.st_size, found.st_mtime_ns):
            raise _Changed
        return data


def _raw_bytes(origin: _Origin, limits: Limits) -> bytes:
    """A broken file as it lies there: what identifies it in the ledger; nothing where that cannot be told."""
    try:
        return b"" if isinstance(origin, _Stdin) else origin.content(limits)[0]
    except (OSError, _TooLarge, _Changed, InputNotFound):
        return b""


def _unpacked(uri: str, data: bytes, limits: Limits, is_named: bool = False, etag: str | None = None) -> Input:
    """One artifact from its bytes as they lie there."""
    if not has_suffix(uri, (".gz", ".zst")):
        return Input(uri, data, is_named=is_named, etag=etag)
    try:
        return Input(uri, _whole(_unpacker(uri, data), limits.artifact_bytes), is_named=is_named, etag=etag)
    except _UNREADABLE as error:
        is_cut_off = isinstance(error, EOFError) or data == _GZIP[:1]
        reason = _reason(EOFError() if is_cut_off else error)
        return Input(uri, data, reason, is_named, beginning=_beginning(uri, data))


def _unpacker(uri: str, data: bytes) -> Any:
    packed = io.BytesIO(data)
    return gzip.GzipFile(fileobj=packed) if has_suffix(uri, (".gz",)) else _Zstd(packed)


def _beginning(uri: str, data: bytes) -> bytes:
    """What can be unpacked of the first bytes of a file that is broken further on."""
    stream = _unpacker(uri, data)
    try:
        return bytes(getattr(stream, "read1", stream.read)(_CHUNK_BYTES))
    except _UNREADABLE:
        return b""


def _whole(stream: IO[bytes], limit: int) -> bytes:
    """All of a stream; raises _TooLarge as soon as that is clear."""
    data = b"".join(_chunks(stream, limit + 1))
    _insist(len(data), limit)
    return data


def _insist(size: int, limit: int) -> None:
    if size > limit:
        raise _TooLarge(f"is larger than {text_of_size(limit)}; if it is sound, raise --max-artifact-size")


def _chunks(stream: IO[bytes], size: int) -> Iterator[bytes]:
    """The first `size` bytes of a stream."""
    while size and (chunk := stream.read(min(size, _CHUNK_BYTES))):
        size -= len(chunk)
        yield chunk


def _members(uri: str, stream: IO[bytes], limits: Limits) -> Iterator[Input]:
    """The JSON files in an archive."""
    is_zip = has_suffix(uri, (".zip",))
    for name, size, content in (_zip_members if is_zip else _tar_members)(uri, stream, limits):
        member = f"{uri}!/{name}"
        try:
            _insist(size, limits.artifact_bytes)
            yield _unpacked(member, _whole(content, limits.artifact_bytes), limits)
        except _TooLarge as error:
            yield Input(member, b"", _reason(error))


Member = tuple[str, int, IO[bytes]]
"""The name, the size and the content of a member of an archive."""


def _zip_members(uri: str, stream: IO[bytes], limits: Limits) -> Iterator[Member]:
    total = 0
    with zipfile.ZipFile(stream) as archive:
        for member in archive.infolist():
            if member.is_dir() or not has_suffix(member.filename, JSON):
                continue
            total += member.file_size
            _insist_on_archive(total, limits)
            if member.compress_type == zipfile.ZIP_LZMA:  # may ask for any memory
                raise RuntimeError("members that are compressed with LZMA are not read")
            with archive.open(member) as content:
                yield member.filename, member.file_size, content


def _tar_members(uri: str, stream: IO[bytes], limits: Limits) -> Iterator[Member]:
    """Members are read as a stream and never extracted: links and absolute paths lead nowhere."""
    with _decompressed(stream, uri) as unpacked:
        tail = _Tail(unpacked, limits)
        with tarfile.open(fileobj=tail, mode="r|", tarinfo=_TarInfo) as archive:  # type: ignore[call-overload]
            for member in archive:
                content = archive.extractfile(member) if member.isfile() and has_suffix(member.name, JSON) else None
                if content is not None:
                    yield member.name, member.size, content
                archive.members = []  # it would keep them all
        while tail.read(_CHUNK_BYTES):
            pass
        if tail.tail != _TAR_END:
            raise EOFError


def _insist_on_archive(size: int, limits: Limits) -> None:
    if size > limits.archive_bytes:
        limit = text_of_size(limits.archive_bytes)
        raise _TooLarge(f"unpacks to more than {limit}; if it is sound, raise --max-archive-size")


class _TarInfo(tarfile.TarInfo):
    """A member's header; refuses extended headers that would fill the memory."""

    @classmethod
    def frombuf(cls, *arguments: Any, **options: Any) -> _TarInfo:
        member = super().frombuf(*arguments, **options)
        if member.type in _TAR_EXTENDED and member.size > _TAR_HEADER_BYTES:
            raise tarfile.ReadError(f"has a header of {member.size:,} bytes")
        return member


class _Tail:
    """A stream that remembers its last bytes, and ends with an error where it exceeds the limit of an archive."""

    def __init__(self, stream: IO[bytes], limits: Limits) -> None:
        self.tail = b""
        self._size = 0
        self._stream = stream
        self._limits = limits

    def read(self, size: int) -> bytes:
        data = self._stream.read(size)
        self.tail = (self.tail + data)[-len(_TAR_END) :]
        self._size += len(data)
        _insist_on_archive(self._size, self._limits)
        return data


class _Xz(io.RawIOBase):
    """What lzma.open gives, with a limit to the memory that a header can ask for."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._decompressor = lzma.LZMADecompressor(memlimit=_XZ_MEMORY_BYTES)

    def read(self, size: int = -1) -> bytes:
        data = b""
        while not data:
            packed = b""
            if self._decompressor.eof:  # further streams may follow
                packed = self._decompressor.unused_data.lstrip(b"\0") or self._stream.read(_CHUNK_BYTES).lstrip(b"\0")
                if not packed:
                    return b""
                self._decompressor = lzma.LZMADecompressor(memlimit=_XZ_MEMORY_BYTES)
            elif self._decompressor.needs_input and not (packed := self._stream.read(_CHUNK_BYTES)):
                raise EOFError
            data = self._decompressor.decompress(packed, size)
        return data


class _Zstd(io.RawIOBase):
    """What zstandard's stream_reader gives, which takes a stream that is cut off for a whole one."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._frame: Any = None
        self._packed = self._data = b""

    def read(self, size: int = -1) -> bytes:
        while not self._data:
            packed = self._packed or self._stream.read(_PACKED_BYTES)
            if not packed and self._frame:
                raise EOFError
            if not packed:
                return b""
            self._frame = self._frame or zstandard.ZstdDecompressor().decompressobj()
            self._data, self._packed = self._frame.decompress(packed), b""
            if self._frame.eof:  # further frames may follow
                self._packed, self._frame = self._frame.unused_data, None
        data, self._data = (self._data, b"") if size < 0 else (self._data[:size], self._data[size:])
        return data


def _decompressed(stream: IO[bytes], uri: str) -> Any:
    if has_suffix(uri, (".gz", ".tgz")):
        return gzip.GzipFile(fileobj=stream)
    if has_suffix(uri, (".xz",)):
        return _Xz(stream)
    if has_suffix(uri, (".bz2",)):
        return bz2.BZ2File(stream)
    return _Zstd(stream) if has_suffix(uri, (".zst",)) else stream


def _reason(error: BaseException) -> str:
    if isinstance(error, _TooLarge):
        return str(error)
    if isinstance(error, EOFError):
        return "ends in the middle: still being written, or cut off; load it again"
    if isinstance(error, _Changed):
        return "changed while it was read: still being written; load it again"
    if isinstance(error, FileNotFoundError):
        return "cannot be read: it was there a moment ago, and is gone"
    if isinstance(error, PermissionError):
        return "cannot be read: permission denied"
    return f"cannot be read: {error}"
