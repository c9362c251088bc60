"""A small reverse proxy with TLS, its certificate, and an address book for names that lead to it."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

HOST = "warehouse.test"
NAME = f"metadata.{HOST}"

_BOOK = f"""
import socket
_asked = socket.getaddrinfo
_names = ({HOST!r}, {NAME!r}, {HOST.encode()!r}, {NAME.encode()!r})
socket.getaddrinfo = lambda host, *rest, **more: _asked("127.0.0.1" if host in _names else host, *rest, **more)
"""


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for the names of this proxy, and its key."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    call = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={HOST}"]
    call += ["-addext", f"subjectAltName=DNS:{HOST},DNS:{NAME}", "-keyout", key, "-out", certificate]
    subprocess.run(call, check=True, capture_output=True)
    return certificate, key


def trusting(folder: Path, certificate: Path) -> dict[str, str]:
    """The environment of a client that trusts the certificate and knows the name."""
    (folder / "sitecustomize.py").write_text(_BOOK)
    names = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
    return {"PYTHONPATH": str(folder), **dict.fromkeys(names, str(certificate))}


@contextmanager
def proxy(port: int, certificate: Path, key: Path) -> Iterator[int]:
    """The port of a proxy before another port of this machine."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    loop = asyncio.new_event_loop()

    async def copied(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, ssl.SSLError):
            while chunk := await reader.read(1 << 16):
                writer.write(chunk)
                await writer.drain()
        writer.close()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(copied(reader, there_writer), copied(there_reader, writer))

    server = loop.run_until_complete(asyncio.start_server(connected, "127.0.0.1", 0, ssl=context))
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
