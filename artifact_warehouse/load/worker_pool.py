"""Flattens in several processes, because a Python process uses only one processor.

They are child processes with pipes. multiprocessing would run the caller's script again in each of them, where it has
no `if __name__ == "__main__"`.
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import chain
from pathlib import Path
from queue import Empty, Queue
from typing import Any

from artifact_warehouse.errors import WorkerFailed
from artifact_warehouse.extract import File
from artifact_warehouse.load.batches import FlattenedBatch, Flattener, Policy, quarantined_file
from artifact_warehouse.load.settings import LoadSettings
from artifact_warehouse.process import install_processor_clock

_BATCHES_AHEAD = 2
"""How many batches of each worker may wait to be written. This bounds the memory of a load."""

_READY = "ready"
_ENDED_EARLY = (
    "ended the process that read it, twice: it needs too much memory or processor time, or triggers a bug of a library"
)

_PROGRAM = (
    "import sys; sys.path[:] = sys.argv[1:]; from artifact_warehouse.process import skip_slow_imports; "
    "skip_slow_imports(); from artifact_warehouse.load.worker_pool import serve; serve()"
)
"""The worker imports from the folders of this process only. `-c` alone would add the current folder."""


class Workers:
    """Worker processes. They start while the caller opens the warehouse. Each of n flattens every n-th part.

    A process may be killed, for example when memory runs out. Its part is then read again file by file in another
    process, and a file that ends that one too is quarantined.
    """

    def __init__(self, count: int) -> None:
        self._workers = [_Worker() for _ in range(count)]
        self._all = [*self._workers]
        self._parts: Sequence[Sequence[File]] = ()
        self._known: frozenset[int] = frozenset()
        self._policy = Policy()
        self._settings = LoadSettings()

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_: object) -> None:
        """End the processes. Those that still work are killed."""
        for worker in self._all:
            worker.kill()
        for worker in self._all:
            worker.close()

    def batches(
        self, parts: Sequence[Sequence[File]], known: Collection[int], policy: Policy, settings: LoadSettings
    ) -> Iterator[Iterator[FlattenedBatch]]:
        """The batches of each part, in order. Raises WorkerFailed where processes end before they can work."""
        self._parts, self._known, self._policy, self._settings = parts, frozenset(known), policy, settings
        for first, worker in enumerate(self._workers):
            self._give(worker, parts[first :: len(self._workers)], settings)
        return (self._of_part(index) for index in range(len(parts)))

    def _give(self, worker: _Worker, parts: Sequence[Sequence[File]], settings: LoadSettings) -> _Worker:
        worker.start((self._policy, settings, self._known, parts))
        return worker

    def _another(self, parts: Sequence[Sequence[File]], settings: LoadSettings) -> _Worker:
        """Start one more process with these parts."""
        worker = _Worker()
        self._all.append(worker)
        return self._give(worker, parts, settings)

    def _of_part(self, index: int) -> Iterator[FlattenedBatch]:
        count = len(self._workers)
        place, delivered_count = index % count, 0
        try:
            for batch in self._workers[place].batches():
                yield batch
                delivered_count += len(batch.outcomes)
        except _Ended:
            yield from self._file_by_file(self._parts[index], delivered_count)
            self._workers[place] = self._another(self._parts[index + count :: count], self._settings)

    def _file_by_file(self, files: Sequence[File], delivered_count: int) -> Iterator[FlattenedBatch]:
        """The batches of a part whose process ended, of one outcome each. The delivered outcomes are left out."""
        while files:
            worker = self._another([[file] for file in files], self._settings._replace(step_bytes=1))
            done_count = 0
            try:
                for _ in files:
                    for batch in worker.batches():
                        if not delivered_count:
                            yield batch
                        delivered_count = max(0, delivered_count - len(batch.outcomes))
                    done_count += 1
                worker.kill()
            except _Ended as error:
                if not worker.is_ready:
                    raise WorkerFailed from error
                if not delivered_count:
                    yield quarantined_file(files[done_count], _ENDED_EARLY, self._policy.limits)
                delivered_count = max(0, delivered_count - 1)
                done_count += 1
            files = files[done_count:]


class _Ended(Exception):
    """A process ended before its work was done."""


class _Worker:
    """One process, and the thread that talks to it."""

    def __init__(self) -> None:
        command = [sys.executable, "-c", _PROGRAM, *(folder or str(Path.cwd()) for folder in sys.path)]
        with _sigint_blocked():
            self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._inbox: Queue[Any] = Queue(_BATCHES_AHEAD)
        self._thread: threading.Thread | None = None
        self.is_ready = False
        """Whether the process has delivered something."""

    def start(self, request: object) -> None:
        """Start the thread, which sends the request."""
        self._thread = threading.Thread(target=self._exchange, args=(request,), daemon=True)
        self._thread.start()

    def batches(self) -> Iterator[FlattenedBatch]:
        """The batches of the next part. Raises _Ended."""
        while (batch := self._inbox.get()) is not None:
            if isinstance(batch, BaseException):
                raise _Ended from batch
            yield batch

    def kill(self) -> None:
        """Kill the process."""
        self._process.kill()

    def close(self) -> None:
        """Close the pipes of the killed process, and end the thread."""
        while self._thread and self._thread.is_alive():  # the thread may wait for room in the inbox
            with suppress(Empty):
                self._inbox.get(timeout=0.05)
        self._process.wait()
        for pipe in filter(None, (self._process.stdin, self._process.stdout)):
            with suppress(BrokenPipeError):
                pipe.close()

    def _exchange(self, request: object) -> None:
        """Send the request. Put the answers into the inbox, and at the end an exception. Runs in the thread."""
        assert self._process.stdin is not None and self._process.stdout is not None
        try:
            with self._process.stdin as stdin:
                pickle.dump(request, stdin)
            self.is_ready = pickle.load(self._process.stdout) == _READY
            while True:
                self._inbox.put(pickle.load(self._process.stdout))
        except (EOFError, OSError, pickle.UnpicklingError) as error:
            self._inbox.put(error)


@contextmanager
def _sigint_blocked() -> Iterator[None]:
    """Blocks SIGINT while a child starts; it inherits the mask. The parent handles interrupts and ends its children.

    A SIGINT to the parent is delivered after the block.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def serve() -> None:
    """The main function of a worker: reads one request, writes the batches, and None after those of each part."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # for systems without signal masks
    install_processor_clock(kills=True)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # stdout carries the answers, so prints go to stderr
    try:
        policy, settings, known, parts = pickle.load(sys.stdin.buffer)
    except (EOFError, pickle.UnpicklingError):  # the caller ended before it sent the request
        return
    flattener = Flattener(policy, known, settings=settings)
    try:
        pickle.dump(_READY, answers)
        answers.flush()
        for of_part in flattener.batches(parts):
            for answer in chain(of_part, [None]):
                pickle.dump(answer, answers, protocol=pickle.HIGHEST_PROTOCOL)
            answers.flush()
    except BrokenPipeError:  # the caller ended, so the buffer cannot be written
        os._exit(1)
