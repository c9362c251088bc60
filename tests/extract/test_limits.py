"""Bombs, links and headers that lie: what is hostile is told as such, and costs no more memory than what is sound."""

from __future__ import annotations

import gzip
import io
import json
import lzma
import os
import struct
import subprocess
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import builders
import pytest
import zstandard
from commandline import run
from testdata import SAMPLES, release_only

from artifact_warehouse import Warehouse
from artifact_warehouse.limits import Limits, size_of_text, text_of_size

pytestmark = pytest.mark.slow

MANY = 300 * 1024 * 1024
LIMIT = 4 * 1024 * 1024
ALLOWED_BYTES = 150 * 1024 * 1024
"""Half of a bomb; the interpreter with its libraries is not counted."""
RUN = next(SAMPLES.glob("*/*/2026-11-03*/run_results.json"))

READER = """
import json, resource, sys
from artifact_warehouse.extract.discover import expand
from artifact_warehouse.limits import Limits
from artifact_warehouse.extract.reader import read_all
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
before = peak()
limits = Limits(int(sys.argv[2]), int(sys.argv[3]))
found = [(i.uri, len(i.data), i.error) for of_file in read_all(expand([sys.argv[1]]), b"", limits) for i in of_file]
print(json.dumps([peak() - before, found]))
"""


def read(file: Path, artifact_bytes: int = LIMIT, archive_bytes: int = 2 * MANY) -> tuple[int, list[Any]]:
    """The memory that reading takes, in bytes, and what was found: uri, size, error."""
    command = [sys.executable, "-c", READER, str(file), str(artifact_bytes), str(archive_bytes)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    peak, found = json.loads(result.stdout)
    return peak, found


def zeros(compressor: Any) -> bytes:
    """Many zeros, compressed without ever being there."""
    chunk = bytes(1024 * 1024)
    return b"".join([compressor.compress(chunk) for _ in range(MANY // len(chunk))] + [compressor.flush()])


def in_tar(
    content: bytes, name: str = "manifest.json", size: int | None = None, kind: bytes = tarfile.REGTYPE
) -> bytes:
    header = tarfile.TarInfo(name)
    header.type = kind
    header.size = len(content) if size is None else size
    return header.tobuf() + content + bytes(-len(content) % 512) + bytes(1024)


def gzipped_tar_of_zeros() -> bytes:
    compressor = zlib.compressobj(wbits=31)
    header = tarfile.TarInfo("manifest.json")
    header.size = MANY
    return compressor.compress(header.tobuf()) + zeros(compressor)


def zip_of_zeros() -> bytes:
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("manifest.json", "w", force_zip64=True) as member,
    ):
        for _ in range(MANY // 1024**2):
            member.write(bytes(1024**2))
    return stream.getvalue()


def gzipped_tar_with_a_header_of_zeros() -> bytes:
    compressor = zlib.compressobj(wbits=31)
    header = tarfile.TarInfo("x")
    header.type = tarfile.XHDTYPE
    header.size = MANY
    return compressor.compress(header.tobuf()) + zeros(compressor)


def sparse_tar() -> bytes:
    """An old GNU sparse file: 512 bytes that stand for a terabyte."""
    header = bytearray(tarfile.TarInfo("manifest.json").tobuf(tarfile.GNU_FORMAT))
    header[156:157] = tarfile.GNUTYPE_SPARSE
    header[124:136] = b"00000001000\0"
    header[386:398], header[398:410] = b"00000000000\0", b"00000001000\0"
    header[483:495] = b"\x80" + bytes(3) + struct.pack(">Q", 2**40)
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header) + bytes(512) + bytes(1024)


def greedy_xz() -> bytes:
    """A stream whose header asks for a dictionary of 4 GB."""
    packed = bytearray(lzma.compress(in_tar(b"{}")))
    size = (packed[12] + 1) * 4
    place = packed.index(b"\x21\x01", 12) + 2
    packed[place] = 40
    packed[12 + size - 4 : 12 + size] = struct.pack("<I", zlib.crc32(packed[12 : 12 + size - 4]))
    return bytes(packed)


BOMBS: dict[str, Callable[[], bytes]] = {
    "manifest.json.gz": lambda: zeros(zlib.compressobj(wbits=31)),
    "manifest.json.zst": lambda: zeros(zstandard.ZstdCompressor().compressobj()),
    "a.tar.gz": gzipped_tar_of_zeros,
    "a.zip": zip_of_zeros,
    "header.tar.gz": gzipped_tar_with_a_header_of_zeros,
    "sparse.tar": sparse_tar,
    "greedy.tar.xz": greedy_xz,
    "inner.tar": lambda: in_tar(gzip.compress(bytes(MANY)), "manifest.json.gz"),
}


@pytest.mark.skipif(sys.platform == "win32", reason="measures memory as POSIX does")
@pytest.mark.parametrize("name", [*list(BOMBS)[::3], *release_only(*BOMBS)])
def test_a_bomb_is_told_as_one_and_takes_no_memory(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(BOMBS[name]())
    assert (tmp_path / name).stat().st_size < MANY // 100
    peak, found = read(tmp_path / name)
    assert peak < ALLOWED_BYTES
    assert found and all(error for *_, error in found)


def test_what_is_larger_than_the_limit_is_quarantined_and_the_rest_loads(tmp_path: Path) -> None:
    large = tmp_path / "manifest.json"
    large.write_bytes(b" " * RUN.stat().st_size + b"{}")
    (tmp_path / "run_results.json").write_bytes(RUN.read_bytes())
    call = ["load", str(tmp_path / "wh.duckdb"), str(tmp_path), "--max-artifact-size", str(RUN.stat().st_size)]
    result = run(*call)
    assert (result.exit_code, result.stdout) == (1, "loaded 1, unchanged 0, quarantined 1\n")
    assert f"{large}: is larger than" in result.stderr and "--max-artifact-size" in result.stderr


@pytest.mark.parametrize("name", ["a.tar", "a.tar.gz", "a.zip"])
def test_an_archive_is_read_up_to_its_limit(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for number in range(20):
        (folder / f"{number:02}.json").write_bytes(os.urandom(10_000))
    if name == "a.zip":
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            for file in sorted(folder.iterdir()):
                archive.write(file, file.name)
    else:
        with tarfile.open(tmp_path / name, "w:gz" if name.endswith("gz") else "w") as tar:
            for file in sorted(folder.iterdir()):
                tar.add(file, file.name)
    _, found = read(tmp_path / name, archive_bytes=100_000)
    *members, (uri, _, error) = found
    assert 0 < len(members) < 20 and not any(error for *_, error in members)
    assert uri == str(tmp_path / name) and "unpacks to more than 100KB" in error
    assert len(read(tmp_path / name, archive_bytes=1_000_000)[1]) == 20


def test_members_whose_size_is_a_lie_are_errors(tmp_path: Path) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.json", bytes(10_000))
    data = stream.getvalue()
    (tmp_path / "a.zip").write_bytes(data.replace(struct.pack("<I", 10_000), struct.pack("<I", 10)))
    [(_, _, error)] = read(tmp_path / "a.zip")[1]
    assert error


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_in_a_folder_does_not_hold_a_load(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "manifest.json")
    (tmp_path / "run_results.json").write_bytes(RUN.read_bytes())
    _, found = read(tmp_path)
    assert [Path(uri).name for uri, *_ in found] == ["run_results.json"]


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="needs devices")
def test_a_source_without_end_is_read_up_to_the_limit() -> None:
    peak, [(_, _, error)] = read(Path("/dev/zero"))
    assert "is larger than" in error and peak < ALLOWED_BYTES


@pytest.mark.parametrize(
    ("option", "content", "reason"),
    [
        ("--max-values", {"results": [], "args": {"x": [[]] * 1000}}, "more than 1,000 values"),
        (
            "--max-entries",
            {"results": [{"unique_id": f"model.a.{n}"} for n in range(1001)]},
            "'results' has 1,001 entries",
        ),
        ("--max-entries", {"results": [{}] * 1001, "args": {}}, "'results' has 1,001 entries"),
    ],
)
def test_what_is_small_and_has_too_many_values_is_quarantined(
    tmp_path: Path, option: str, content: dict[str, Any], reason: str
) -> None:
    file = builders.write(tmp_path, "x", builders.artifact("run_results", {}, **content))
    call = ["load", str(tmp_path / "wh.duckdb"), str(file)]
    result = run(*call, option, "1000")
    assert result.exit_code == 1
    assert reason in result.stderr and f"raise {option}" in result.stderr
    assert run(*call).stdout == "loaded 1, unchanged 0, quarantined 0\n"


@pytest.mark.parametrize("section", ["nodes", "macros", "sources"])
def test_a_manifest_of_too_many_entries_is_quarantined(tmp_path: Path, section: str) -> None:
    content = builders.artifact("manifest", {}, **{section: {f"x.a.{number}": {} for number in range(11)}})
    builders.write(tmp_path, "manifest", content)
    [outcome] = Warehouse(tmp_path / "wh.duckdb").load(tmp_path, limits=Limits(entries=10)).outcomes
    assert outcome.status == "quarantined" and f"section '{section}' has 11 entries" in (outcome.reason or "")


def test_the_python_limits(tmp_path: Path) -> None:
    report = Warehouse(tmp_path / "wh.duckdb").load(RUN, limits=Limits(artifact_bytes=10))
    assert [outcome.status for outcome in report.outcomes] == ["quarantined"]


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("0", 0),
        ("12", 12),
        ("1.5KB", 1500),
        ("1k", 1000),
        ("2MiB", 2 * 1024**2),
        ("3 GB", 3 * 10**9),
        ("1GiB", 1024**3),
    ],
)
def test_sizes_are_written_as_people_do(text: str, size: int) -> None:
    assert size_of_text(text) == size == size_of_text(text_of_size(size))


@pytest.mark.parametrize("text", ["", "many", "-1", "1PB", "1 2", "0x10"])
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(ValueError, match="is not a size"):
        size_of_text(text)
