"""How much a load holds in memory at once, and how many processes it has."""

from __future__ import annotations

import os
import sys
from typing import NamedTuple

MAX_WORKERS = 8
"""More workers would only wait for the process that writes."""


class LoadSettings(NamedTuple):
    """The sizes that a load works in. The defaults suit every input; smaller ones take less memory."""

    batch_bytes: int = 64 * 1024 * 1024
    """Flattened rows in one transaction: enough to fill DuckDB's row groups, few enough to hold."""
    batch_outcomes: int = 50_000
    """Artifacts in one transaction, loaded or not."""
    part_bytes: int = 4 * 1024 * 1024
    """Bytes of files that one worker takes at a time."""
    step_bytes: int = 4 * 1024 * 1024
    """JSON that is flattened at a time: it stays in the processor's caches."""
    min_parts: int = 8
    """A load of fewer parts is done before workers would have started."""
    max_workers: int | None = None
    """Worker processes; None stands for one a CPU, and MAX_WORKERS at most."""

    def worker_count(self) -> int:
        """How many workers this machine can use; 0 where none can be started."""
        if self.max_workers is not None:
            return self.max_workers
        if not sys.executable or getattr(sys, "frozen", False):
            return 0
        cpus = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        return min(cpus, MAX_WORKERS) if cpus > 1 else 0
