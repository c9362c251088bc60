"""Object stores on loopback, for tests: a real S3 server in a process of its own, and a proxy that misbehaves."""

from __future__ import annotations

import http.client
import os
import random
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import obstore
from obstore.store import S3Store

KEY, SECRET, TOKEN = "AKIADISTINCTIVEKEY42", "distinctive/secret+of42", "distinctive-token-of42"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def process(command: list[str], port: int, **environment: str) -> Iterator[str]:
    """A server that runs for a while; its URL."""
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, **environment}
    ) as server:
        try:
            deadline = time.monotonic() + 60
            while True:
                try:
                    socket.create_connection(("127.0.0.1", port), timeout=1).close()
                    break
                except OSError:
                    assert server.poll() is None and time.monotonic() < deadline, f"{command[0]} did not start"
                    time.sleep(0.05)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()


@contextmanager
def s3_server(**environment: str) -> Iterator[str]:
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with process(command, port, **environment) as url:
        yield url


def s3_settings(url: str) -> dict[str, str]:
    """What the environment has to say for a server on loopback."""
    return {
        "AWS_ENDPOINT_URL": url,
        "AWS_ALLOW_HTTP": "true",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_SESSION_TOKEN": TOKEN,
    }


def request(method: str, url: str, body: bytes = b"") -> int:
    """A plain request; the status of the answer."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=30)
    connection.request(method, f"{parts.path}?{parts.query}", body)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status


class Bucket:
    """A bucket of an S3 server, to be filled."""

    def __init__(self, url: str, name: str) -> None:
        self.name = name
        self.url = url
        assert request("PUT", f"{url}/{name}") == 200
        own = {"access_key_id": "any", "secret_access_key": "any", "region": "us-east-1"}
        self._store = S3Store(name, endpoint=url, client_options={"allow_http": True}, **own)

    def put(self, key: str, content: bytes) -> None:
        obstore.put(self._store, key, content)

    def put_raw(self, key: str, content: bytes) -> None:
        """By a plain request, for keys that the library would change."""
        assert request("PUT", f"{self.url}/{self.name}/{quote(key)}", content) == 200

    def put_all(self, files: Mapping[str, bytes]) -> None:
        with ThreadPoolExecutor(16) as pool:
            list(pool.map(self.put, files.keys(), files.values()))

    def put_folder(self, folder: Path, prefix: str = "") -> None:
        files: Iterable[Path] = (path for path in folder.rglob("*") if path.is_file())
        self.put_all({prefix + path.relative_to(folder).as_posix(): path.read_bytes() for path in files})

    def uri(self, key: str = "") -> str:
        return f"s3://{self.name}/{key}"


Misbehaviour = Callable[[str, str], str | None]
"""From method and path: "503", "403", "reset", "truncate", "stall", or None for a good answer."""


def sometimes(share: float, seed: int, *ways: str) -> Misbehaviour:
    """A share of the requests fails, in one of the ways."""
    chance = random.Random(seed)
    return lambda method, path: chance.choice(ways) if chance.random() < share else None


class Proxy:
    """Passes requests on to a server, notes them, and answers some of them badly."""

    def __init__(self, target: str, misbehaviour: Misbehaviour = lambda method, path: None) -> None:
        self.requests: list[tuple[str, str]] = []
        self.failed = 0
        self.most_at_once = 0
        self._at_once = 0
        self._target = urlsplit(target).netloc
        self._misbehaviour = misbehaviour
        self._lock = threading.Lock()
        self.ended = threading.Event()
        self._server = _Server(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Proxy:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def bodies(self) -> list[str]:
        """The paths of the objects whose content was asked for."""
        return [path for method, path in self.requests if method == "GET" and "list-type" not in path]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: Any) -> None: ...

            def do_GET(self) -> None:
                with proxy._lock:
                    proxy._at_once += 1
                    proxy.most_at_once = max(proxy.most_at_once, proxy._at_once)
                    proxy.requests.append((self.command, self.path))
                    way = proxy._misbehaviour(self.command, self.path)
                    proxy.failed += way is not None
                try:
                    proxy._answer(self, way)
                finally:
                    with proxy._lock:
                        proxy._at_once -= 1

            do_HEAD = do_PUT = do_GET

        return Handler

    def _answer(self, handler: BaseHTTPRequestHandler, way: str | None) -> None:
        if way == "stall":
            self.ended.wait(60)
        if way in ("stall", "reset"):
            handler.close_connection = True
            handler.connection.shutdown(socket.SHUT_RDWR)
            return
        if way in ("503", "403"):
            code = {"503": "SlowDown", "403": "AccessDenied"}[way]
            body = f"<Error><Code>{code}</Code><Message>{dict(handler.headers)}</Message></Error>".encode()
            self._send(handler, int(way), {}, b"" if handler.command == "HEAD" else body, len(body))
            return
        connection = http.client.HTTPConnection(self._target, timeout=60)
        connection.request(handler.command, handler.path, headers=dict(handler.headers))
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        size = int(answer.headers.get("Content-Length", len(body)))
        headers = {k: v for k, v in answer.headers.items() if k.lower() in ("etag", "last-modified", "content-range")}
        self._send(handler, answer.status, headers, body[: len(body) // 2] if way == "truncate" else body, size)
        if way == "truncate":
            handler.close_connection = True
            handler.connection.shutdown(socket.SHUT_RDWR)

    @staticmethod
    def _send(handler: BaseHTTPRequestHandler, status: int, headers: dict[str, str], body: bytes, size: int) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(size))
        handler.end_headers()
        handler.wfile.write(body)
        handler.wfile.flush()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_: Any) -> None:
        """A client that went away is no error here."""
