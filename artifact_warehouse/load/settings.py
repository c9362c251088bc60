"""The sizes of a load: how much it holds in memory at once, and how many processes it uses."""

from __future__ import annotations

import os
import sys
from typing import NamedTuple

MAX_WORKERS = 8
"""More workers would only wait for the process that writes."""


class LoadSettings(NamedTuple):
    """The sizes of a load. The defaults suit every input; smaller sizes need less memory."""

    batch_bytes: int = 64 * 1024 * 1024
    """The bytes of flattened rows in a transaction. They fill DuckDB's row groups, and fit in memory."""
    batch_outcomes: int = 50_000
    """The number of outcomes in a transaction."""
    part_bytes: int = 4 * 1024 * 1024
    """The bytes of files in a part, which one worker flattens."""
    step_bytes: int = 4 * 1024 * 1024
    """The bytes of JSON that are flattened at once, few enough for the processor's caches."""
    open_bytes: int = 1024 * 1024
    """A load of fewer bytes keeps the warehouse open: opening it again takes longer than flattening them."""
    min_parts: int = 8
    """A load of fewer parts starts no workers: it is done before workers would be ready."""
    max_workers: int | None = None
    """The number of worker processes. None stands for one per CPU, up to MAX_WORKERS."""

    def worker_count(self) -> int:
        """How many workers this machine can use; 0 where none can be started."""
        if self.max_workers is not None:
            return self.max_workers
        if not sys.executable or getattr(sys, "frozen", False):
            return 0
        cpus = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        return min(cpus, MAX_WORKERS) if cpus > 1 else 0
