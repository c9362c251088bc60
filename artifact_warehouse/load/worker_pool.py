"""Digesting in several processes: the work of a large load that Python can only do one at a time in a process.

Plain child processes with pipes, not multiprocessing, which would run an unguarded script of the caller's again
in each of them.
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
from artifact_warehouse.load.batches import FlattenedBatch, Flattener, Policy
from artifact_warehouse.load.settings import LoadSettings
from artifact_warehouse.process import skip_numpy_import

_BATCHES_AHEAD = 2
"""How many batches of each worker may wait to be written: what bounds a load's memory."""

_PROGRAM = "import sys; sys.path[:] = sys.argv[1:]; from artifact_warehouse.load.worker_pool import serve; serve()"
"""Imports from where this process does, and from nowhere else: `-c` alone would look into the current folder."""


class Workers:
    """Processes that start while the caller still prepares; each takes every n-th part of the work."""

    def __init__(self, count: int) -> None:
        command = [sys.executable, "-c", _PROGRAM, *(folder or str(Path.cwd()) for folder in sys.path)]
        with _sigint_blocked():
            self._processes = [
                subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(count)
            ]
        self._inboxes: list[Queue[Any]] = [Queue(_BATCHES_AHEAD) for _ in range(count)]
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_: object) -> None:
        """End the processes, at once if they are still at work."""
        for process in self._processes:
            process.kill()
        for thread, inbox in zip(self._threads, self._inboxes, strict=False):  # no threads where no work was given
            while thread.is_alive():
                with suppress(Empty):
                    inbox.get(timeout=0.05)
        for process in self._processes:
            process.wait()
            for pipe in filter(None, (process.stdin, process.stdout)):
                with suppress(BrokenPipeError):
                    pipe.close()

    def batches(
        self, parts: Sequence[Sequence[File]], known: Collection[int], policy: Policy, settings: LoadSettings
    ) -> Iterator[Iterator[FlattenedBatch]]:
        """The batches of each part, in order. Raises WorkerFailed when a process ends early."""
        count = len(self._processes)
        for first, (process, inbox) in enumerate(zip(self._processes, self._inboxes, strict=True)):
            request = (policy, settings, frozenset(known), parts[first::count])
            self._threads.append(threading.Thread(target=_exchange, args=(process, request, inbox), daemon=True))
            self._threads[-1].start()
        return (_until_none(self._inboxes[index % count]) for index in range(len(parts)))


@contextmanager
def _sigint_blocked() -> Iterator[None]:
    """What is started meanwhile hears no interrupt, ever: that is its caller's to handle, who ends it.

    A signal mask is inherited; one that comes here meanwhile comes a moment later.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def _exchange(process: subprocess.Popen[bytes], request: object, inbox: Queue[Any]) -> None:
    """Send a worker its request, and put whatever it answers into its inbox; at its end an exception."""
    assert process.stdin is not None and process.stdout is not None
    try:
        with process.stdin as stdin:
            pickle.dump(request, stdin)
        while True:
            inbox.put(pickle.load(process.stdout))
    except (EOFError, OSError, pickle.UnpicklingError) as error:
        inbox.put(error)


def _until_none(inbox: Queue[Any]) -> Iterator[FlattenedBatch]:
    while (batch := inbox.get()) is not None:
        if isinstance(batch, BaseException):
            raise WorkerFailed from batch
        yield batch


def serve() -> None:
    """What a worker does: one request in, batches out, None behind those of each part."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # where there are no signal masks
    skip_numpy_import()
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # nothing that prints may get between the answers
    try:
        policy, settings, known, parts = pickle.load(sys.stdin.buffer)
    except (EOFError, pickle.UnpicklingError):  # the caller died before it could say what to do
        return
    digester = Flattener(policy, known, settings=settings)
    try:
        for of_part in digester.batches(parts):
            for answer in chain(of_part, [None]):
                pickle.dump(answer, answers, protocol=pickle.HIGHEST_PROTOCOL)
            answers.flush()
    except BrokenPipeError:  # the caller died; what is in the buffer can go nowhere
        os._exit(1)
