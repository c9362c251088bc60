"""A receiver of messages on loopback, that can misbehave; and the nights of the samples, as their script tells them."""

from __future__ import annotations

import importlib.util
import json
import sys
import tarfile
import threading
from collections.abc import Callable
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from testdata import ROOT

SAMPLES = ROOT / "sample_artifacts"

Answer = Callable[[dict[str, Any]], int | None]
"""From a message to the status of the answer; None closes the connection without one."""


class Receiver:
    """Takes every message; `answer` says how. What it has accepted is in `messages`, what it was sent in `seen`."""

    def __init__(self, answer: Answer = lambda message: 200) -> None:
        self.answer = answer
        self.seen: list[dict[str, Any]] = []
        self.messages: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/hook"

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: Any) -> None: ...

            def do_POST(self) -> None:
                message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with receiver._lock:
                    receiver.seen.append(message)
                    receiver.headers.append(dict(self.headers))
                status = receiver.answer(message)
                if status is None:
                    self.close_connection = True
                    return
                if status == 200:
                    with receiver._lock:
                        receiver.messages.append(message)
                self.send_response(status)
                self.send_header("Location", "/elsewhere")
                self.end_headers()

        return Handler

    def __enter__(self) -> Receiver:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class Call(NamedTuple):
    """One call of dbt in the script of the samples: when it began, and what it wrote."""

    at: datetime
    environment: str
    job: str
    folder: Path


def _story() -> ModuleType:
    spec = importlib.util.spec_from_file_location("story", SAMPLES / "story.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["story"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def calls(unpacked: Path) -> list[Call]:
    """Every call of the three weeks, in order. `unpacked` is the folder of episodes.tar.xz."""
    story = _story()
    found: list[Call] = []
    for root, invocations in ((SAMPLES / "runs", story.WEEK), (unpacked, story.EPISODES)):
        for invocation in invocations:
            number = 1 + sum(f"{call.at:%Y-%m-%d}" == invocation.day for call in found)
            folder = root / f"environment={invocation.environment}" / f"job={invocation.job}"
            folder /= f"{invocation.day}_{number:02}_{invocation.label}"
            assert folder.is_dir(), folder
            at = datetime.fromisoformat(invocation.time)
            found.append(Call(at, invocation.environment, invocation.job, folder))
    return found


def unpack_episodes(folder: Path) -> None:
    with tarfile.open(SAMPLES / "episodes.tar.xz") as tar:
        tar.extractall(folder, filter="data")
