"""Archives and compressed files, unpacked as streams within a budget. A hostile archive costs no more than another.

Nothing is extracted to disk, so links and paths in an archive have no effect.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import IO, Any, NamedTuple

import zstandard

from artifact_warehouse.extract.budget import Budget, Metered, OutOfBudget, TooLarge, check_size
from artifact_warehouse.extract.discover import has_suffix, may_be_artifact

_CHUNK_BYTES = 1024 * 1024
_ZIP_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""zipfile unpacks other methods without a limit: 3 KB of bzip2 become 4 GB; an LZMA header may ask for any memory."""
_PACKED_BYTES = 1024
"""The part of a zstandard stream that is unpacked at once. It bounds the unpacked size of a step."""
_GZIP = b"\x1f\x8b"
_XZ_MEMORY_BYTES = 256 * 1024 * 1024
"""xz -9 needs 65 MB; a header may ask for 4 GB."""
_HEADER_BYTES = 1024 * 1024
"""The most bytes of one tar member's headers: tarfile keeps names, attributes and maps of sparse files in memory."""
_DIRECTORY_BYTES = 32 * 1024 * 1024
"""The largest directory of a zip, which zipfile reads at once. It has room for 250,000 paths of 80 characters."""
_TAR_END = bytes(512)
"""A tar ends with blocks of zeros. tarfile does not notice that they are missing."""
_EMPTY_READS = 16
"""How often tarfile may read at the end of a stream. Without a limit it reads for ever where a size is false."""

_KNOWN = (
    *(OSError, EOFError, zlib.error, lzma.LZMAError, tarfile.TarError, zipfile.BadZipFile, zstandard.ZstdError),
    *(TooLarge, OutOfBudget),
    RuntimeError,  # zipfile raises it for encrypted members and unknown compressions
)


class MemberUnreadable(Exception):
    """A member cannot be read, but later members can. `packed` has the compressed bytes of the member."""

    def __init__(self, reason: str, packed: bytes) -> None:
        super().__init__(reason)
        self.packed = packed


class Member(NamedTuple):
    """A member of an archive. `read` gives its bytes up to a limit, until the next member is taken."""

    name: str
    size_bytes: int
    read: Callable[[int], bytes]


def unpacked(uri: str, data: bytes, limit: int, budget: Budget) -> bytes:
    """A file's content: `data` itself, unless the name says that it is compressed.

    Raises TooLarge, OutOfBudget, and the errors of the decompressors.
    """
    if not has_suffix(uri, (".gz", ".zst")):
        return data
    try:
        return whole(_unpacker(uri, data, budget), limit, budget)
    except _KNOWN as error:
        if data == _GZIP[:1]:
            raise EOFError from error
        raise


def _unpacker(uri: str, data: bytes, budget: Budget) -> Any:
    packed: Any = Metered(io.BytesIO(data), budget, _CHUNK_BYTES)
    return gzip.GzipFile(fileobj=packed) if has_suffix(uri, (".gz",)) else _Zstd(packed)


def beginning(uri: str, data: bytes, budget: Budget) -> bytes:
    """The first unpacked bytes of a file that is broken further on."""
    if not has_suffix(uri, (".gz", ".zst")):
        return data[:_CHUNK_BYTES]
    stream = _unpacker(uri, data, budget)
    try:
        return bytes(getattr(stream, "read1", stream.read)(_CHUNK_BYTES))
    except Exception:
        return b""


def whole(stream: IO[bytes], limit: int, budget: Budget) -> bytes:
    """All bytes of a stream. Raises TooLarge as soon as the limit is exceeded, and OutOfBudget."""
    parts, size = [], 0
    for part in chunks(stream, limit + 1):
        budget.content(len(part))
        parts.append(part)
        size += len(part)
    check_size(size, limit)
    return b"".join(parts)


def chunks(stream: IO[bytes], size: int) -> Iterator[bytes]:
    """The first `size` bytes of a stream."""
    while size and (chunk := stream.read(min(size, _CHUNK_BYTES))):
        size -= len(chunk)
        yield chunk


def members(uri: str, stream: IO[bytes], budget: Budget) -> Iterator[Member]:
    """The files in an archive that may be artifacts. Raises OutOfBudget, and the errors of zipfile and tarfile."""
    return (_zip_members if has_suffix(uri, (".zip",)) else _tar_members)(uri, stream, budget)


def _zip_members(uri: str, stream: IO[bytes], budget: Budget) -> Iterator[Member]:
    metered: Any = Metered(stream, budget, _DIRECTORY_BYTES)
    with zipfile.ZipFile(metered) as archive:
        for member in archive.infolist():
            if may_be_artifact(member.filename) and not member.is_dir():  # is_dir fails for an empty name
                read = partial(_read_zip_member, archive, member, budget)
                yield Member(member.filename, member.file_size, read)


def _read_zip_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, budget: Budget, limit: int) -> bytes:
    try:
        if member.compress_type not in _ZIP_METHODS:
            raise RuntimeError(f"it is compressed by method {member.compress_type}; only deflate is read")
        with archive.open(member) as content:
            return whole(content, limit, budget)
    except (TooLarge, OutOfBudget):
        raise
    except Exception as error:  # an encrypted or broken member; the directory has the places of the others
        raise MemberUnreadable(reason(error), _packed(archive, member, limit)) from error


def _packed(archive: zipfile.ZipFile, member: zipfile.ZipInfo, limit: int) -> bytes:
    """The compressed bytes of a member that cannot be read. Their hash identifies it."""
    stream: Any = archive.fp
    try:
        stream.seek(member.header_offset)
        return b"".join(chunks(stream, min(member.compress_size, limit)))
    except (OSError, ValueError):
        return b""


def _tar_members(uri: str, stream: IO[bytes], budget: Budget) -> Iterator[Member]:
    """The members of a tar, read as a stream. Links and absolute paths have no effect, as nothing is extracted."""
    metered: Any = Metered(stream, budget, 2 * _CHUNK_BYTES)
    tail: Any = _Tail(_decompressed(metered, uri), budget)
    with _readable_headers():
        opened = tarfile.open(fileobj=tail, mode="r|")  # noqa: SIM115 (closed by the next line)
    with opened as archive:
        while member := _next_member(archive, tail, budget):
            content = archive.extractfile(member) if member.isfile() and may_be_artifact(member.name) else None
            if content is not None:
                yield Member(member.name, member.size, partial(_read_tar_member, content, budget))
    while tail.read(_CHUNK_BYTES):
        pass
    if tail.tail != _TAR_END:
        raise EOFError


def _next_member(archive: tarfile.TarFile, tail: _Tail, budget: Budget) -> tarfile.TarInfo | None:
    """The next member. The sizes that its headers claim are checked before that many bytes are read or skipped."""
    budget.check_archive(archive.offset)
    tail.limit = max(archive.offset, tail.size) + _HEADER_BYTES
    with _readable_headers():
        member = archive.next()
    tail.limit = None
    vars(archive).update(members=[], pax_headers={})  # tarfile would keep all members
    if member is not None:
        budget.check_archive(max(member.size, archive.offset))
    return member


@contextmanager
def _readable_headers() -> Iterator[None]:
    """Raises ReadError where tarfile fails on the text of a header, such as a sparse map without numbers."""
    try:
        yield
    except (ValueError, IndexError, KeyError, OverflowError) as error:
        raise tarfile.ReadError(f"has a header that cannot be read: {error}") from error


def _read_tar_member(content: IO[bytes], budget: Budget, limit: int) -> bytes:
    return whole(content, limit, budget)


class _Tail:
    """The stream of a tar. It counts bytes, remembers the last ones, and raises an error instead of reading for ever.

    `limit` is the number of bytes that tarfile may have read before the next header is complete.
    """

    def __init__(self, stream: IO[bytes], budget: Budget) -> None:
        self.tail = b""
        self.size = 0
        self.limit: int | None = _HEADER_BYTES
        self._empty_reads = 0
        self._stream = stream
        self._budget = budget

    def read(self, size: int) -> bytes:
        data = self._stream.read(size)
        self.tail = (self.tail + data)[-len(_TAR_END) :]
        self.size += len(data)
        self._empty_reads += not data
        if self._empty_reads > _EMPTY_READS:
            raise EOFError
        if self.limit is not None and self.size > self.limit:
            raise tarfile.ReadError(f"has headers of more than {_HEADER_BYTES:,} bytes")
        self._budget.read(len(data))
        return data


class _Xz(io.RawIOBase):
    """Like lzma.open, with a limit of the memory that a header can ask for."""

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
    """Like stream_reader of zstandard, which does not notice that a stream was cut off."""

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


def is_known(error: BaseException) -> bool:
    """Whether an error is one that zipfile, tarfile or a decompressor raises for broken input. Others are bugs."""
    return isinstance(error, (*_KNOWN, MemberUnreadable))


def reason(error: BaseException) -> str:
    """An error of zipfile, tarfile or a decompressor, as a message for the user."""
    if isinstance(error, TooLarge | OutOfBudget | MemberUnreadable):
        return str(error)
    if isinstance(error, EOFError):
        return "ends in the middle: still being written, or cut off; load it again"
    if isinstance(error, FileNotFoundError):
        return "cannot be read: it was deleted after it was found"
    if isinstance(error, PermissionError):
        return "cannot be read: permission denied"
    if isinstance(error, MemoryError):
        return "cannot be read: there is not enough memory for it"
    return f"cannot be read: {error or type(error).__name__}"
