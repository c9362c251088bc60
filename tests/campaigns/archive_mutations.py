"""Mutants of archives and compressed files: of their fields, of their bytes, inside and outside of the compression."""

from __future__ import annotations

import bz2
import functools
import gzip
import io
import lzma
import struct
import tarfile
import zipfile
from collections.abc import Callable
from random import Random
from typing import Any

import parquet_mutations
import zstandard
from seeds import seeds

NUMBERS = (
    0,
    1,
    2,
    7,
    511,
    512,
    513,
    2**15,
    2**16 - 1,
    2**31 - 1,
    2**31,
    2**32 - 1,
    2**40,
    2**63 - 1,
    -1,
    -512,
    -(2**62),
)
TYPES = b"0123456789xgLKSDMNVAX\0 \xff"
NAMES = (
    "manifest.json",
    "run_results.json.gz",
    "catalog.json.zst",
    "a/../../sources.json",
    "x.txt",
    "dbt.column_lineage.parquet",
)


@functools.cache
def contents() -> list[bytes]:
    return [data for data in seeds() if len(data) < 12_000][:40]


def member(rng: Random) -> tuple[str, bytes]:
    name, content = rng.choice(NAMES), rng.choice(contents())
    if name.endswith(".gz"):
        return name, gzip.compress(content)
    if name.endswith(".zst"):
        return name, zstandard.compress(content)
    return (name, parquet_mutations.sound(rng)) if name.endswith(".parquet") else (name, content)


def pax(**attributes: str) -> dict[str, str]:
    return {key.replace("__", "."): value for key, value in attributes.items()}


def sparse(content: bytes, form: int) -> tuple[dict[str, str], bytes]:
    """The attributes and the data of a sparse member of one piece: forms 0.1 and 1.0 of GNU tar."""
    if form == 0:
        return pax(GNU__sparse__map=f"0,{len(content)}", GNU__sparse__size=str(len(content) + 4096)), content
    block = f"1\n0\n{len(content)}\n".encode()
    attributes = pax(GNU__sparse__major="1", GNU__sparse__minor="0", GNU__sparse__realsize=str(len(content) + 512))
    return attributes | {"GNU.sparse.name": "manifest.json"}, block + bytes(-len(block) % 512) + content


def tar(rng: Random) -> bytes:
    stream = io.BytesIO()
    form = rng.choice((tarfile.GNU_FORMAT, tarfile.PAX_FORMAT, tarfile.USTAR_FORMAT))
    with tarfile.open(fileobj=stream, mode="w", format=form) as archive:
        for _ in range(rng.randrange(1, 5)):
            name, content = member(rng)
            info = tarfile.TarInfo(name if rng.random() < 0.8 or form == tarfile.USTAR_FORMAT else "d/" * 80 + name)
            if form == tarfile.PAX_FORMAT and rng.random() < 0.3:
                info.pax_headers, content = sparse(content, rng.randrange(2))
            elif rng.random() < 0.15:
                info.type, info.linkname, content = rng.choice((b"1", b"2", b"5")), "manifest.json", b""
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return stream.getvalue()


def zipped(rng: Random) -> bytes:
    stream: Any = io.BytesIO()
    if rng.random() < 0.2:  # no place to seek to: sizes stand behind the content
        stream.seekable = lambda: False
    with zipfile.ZipFile(stream, "w", rng.choice((zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED))) as archive:
        for _ in range(rng.randrange(1, 5)):
            name, content = member(rng)
            with archive.open(zipfile.ZipInfo(name), "w", force_zip64=rng.random() < 0.2) as target:
                target.write(content)
        archive.comment = rng.choice((b"", b"comment", b"PK\x05\x06"))
    return bytes(stream.getvalue())


def changed_tar(data: bytes, rng: Random) -> bytes:
    """One field of one header, with a checksum that is right."""
    found = [place for place in range(0, len(data), 512) if data[place + 257 : place + 262] == b"ustar"]
    if not found:
        return data
    changed, place = bytearray(data), rng.choice(found)
    match rng.randrange(5):
        case 0:
            changed[place + 156] = rng.choice(TYPES)
        case 1:
            start, length = rng.choice(((124, 12), (136, 12), (108, 8), (329, 8), (386, 12), (483, 12)))
            number = rng.choice(NUMBERS)
            octal = b"%0*o" % (length - 1, abs(number))
            base_256 = (b"\x80" if number >= 0 else b"\xff") + number.to_bytes(length + 8, "big", signed=True)[
                -length + 1 :
            ]
            value = octal + b"\0" if len(octal) < length and number >= 0 and rng.random() < 0.5 else base_256
            changed[place + start : place + start + length] = value
        case 2:
            at = place + 512 + rng.randrange(512)  # attributes, a map of a sparse file, content
            changed[at : at + 1] = bytes([rng.choice(b"0123456789,=\n\0 \xff")])
        case 3:
            changed[place : place + 100] = rng.choice((b"", b"\xff" * 100, b"manifest.json", b"/" * 99)).ljust(
                100, b"\0"
            )
        case _:
            changed[place + rng.randrange(512)] = rng.randrange(256)
    header = changed[place : place + 512]
    header[148:156] = b" " * 8
    changed[place + 148 : place + 156] = b"%06o\0 " % sum(header)
    return bytes(changed[: len(data)])


def changed_zip(data: bytes, rng: Random) -> bytes:
    """One field of one record."""
    kinds = {b"PK\x01\x02": 46, b"PK\x03\x04": 30, b"PK\x05\x06": 22, b"PK\x06\x06": 56, b"PK\x06\x07": 20}
    kinds[b"PK\x07\x08"] = 16
    signature = rng.choice([kind for kind in kinds if kind in data] or [b""])
    if not signature:
        return data
    places = [at for at in range(len(data)) if data.startswith(signature, at)]
    length = rng.choice((2, 4, 8))
    at = rng.choice(places) + 4 + 2 * rng.randrange((kinds[signature] - 4) // 2)
    number = rng.choice(NUMBERS) % 256**length
    return data[:at] + number.to_bytes(length, "little") + data[at + length :]


def changed_bytes(data: bytes, rng: Random) -> bytes:
    """Flipped, cut off, cut out, repeated, or with other bytes in between."""
    at = rng.randrange(len(data) + 1)
    match rng.randrange(6):
        case 0:
            flipped = bytearray(data)
            for _ in range(rng.choice((1, 1, 2, 8, 64))):
                if flipped:
                    flipped[rng.randrange(len(flipped))] = rng.randrange(256)
            return bytes(flipped)
        case 1:
            return data[:at]
        case 2:
            return data[:at] + data[at + rng.choice((1, 4, 512, 5000)) :]
        case 3:
            return data[:at] + data[: rng.choice((10, 512, 4096))] + data[at:]
        case 4:
            return data[:at] + struct.pack("<q", rng.choice(NUMBERS)) + data[at + 8 :]
        case _:
            return data + data


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    ".gz": lambda data: gzip.compress(data, 1),
    ".xz": lambda data: lzma.compress(data, preset=0),
    ".bz2": lambda data: bz2.compress(data, 1),
    ".zst": lambda data: zstandard.compress(data, 1),
}


def mutant(rng: Random) -> tuple[str, bytes]:
    """The name and the bytes of a mutant."""
    kind = rng.choice(("tar", "tar", "tar", "zip", "zip", "json"))
    packing = rng.choice(list(PACKERS)) if kind == "tar" else rng.choice((".gz", ".zst")) if kind == "json" else ""
    data = {"tar": tar, "zip": zipped, "json": lambda rng: rng.choice(contents())}[kind](rng)
    in_fields = {"tar": changed_tar, "zip": changed_zip, "json": changed_bytes}[kind]
    for _ in range(rng.choice((1, 1, 2, 4))):
        data = in_fields(data, rng) if rng.random() < 0.7 else changed_bytes(data, rng)
    if packing:
        data = PACKERS[packing](data)
        if rng.random() < 0.4:
            data = changed_bytes(data, rng)
    return f"manifest.{kind}{packing}", data
