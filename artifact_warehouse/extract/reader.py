"""Files and objects become a stream of inputs: a uri, and the unpacked bytes of one artifact.

Reads files once, in their order, and keeps none; objects of a store are fetched ahead. A file that cannot be read or
unpacked, or exceeds the limits, becomes an `Input` with an error: one bad file never ends a load.
"""

from __future__ import annotations

import io
import os
import stat
import sys
import traceback
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from itertools import chain
from typing import IO, NamedTuple, Protocol

from artifact_warehouse.errors import InputNotFound
from artifact_warehouse.extract import archives, object_store
from artifact_warehouse.extract.budget import Budget, OutOfBudget, TooLarge, check_size
from artifact_warehouse.extract.discover import ARCHIVES, NO_LABELS, STDIN, File, Labels, as_text, has_suffix
from artifact_warehouse.extract.object_store import Content
from artifact_warehouse.limits import Limits

AHEAD = 64
"""How many files the queue of `_fetched_ahead` holds at most. More than REQUESTS, so that all requests are used."""

AHEAD_BYTES = 32 * 1024 * 1024
"""How many bytes are fetched ahead; one more object may be larger than this."""


_PIECEMEAL_BYTES = 8 * 1024 * 1024
"""A larger archive in an object store is read piece by piece. It is never in memory as a whole."""


@dataclass(frozen=True)
class Input:
    """The content of one artifact. `is_named` tells whether the user named the file, rather than a folder that has it.

    With an error, `data` has the bytes of the file before unpacking, and `beginning` the first bytes after unpacking.
    """

    uri: str
    data: bytes
    error: str | None = None
    is_named: bool = False
    etag: str | None = None
    """The ETag of an object that holds this artifact alone."""
    artifact_id: str | None = None
    """The artifact that the warehouse has from this object already; the object was not read."""
    beginning: bytes = b""
    trace: str | None = None
    """The traceback of an error that is a bug, here or in a library."""
    labels: Labels = NO_LABELS
    """The labels that the input's source gives it."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "uri", as_text(self.uri))


class _Changed(Exception):
    """A file was written to while it was read."""


def read_stdin(files: Iterable[File], limits: Limits) -> bytes:
    """The bytes of stdin where it is among the files; it can be read once only."""
    if not any(file.place == STDIN for file in files):
        return b""
    try:
        return b"".join(archives.chunks(sys.stdin.buffer, limits.artifact_bytes + 1))
    except OSError as error:
        raise InputNotFound("stdin", f"cannot be read: {error.strerror}") from error


def read(file: File, stdin: bytes = b"", limits: Limits = Limits()) -> Iterator[Input]:  # noqa: B008 (immutable)
    """The inputs in one file: itself, or the members of an archive."""
    return chain.from_iterable(read_all([file], stdin, limits))


def read_all(files: Sequence[File], stdin: bytes, limits: Limits) -> Generator[Iterator[Input], None, None]:
    """The inputs in each of some files, in their order."""
    with object_store.Client() as client:
        for file, content in _fetched_ahead(files, client, limits):
            if object_store.is_uri(file.place):
                yield _inputs(file, _Object(file, client, content), limits)
            else:
                yield _inputs(file, _Stdin(stdin) if file.place == STDIN else _LocalFile(file.place), limits)


def _fetched_ahead(
    files: Sequence[File], client: object_store.Client, limits: Limits
) -> Iterator[tuple[File, Future[Content] | None]]:
    """The files in their order, each object with a fetch that is under way. AHEAD and AHEAD_BYTES limit the queue."""
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
    """The size up to which an object is fetched as a whole; -1 where it is not fetched."""
    if file.artifact_id or not object_store.is_uri(file.place):
        return -1
    return _PIECEMEAL_BYTES if has_suffix(file.place, ARCHIVES) else limits.artifact_bytes


class _Origin(Protocol):
    """A file, an object or stdin, as a source of bytes."""

    def content(self, limits: Limits) -> tuple[bytes, str | None]:
        """All bytes, and the ETag of an object. Raises TooLarge."""

    def opened(self) -> IO[bytes]:
        """The bytes as a stream."""


class _Stdin(NamedTuple):
    data: bytes

    def content(self, limits: Limits) -> tuple[bytes, None]:
        check_size(len(self.data), limits.artifact_bytes)
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
    client: object_store.Client
    fetched: Future[Content] | None

    def content(self, limits: Limits) -> tuple[bytes, str | None]:
        check_size(self.file.size_bytes, limits.artifact_bytes)
        content = self.fetched.result() if self.fetched else None
        if not content or not content.is_whole:
            content = self.client.fetch(self.file.place, limits.artifact_bytes).result()
        check_size(content.size_bytes, limits.artifact_bytes)
        return content.data, content.etag

    def opened(self) -> IO[bytes]:
        content = self.fetched.result() if self.fetched else None
        if content and content.is_whole:
            return io.BytesIO(content.data)
        return self.client.open(self.file.place, content.size_bytes if content else self.file.size_bytes)


def _inputs(file: File, origin: _Origin, limits: Limits) -> Iterator[Input]:
    """The inputs in one file. Every error becomes an Input."""
    uri = file.place
    if file.artifact_id:
        yield Input(uri, b"", etag=file.etag, artifact_id=file.artifact_id)
        return
    budget = Budget(limits, is_archive=has_suffix(uri, ARCHIVES))
    try:
        if has_suffix(uri, ARCHIVES):
            with origin.opened() as stream:
                yield from budget.within(_members(uri, stream, limits, budget))
        else:
            yield from budget.within(_alone(file, origin, limits, budget))
    except InputNotFound as error:
        yield Input(uri, b"", error.reason, is_named=True)
    except Exception as error:
        yield Input(uri, _raw_bytes(origin, limits), _reason(error), is_named=True, trace=_trace(error))


def _alone(file: File, origin: _Origin, limits: Limits, budget: Budget) -> Iterator[Input]:
    """The input of a file that is not an archive."""
    data, etag = origin.content(limits)
    yield _input(file.place, data, limits, budget, file.is_named or file.place == STDIN, etag)


def _content(path: str, limits: Limits) -> bytes:
    with open(path, "rb", buffering=0) as stream:  # noqa: PTH123 (a Path a file is slow at ten thousand files)
        found = os.fstat(stream.fileno())
        check_size(found.st_size, limits.artifact_bytes)
        if not stat.S_ISREG(found.st_mode):
            data = b"".join(archives.chunks(stream, limits.artifact_bytes + 1))
            check_size(len(data), limits.artifact_bytes)
            return data
        data, now = stream.readall(), os.fstat(stream.fileno())
        if (now.st_size, now.st_mtime_ns) != (found.st_size, found.st_mtime_ns):
            raise _Changed
        return data


def raw_bytes(file: File, limits: Limits) -> bytes:
    """The bytes of a local file before unpacking; empty for an object, and where the file cannot be read."""
    return b"" if object_store.is_uri(file.place) else _raw_bytes(_LocalFile(file.place), limits)


def _raw_bytes(origin: _Origin, limits: Limits) -> bytes:
    """The bytes of a broken file before unpacking; their hash identifies it in the ledger. Empty if unreadable."""
    try:
        return b"" if isinstance(origin, _Stdin) else origin.content(limits)[0]
    except Exception:
        return b""


def _input(
    uri: str, data: bytes, limits: Limits, budget: Budget, is_named: bool = False, etag: str | None = None
) -> Input:
    """One artifact, from its bytes before unpacking. Raises OutOfBudget."""
    try:
        content = archives.unpacked(uri, data, limits.artifact_bytes, budget)
        return Input(uri, content, is_named=is_named, etag=etag)
    except OutOfBudget:
        raise
    except Exception as error:
        beginning = archives.beginning(uri, data, budget)
        return Input(uri, data, _reason(error), is_named, beginning=beginning, trace=_trace(error))


def _members(uri: str, stream: IO[bytes], limits: Limits, budget: Budget) -> Iterator[Input]:
    """The artifacts in an archive. A member of a zip that cannot be read does not hide the members behind it."""
    for member in archives.members(uri, stream, budget):
        member_uri = f"{uri}!/{member.name}"
        try:
            check_size(member.size_bytes, limits.artifact_bytes)
            data = member.read(limits.artifact_bytes)
        except TooLarge as error:
            yield Input(member_uri, b"", _reason(error))
        except archives.MemberUnreadable as error:
            yield Input(member_uri, error.packed, _reason(error))
        else:
            yield _input(member_uri, data, limits, budget)


def _reason(error: BaseException) -> str:
    if isinstance(error, _Changed):
        return "changed while it was read: still being written; load it again"
    return archives.reason(error)


def _trace(error: BaseException) -> str | None:
    """The traceback of an error that is a bug, here or in a library; None for an error of the input."""
    if isinstance(error, _Changed) or archives.is_known(error):
        return None
    return "".join(traceback.format_exception(error))
