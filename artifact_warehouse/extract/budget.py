"""Limits the bytes and the processor time of reading one file. A hostile file ends with an error instead of a hang."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import IO, TypeVar

from artifact_warehouse.limits import Limits, text_of_size

_SECOND_BYTES = 1024 * 1024
"""The bytes that allow one more second. A file that is not hostile takes a hundredth of it."""

_Item = TypeVar("_Item")


class TooLarge(Exception):
    """An artifact is larger than the limit."""


class OutOfBudget(Exception):
    """A file needs more bytes or processor time than the limits allow."""


def check_size(size_bytes: int, limit_bytes: int) -> None:
    """Raises TooLarge for an artifact that is larger than the limit."""
    if size_bytes > limit_bytes:
        raise TooLarge(f"is larger than {text_of_size(limit_bytes)}; if you trust it, raise --max-artifact-size")


class Budget:
    """Counts the bytes and the processor time of reading one file. Raises OutOfBudget beyond the limits.

    `read_bytes` counts the archive's own stream, `content_bytes` the artifacts in it. Each has the archive's limit,
    as a member that is sparse, or compressed itself, unpacks to more bytes than the stream has. A file that is not
    an archive has an artifact's limit only: see `check_size`.
    """

    def __init__(self, limits: Limits, is_archive: bool) -> None:
        self._limits = limits
        self._is_archive = is_archive
        self._read_bytes = self._content_bytes = 0
        self._seconds = 0.0
        self._resumed_at: float | None = None

    def read(self, size_bytes: int) -> None:
        """Count bytes of the file, or of the stream that it unpacks to."""
        self._read_bytes += size_bytes
        self.check_archive(self._read_bytes)
        self._check_time()

    def content(self, size_bytes: int) -> None:
        """Count bytes of artifacts."""
        self._content_bytes += size_bytes
        self.check_archive(self._content_bytes)
        self._check_time()

    def check_archive(self, size_bytes: int) -> None:
        """Raises OutOfBudget where an archive has, or claims, more bytes than the limit."""
        if self._is_archive and size_bytes > self._limits.archive_bytes:
            limit = text_of_size(self._limits.archive_bytes)
            raise OutOfBudget(f"unpacks to more than {limit}; if you trust it, raise --max-archive-size")

    def within(self, items: Iterator[_Item]) -> Iterator[_Item]:
        """The items. The time that is spent on making them counts; the caller's time between them does not."""
        while True:
            self._resumed_at = time.thread_time()
            try:
                item = next(items)
            except StopIteration:
                return
            finally:
                self._seconds += time.thread_time() - self._resumed_at
                self._resumed_at = None
            yield item

    def _check_time(self) -> None:
        if self._resumed_at is None:
            return
        seconds = self._seconds + time.thread_time() - self._resumed_at
        allowed = self._limits.processor_seconds + (self._read_bytes + self._content_bytes) / _SECOND_BYTES
        if seconds > allowed:
            raise OutOfBudget(f"took {seconds:.0f} seconds of processor time, too many for its size: not read further")


class Metered:
    """A stream that counts its bytes in a budget. The size of one read is limited, as a header may claim any size."""

    def __init__(self, stream: IO[bytes], budget: Budget, most_bytes: int) -> None:
        self._stream = stream
        self._budget = budget
        self._most_bytes = most_bytes

    def read(self, size: int = -1) -> bytes:
        """Read; raises OutOfBudget."""
        if size > self._most_bytes:
            raise OutOfBudget(f"has a header of {size:,} bytes")
        data = self._stream.read(size)
        self._budget.read(len(data))
        return data

    def seek(self, place: int, whence: int = 0) -> int:
        """The stream's own."""
        return self._stream.seek(place, whence)

    def tell(self) -> int:
        """The stream's own."""
        return self._stream.tell()

    def seekable(self) -> bool:
        """The stream's own."""
        return self._stream.seekable()
