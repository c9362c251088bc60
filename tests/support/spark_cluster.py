"""A Spark cluster of processes of their own on the loopback: one master, two workers of one core."""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


def require_spark() -> Path:
    """The folder of pyspark. Skips where it or Java is missing."""
    spec = importlib.util.find_spec("pyspark")
    if spec is None or spec.origin is None:
        pytest.skip("pyspark is not installed: `make test-spark` installs it")
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        pytest.skip("there is no Java, which Spark needs: install Java 17")
    return Path(spec.origin).parent


@contextmanager
def cluster(folder: Path) -> Iterator[str]:
    """The URL of the master. The processes are ended at the end of the block."""
    program = require_spark() / "bin" / "spark-class"
    port = _free_port()
    url = f"spark://127.0.0.1:{port}"
    environment = os.environ | {
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_NO_DAEMONIZE": "1",
        "PYSPARK_PYTHON": sys.executable,
    }
    deployed = "org.apache.spark.deploy"
    master = (f"{deployed}.master.Master", "--host", "127.0.0.1", "--port", str(port), "--webui-port", "0")
    worker = (f"{deployed}.worker.Worker", "--host", "127.0.0.1", "-c", "1", "-m", "2g", "--webui-port", "0")
    started: list[subprocess.Popen[bytes]] = []

    def start(name: str, *arguments: str) -> None:
        with (folder / f"{name}.log").open("wb") as log:
            call = [str(program), *arguments]
            started.append(subprocess.Popen(call, stdout=log, stderr=log, env=environment, cwd=folder))

    try:
        start("master", *master)
        _wait_for(folder / "master.log", "I have been elected leader", started[0])
        for name in ("worker1", "worker2"):
            start(name, *worker, "-d", str(folder / name), url)
        for number, name in enumerate(("worker1", "worker2"), 1):
            _wait_for(folder / f"{name}.log", "Successfully registered with master", started[number])
        yield url
    finally:
        for process in reversed(started):
            process.terminate()
        for process in started:
            process.wait()


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _wait_for(log: Path, words: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 300
    while words not in log.read_text(errors="replace"):
        assert process.poll() is None, log.read_text(errors="replace")
        assert time.monotonic() < deadline, f"{log} does not say {words!r}"
        time.sleep(0.2)
