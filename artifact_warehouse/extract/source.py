"""`Source`: a place that artifacts are fetched from, as a load needs it. The room `sources` has them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple, Protocol

from artifact_warehouse.extract.reader import Input
from artifact_warehouse.limits import Limits

Progress = Callable[[int, int], None]
"""Called with the number of finished runs and the number of all runs."""


class Stored(NamedTuple):
    """An artifact that the warehouse has from a uri."""

    artifact_id: str
    invocation_id: str | None


class Source(Protocol):
    """A place that artifacts are fetched from, run by run."""

    @property
    def root(self) -> str:
        """What the uris of all its artifacts begin with."""

    @property
    def secret(self) -> str:
        """The token, which is hidden wherever an artifact has it."""

    def runs(self, stored: Mapping[str, Stored], limits: Limits, progress: Progress) -> Iterator[list[Input]]:
        """The artifacts of each run, without those that are `stored` from their uri. Raises SourceError."""
