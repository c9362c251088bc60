"""Archives that lie about sizes, hide bombs or break their reader: each costs itself, and no file beside it."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import struct
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import zstandard
from packings import tarred, zipped
from testdata import SAMPLES

from artifact_warehouse import Warehouse
from artifact_warehouse.limits import Limits

pytestmark = pytest.mark.slow

RUN = next(SAMPLES.glob("*/*/2026-11-03*/run_results.json"))
ZEROS = bytes(1024 * 1024)

LOAD = """
import json, resource, sys
from artifact_warehouse import Warehouse
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
wh = Warehouse(sys.argv[1])
wh.load(sys.argv[2])
before = peak()
report = wh.load(sys.argv[3])
print(json.dumps([peak() - before, [(o.uri, o.status, o.reason) for o in report.outcomes]]))
"""
MOST_BYTES = 150 * 1024 * 1024
"""More than the readers hold at once; each bomb below would take 200 MB or more."""


def header(name: str = "manifest.json", size: int = 0, kind: bytes = tarfile.REGTYPE, raw_size: bytes = b"") -> bytes:
    """A tar's header; `raw_size` replaces its size."""
    info = tarfile.TarInfo(name)
    info.type, info.size = kind, size
    block = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    if raw_size:
        block[124:136] = raw_size.ljust(12, b"\0")
        block[148:156] = b" " * 8
        block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def huge(size: int) -> bytes:
    """A size as GNU tar writes large and negative ones: in base 256."""
    return (b"\x80" if size >= 0 else b"\xff") + size.to_bytes(11, "big", signed=True)


def pax(**attributes: str) -> bytes:
    """An extended header, as the records of POSIX: their length, a key and a value."""
    records = b""
    for key, value in attributes.items():
        rest = f" {key.replace('__', '.')}={value}\n".encode()
        length = len(rest) + 1
        while len(str(length)) + len(rest) != length:
            length += 1
        records += str(length).encode() + rest
    return header("x", len(records), tarfile.XHDTYPE) + records + bytes(-len(records) % 512)


def good(name: str = "run_results.json") -> bytes:
    content = RUN.read_bytes()
    return header(name, len(content)) + content + bytes(-len(content) % 512)


END = bytes(1024)


def endless_sparse_map() -> bytes:
    start = pax(GNU__sparse__major="1", GNU__sparse__minor="0", GNU__sparse__name="manifest.json")
    return gzip.compress(start + header(size=2**30) + b"%d\n" % 2**40) + gzip.compress(b"0\n" * 2**19) * 64


def heap_of_attributes() -> bytes:
    """Global headers, which are kept for all members behind them."""
    parts = []
    for number in range(200):
        record = f" comment{number:06}={'x' * 1_000_000}\n".encode()
        record = str(len(record) + 7).encode() + record
        block = header("x", len(record), tarfile.XGLTYPE) + record + bytes(-len(record) % 512)
        parts.append(gzip.compress(block + header("x.txt"), 1))
    return b"".join([*parts, gzip.compress(good() + END)])


def zip_with_a_large_directory() -> bytes:
    """A directory of empty members that is all of the file."""
    entry = struct.pack("<4s6H3L5H2L", b"PK\x01\x02", 20, 20, 0, 0, 0, 33, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) + b"x"
    directory = entry * 750_000
    return directory + struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 65535, 65535, len(directory), 0, 0)


def zip_bzip2_bomb() -> bytes:
    """A member that says it is of one byte, and unpacks to 200 MB."""
    compressor = bz2.BZ2Compressor()
    packed = b"".join([*(compressor.compress(ZEROS) for _ in range(200)), compressor.flush()])
    whole = zipped({"manifest.json": b"?"}, method=zipfile.ZIP_STORED)
    directory = whole.index(b"PK\x01\x02")
    local, entry, end = bytearray(whole[:43]), bytearray(whole[directory:-22]), bytearray(whole[-22:])
    for block, at in ((local, 8), (entry, 10)):
        block[at : at + 2] = struct.pack("<H", zipfile.ZIP_BZIP2)
    for block, at in ((local, 18), (entry, 20)):
        block[at : at + 4] = struct.pack("<L", len(packed))
    end[16:20] = struct.pack("<L", len(local) + len(packed))
    return bytes(local) + packed + bytes(entry) + bytes(end)


LIES: dict[str, Callable[[], bytes]] = {
    "size 2^63.tar": lambda: header(raw_size=huge(2**63 - 1)) + END,
    "size 2^63 of another file.tar": lambda: header("x.txt", raw_size=huge(2**63 - 1)) + END,
    "size 2^80.tar": lambda: header("x.txt", raw_size=huge(2**80)) + END,
    "size -1.tar": lambda: header(raw_size=huge(-1)) + END,
    "size -4096.tar": lambda: header("x.txt", raw_size=huge(-4096)) + good() + END,
    "pax size.tar": lambda: pax(size=str(2**63)) + header("x.txt") + END,
    "pax size -512.tar": lambda: pax(size="-512") + header("x.txt") + good() + END,
    "long name 2^63.tar": lambda: header("x", kind=tarfile.GNUTYPE_LONGNAME, raw_size=huge(2**63 - 1)) + END,
    "pax header 2^63.tar": lambda: header("x", kind=tarfile.XHDTYPE, raw_size=huge(2**63 - 1)) + END,
    "size 2^63.tar.gz": lambda: gzip.compress(header("x.txt", raw_size=huge(2**63 - 1)) + END),
    "size 2^63.tar.xz": lambda: lzma.compress(header("x.txt", raw_size=huge(2**63 - 1)) + END),
    "size 2^63.tar.bz2": lambda: bz2.compress(header("x.txt", raw_size=huge(2**63 - 1)) + END),
    "size 2^63.tar.zst": lambda: zstandard.compress(header("x.txt", raw_size=huge(2**63 - 1)) + END),
    "sparse map of words.tar": lambda: pax(GNU__sparse__map="a,b", GNU__sparse__size="5") + header() + END,
    "sparse numbers.tar": lambda: pax(GNU__sparse__major="1", GNU__sparse__minor="0") + header() + b"x\n" * 256 + END,
    "sparse map without end.tar": lambda: pax(GNU__sparse__major="1", GNU__sparse__minor="0") + header() + b"9\n1\n",
    "sparse size.tar": lambda: pax(GNU__sparse__map="0,1", GNU__sparse__size=str(2**62)) + header(size=1) + END,
    "sparse map of gigabytes.tar.gz": endless_sparse_map,
    "chain of headers.tar.gz": lambda: gzip.compress(pax(comment="x") * 10_000),
    "directory.zip": zip_with_a_large_directory,
    "bzip2 bomb.zip": zip_bzip2_bomb,
    "no zip.zip": lambda: b"PK\x03\x04" + bytes(100),
    "no tar.tar": lambda: bytes(range(256)) * 40,
    "no gzip.tar.gz": lambda: b"\x1f\x8b" + bytes(100),
}


@pytest.mark.skipif(sys.platform == "win32", reason="measures memory as POSIX does")
def test_archives_that_lie_are_quarantined_and_cost_the_files_beside_them_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for name, make in LIES.items():
        (folder / name).write_bytes(make())
    (folder / "attributes.tar.gz").write_bytes(heap_of_attributes())
    (folder / "z_good.json").write_bytes(RUN.read_bytes().replace(b'"elapsed_time"', b'"other": 1, "elapsed_time"', 1))
    call = [sys.executable, "-c", LOAD, tmp_path / "wh.duckdb", next(SAMPLES.rglob("manifest.json")), folder]
    done = subprocess.run([*map(str, call)], capture_output=True, text=True, timeout=900, check=True)
    peak, outcomes = json.loads(done.stdout)
    found = {Path(uri.partition("!/")[0]).name: (status, reason) for uri, status, reason in outcomes}
    assert {name for name, (status, _) in found.items() if status == "loaded"} == {"attributes.tar.gz", "z_good.json"}
    assert {name for name, (status, _) in found.items() if status == "quarantined"} == LIES.keys()
    assert all(len(reason) < 200 for _, reason in found.values() if reason)
    assert peak < MOST_BYTES


def sparse(content_bytes: int) -> bytes:
    """A tar of one file that is a hole of so many bytes."""
    attributes = pax(GNU__sparse__map="0,0", GNU__sparse__size=str(content_bytes), GNU__sparse__name="manifest.json")
    return attributes + header("x", 0) + END


GROWING: dict[str, Callable[[], bytes]] = {
    "gz.zip": lambda: zipped({f"{n}/manifest.json.gz": gzip.compress(ZEROS) for n in range(8)}),
    "zst.zip": lambda: zipped({f"{n}/manifest.json.zst": zstandard.compress(ZEROS) for n in range(8)}),
    "gz.tar": lambda: (
        b"".join(
            header(f"{n}/manifest.json.gz", len(packed := gzip.compress(ZEROS))) + packed + bytes(-len(packed) % 512)
            for n in range(8)
        )
        + END
    ),
    "sparse.tar": lambda: sparse(8 * len(ZEROS)),
    "many sparse.tar": lambda: b"".join(sparse(len(ZEROS))[: -len(END)] for _ in range(8)) + END,
}


@pytest.mark.parametrize("name", GROWING)
def test_what_members_unpack_to_counts_for_the_limit_of_the_archive(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(GROWING[name]())
    wh = Warehouse(tmp_path / "wh.duckdb")
    report = wh.load(tmp_path / name, limits=Limits(archive_bytes=4 * len(ZEROS)))
    assert report.outcomes[-1].uri == str(tmp_path / name)
    assert "unpacks to more than 4MiB" in (report.outcomes[-1].reason or "")
    assert len(report.outcomes) <= 5
    whole = wh.load(tmp_path / name, limits=Limits(archive_bytes=10 * len(ZEROS)))
    assert all("!/" in outcome.uri for outcome in whole.outcomes)


def encrypted(archive: bytes) -> bytes:
    """The archive, whose first member says that it is encrypted."""
    changed = bytearray(archive)
    for signature, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        changed[changed.index(signature) + place] |= 1
    return bytes(changed)


def broken(archive: bytes) -> bytes:
    return archive.replace(b"conte", b"CONTE", 1)


def without_local_header(archive: bytes) -> bytes:
    return archive.replace(b"PK\x03\x04", b"PK\x03\x00", 1)


@pytest.mark.parametrize("change", [encrypted, broken, without_local_header])
def test_a_member_that_cannot_be_read_costs_the_members_behind_it_nothing(
    tmp_path: Path, change: Callable[[bytes], bytes]
) -> None:
    members = {"a/manifest.json": b"the content of a member", "b/run_results.json": RUN.read_bytes()}
    (tmp_path / "a.zip").write_bytes(change(zipped(members, method=zipfile.ZIP_STORED)))
    with Warehouse(tmp_path / "wh.duckdb") as wh:
        report = wh.load(tmp_path / "a.zip")
        assert [outcome.status for outcome in report.outcomes] == ["quarantined", "loaded"]
        query = "SELECT uri, kind FROM v1.artifacts WHERE status = 'quarantined'"
        assert wh.sql(query).fetchall() == [(f"{tmp_path / 'a.zip'}!/a/manifest.json", "manifest")]


PACKED: dict[str, Callable[[bytes], Any]] = {
    "run_results.json.gz": gzip.compress,
    "run_results.json.zst": zstandard.compress,
    "a.zip": lambda content: zipped({"run_results.json": content}),
    "a.tar": lambda content: tarred({"run_results.json": content}),
    "a.tar.xz": lambda content: lzma.compress(PACKED["a.tar"](content)),
}


@pytest.mark.parametrize("name", PACKED)
def test_processor_time_is_a_limit_of_every_reader(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(PACKED[name](RUN.read_bytes()))
    wh = Warehouse(tmp_path / "wh.duckdb")
    [outcome] = wh.load(tmp_path / name, limits=Limits(processor_seconds=-1_000)).outcomes
    assert (outcome.status, "of processor time" in (outcome.reason or "")) == ("quarantined", True)
    assert len(wh.load(tmp_path / name).loaded) == 1
