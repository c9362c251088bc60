"""Archives and compressed files, unpacked as streams within limits: hostile ones cost no more than sound ones.

Nothing is ever extracted to a disk, so that links and paths lead nowhere.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, Any

import zstandard

from artifact_warehouse.extract.discover import has_suffix, may_be_artifact
from artifact_warehouse.limits import Limits, text_of_size

_CHUNK_BYTES = 1024 * 1024
_PACKED_BYTES = 1024
"""How much of a zstandard stream is unpacked at once: what it can grow to is bounded."""
_GZIP = b"\x1f\x8b"
_XZ_MEMORY_BYTES = 256 * 1024 * 1024
"""xz -9 needs 65 MB; a header may ask for 4 GB."""
_TAR_EXTENDED = (
    *(tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK),
    *(tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE),
)
_TAR_HEADER_BYTES = 1024 * 1024
"""A long name or a list of attributes, which tarfile reads whole; a header may claim any size."""
_TAR_END = bytes(512)
"""A tar ends with blocks of zeros; tarfile takes one that was cut off between two members for a whole one."""


class TooLarge(Exception):
    """An artifact is larger than the limit."""


class ArchiveTooLarge(Exception):
    """An archive unpacks to more than the limit."""


UNREADABLE = (
    *(OSError, EOFError, zlib.error, lzma.LZMAError, tarfile.TarError, zipfile.BadZipFile, zstandard.ZstdError),
    *(TooLarge, ArchiveTooLarge),
    RuntimeError,  # zipfile's word for encrypted members, and for compressions that it does not know
)


def unpacked(uri: str, data: bytes, limit: int) -> bytes:
    """A file's content: `data` itself, unless the name says that it is compressed. Raises like `members`."""
    if not has_suffix(uri, (".gz", ".zst")):
        return data
    try:
        return whole(_unpacker(uri, data), limit)
    except UNREADABLE as error:
        if data == _GZIP[:1]:
            raise EOFError from error
        raise


def _unpacker(uri: str, data: bytes) -> Any:
    packed = io.BytesIO(data)
    return gzip.GzipFile(fileobj=packed) if has_suffix(uri, (".gz",)) else _Zstd(packed)


def beginning(uri: str, data: bytes) -> bytes:
    """What can be unpacked of the first bytes of a file that is broken further on."""
    stream = _unpacker(uri, data)
    try:
        return bytes(getattr(stream, "read1", stream.read)(_CHUNK_BYTES))
    except UNREADABLE:
        return b""


def whole(stream: IO[bytes], limit: int) -> bytes:
    """All of a stream; raises TooLarge as soon as that is clear."""
    data = b"".join(chunks(stream, limit + 1))
    insist(len(data), limit)
    return data


def insist(size: int, limit: int) -> None:
    if size > limit:
        raise TooLarge(f"is larger than {text_of_size(limit)}; if it is sound, raise --max-artifact-size")


def chunks(stream: IO[bytes], size: int) -> Iterator[bytes]:
    """The first `size` bytes of a stream."""
    while size and (chunk := stream.read(min(size, _CHUNK_BYTES))):
        size -= len(chunk)
        yield chunk


Member = tuple[str, int, IO[bytes]]
"""The name, the size and the content of a member of an archive."""


def members(uri: str, stream: IO[bytes], limits: Limits) -> Iterator[Member]:
    """The JSON files in an archive, to be read one after the other. Raises what UNREADABLE lists."""
    return (_zip_members if has_suffix(uri, (".zip",)) else _tar_members)(uri, stream, limits)


def _zip_members(uri: str, stream: IO[bytes], limits: Limits) -> Iterator[Member]:
    total = 0
    with zipfile.ZipFile(stream) as archive:
        for member in archive.infolist():
            if member.is_dir() or not may_be_artifact(member.filename):
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
                content = archive.extractfile(member) if member.isfile() and may_be_artifact(member.name) else None
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
        raise ArchiveTooLarge(f"unpacks to more than {limit}; if it is sound, raise --max-archive-size")


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


def reason(error: BaseException) -> str:
    if isinstance(error, TooLarge | ArchiveTooLarge):
        return str(error)
    if isinstance(error, EOFError):
        return "ends in the middle: still being written, or cut off; load it again"
    if isinstance(error, FileNotFoundError):
        return "cannot be read: it was there a moment ago, and is gone"
    if isinstance(error, PermissionError):
        return "cannot be read: permission denied"
    return f"cannot be read: {error}"
